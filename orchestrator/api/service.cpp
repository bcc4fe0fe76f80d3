#include "api/service.hpp"

#include "interface_text.hpp"

namespace keel::api {
namespace {

using nlohmann::json;

json error(const char* name, json parameters) {
    return {{"error", name}, {"parameters", std::move(parameters)}};
}

}  // namespace

json Service::reply_to(const std::string& method, const json& parameters) const {
    if (method == "org.keel2tp.Show") return {{"parameters", {{"overview", show_()}}}};
    if (method == "org.varlink.service.GetInfo") {
        return {{"parameters",
                 {{"vendor", "keel2tp"},
                  {"product", "keel2tpd"},
                  {"version", version_},
                  {"url", ""},
                  {"interfaces", {"org.varlink.service", "org.keel2tp"}}}}};
    }
    if (method == "org.varlink.service.GetInterfaceDescription") {
        const auto name = parameters.find("interface");
        if (name == parameters.end() || !name->is_string()) {
            return error("org.varlink.service.InvalidParameter", {{"parameter", "interface"}});
        }
        if (*name != "org.keel2tp")
            return error("org.varlink.service.InterfaceNotFound", {{"interface", *name}});
        return {{"parameters", {{"description", kInterface}}}};
    }
    const std::string interface = method.substr(0, method.rfind('.'));
    if (interface == "org.keel2tp" || interface == "org.varlink.service") {
        return error("org.varlink.service.MethodNotFound", {{"method", method}});
    }
    return error("org.varlink.service.InterfaceNotFound", {{"interface", interface}});
}

void Service::call(std::string_view request, Reply reply) const {
    const json call = json::parse(request, nullptr, false);
    const auto method = call.is_object() ? call.find("method") : call.end();
    if (method == call.end() || !method->is_string()) {
        return reply(fail(ErrorCode::invalid, "what came on the control socket is not a varlink call",
                          "send {\"method\": \"org.keel2tp.Show\"} and a NUL byte"));
    }
    const auto oneway = call.find("oneway");
    const bool silent = oneway != call.end() && *oneway == true;
    // Names that peers told may be no UTF-8: replaced, not refused.
    const auto answer = [silent, reply = std::move(reply)](const json& said) {
        reply(silent ? std::string() : said.dump(-1, ' ', false, json::error_handler_t::replace));
    };
    if (*method == "org.keel2tp.Ipsec")
        return ipsec_([answer](json view) { answer({{"parameters", {{"ipsec", std::move(view)}}}}); });
    const json parameters = call.value("parameters", json::object());
    answer(reply_to(method->get<std::string>(), parameters.is_object() ? parameters : json::object()));
}

}  // namespace keel::api
