// What a caller writes to the control socket: NUL-ended texts, each answered as a varlink service must.
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "api/service.hpp"
#include "input.hpp"

using namespace keel;
using keel::fuzz::require;

namespace {

void answered(const api::Service& service, std::string_view text) {
    std::optional<Result<std::string>> said;
    service.call(text, [&said](Result<std::string> told) {
        require(!said, "a call is answered once");
        said = std::move(told);
    });
    require(said.has_value(), "a call is answered");
    const auto& reply = *said;
    if (!reply) {
        require(!reply.error().message.empty() && !reply.error().remedy.empty(), "a refusal has words");
        return;
    }
    if (reply->empty()) return;  // "oneway"
    require(reply->find('\0') == std::string::npos, "a NUL ends a reply, and is not in it");
    const auto json = nlohmann::json::parse(*reply, nullptr, false);
    require(json.is_object(), "a reply is an object");
    require(json.contains("parameters") && json["parameters"].is_object(), "with parameters");
    const auto error = json.find("error");
    require(error == json.end() ||
                (error->is_string() && error->get<std::string>().find('.') != std::string::npos),
            "and an error has a qualified name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    // The overview holds names that peers told: any octets.
    const auto view = [name = std::string(rest.substr(0, 32))] { return nlohmann::json{{"peer", name}}; };
    const api::Service service("1", view, [view](const api::Service::Told& told) { told(view()); });
    for (auto end = rest.find('\0'); end != std::string_view::npos; end = rest.find('\0')) {
        answered(service, rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    answered(service, rest);
    return 0;
}
