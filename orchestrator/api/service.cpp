#include "api/service.hpp"

#include <algorithm>

#include "api/methods.hpp"
#include "base/event_name.hpp"
#include "interface_text.hpp"

namespace keel::api {
namespace {

using nlohmann::json;

constexpr std::string_view kOwn = "org.keel2tp";
constexpr std::string_view kVarlink = "org.varlink.service";
constexpr std::string_view kMonitor = "org.keel2tp.Monitor";
constexpr std::size_t kMaxIds = 64;

// Names that peers told may be no UTF-8: replaced, not refused.
std::string text_of(const json& reply) {
    return reply.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string reply_text(Outcome&& outcome) {
    if (outcome) return text_of({{"parameters", std::move(*outcome)}});
    return text_of(
        {{"error", std::move(outcome.error().error)}, {"parameters", std::move(outcome.error().parameters)}});
}

// "org.keel2tp.Show" -> "org.keel2tp", "Show"
std::pair<std::string_view, std::string_view> parts_of(std::string_view qualified) {
    const auto dot = qualified.rfind('.');
    if (dot == std::string_view::npos) return {qualified, {}};
    return {qualified.substr(0, dot), qualified.substr(dot + 1)};
}

// The envelope's member that is not as varlink has it.
std::optional<std::string_view> ill_formed(const json& call) {
    if (call.contains("parameters") && !call["parameters"].is_object() && !call["parameters"].is_null())
        return "parameters";
    for (const char* flag : {"oneway", "more", "upgrade"}) {
        if (call.contains(flag) && !call[flag].is_boolean() && !call[flag].is_null()) return flag;
    }
    // There is no other protocol to go over to.
    if (call.contains("upgrade") && call["upgrade"] == true) return "upgrade";
    return std::nullopt;
}

bool is_set(const json& call, const char* flag) {
    const auto found = call.find(flag);
    return found != call.end() && *found == true;
}

json parameters_of(const json& call) {
    const auto given = call.find("parameters");
    return given != call.end() && given->is_object() ? *given : json::object();
}

}  // namespace

Outcome Service::introspect(std::string_view method, const json& object) const {
    Parameters parameters(object);
    if (method == "GetInfo") {
        if (auto fault = parameters.fault()) return invalid_parameter(*fault);
        return json{{"vendor", "keel2tp"},
                    {"product", "keel2tpd"},
                    {"version", version_},
                    {"url", ""},
                    {"interfaces", {kVarlink, kOwn}}};
    }
    if (method == "GetInterfaceDescription") {
        const auto name = parameters.text("interface");
        if (auto fault = parameters.fault()) return invalid_parameter(*fault);
        if (name == kOwn) return json{{"description", kInterface}};
        if (name == kVarlink) return json{{"description", kVarlinkInterface}};
        return interface_not_found(name);
    }
    return method_not_found(std::string(kVarlink) + "." + std::string(method));
}

std::expected<std::shared_ptr<Subscription>, Failure> Service::monitor(const json& call,
                                                                       const Caller& caller) const {
    if (auto fault = ill_formed(call)) return invalid_parameter(*fault);
    if (caller.access < Access::read) return permission_denied();
    const json object = parameters_of(call);
    Parameters parameters(object);
    EventFilter filter;
    filter.ids = parameters.maybe_texts("ids").value_or(std::vector<std::string>());
    filter.connection = parameters.maybe_text("connection");
    const auto level = parameters.maybe_text("level");
    if (level && !log_level_named(*level)) parameters.reject("level");
    if (filter.ids.size() > kMaxIds || !std::ranges::all_of(filter.ids, names_events))
        parameters.reject("ids");
    if (auto fault = parameters.fault()) return invalid_parameter(*fault);
    if (!is_set(call, "more")) return expected_more();
    if (level) filter.level = *log_level_named(*level);
    return monitor_.subscribe(std::move(filter));
}

// Who changed something is known afterwards.
Answer Service::noted(const std::string& method, const Caller& caller, Answer answer) const {
    return [this, method, caller, answer = std::move(answer)](Outcome outcome) {
        if (outcome) {
            log_.info("control.done", {{"method", method}, {"uid", caller.uid}, {"pid", caller.pid}});
        } else {
            log_.notice("control.refused", {{"method", method},
                                            {"uid", caller.uid},
                                            {"pid", caller.pid},
                                            {"error", outcome.error().error}});
        }
        answer(std::move(outcome));
    };
}

void Service::dispatch(const json& call, const Caller& caller, Answer answer) const {
    const auto& qualified = call["method"].get_ref<const std::string&>();
    if (auto fault = ill_formed(call)) return answer(invalid_parameter(*fault));
    const json object = parameters_of(call);
    const auto [interface, name] = parts_of(qualified);
    if (interface == kVarlink) return answer(introspect(name, object));
    if (interface != kOwn) return answer(interface_not_found(interface));
    const auto table = methods();
    const auto method = std::ranges::find(table, name, &Method::name);
    if (method == table.end()) return answer(method_not_found(qualified));
    if (caller.access < method->access) return answer(permission_denied());
    if (method->access == Access::admin) answer = noted(std::string(name), caller, std::move(answer));
    Parameters parameters(object);
    method->call(house_, caller, parameters, std::move(answer));
}

void Service::call(std::string_view request, const Caller& caller, std::function<void(Reply)> done) const {
    const json call = json::parse(request, nullptr, false);
    const auto method = call.is_object() ? call.find("method") : call.end();
    if (method == call.end() || !method->is_string()) {
        return done(refusal({ErrorCode::invalid, "what came on the control socket is not a varlink call",
                             "send {\"method\": \"org.keel2tp.Show\"} and a NUL byte"}));
    }
    const bool silent = is_set(call, "oneway");
    const auto answer = [silent, done](Outcome outcome) {
        done({.text = silent ? std::string() : reply_text(std::move(outcome))});
    };
    if (*method != kMonitor) return dispatch(call, caller, answer);
    auto events = monitor(call, caller);
    if (!events) return answer(std::unexpected(std::move(events.error())));
    if (silent) return done({});
    done({.text = {}, .events = std::move(*events)});
}

Reply refusal(const Error& error) {
    return {.text = reply_text(refused(error)), .events = nullptr, .hang_up = true};
}

}  // namespace keel::api
