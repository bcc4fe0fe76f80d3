// What a caller writes to the control socket: NUL-ended texts, each answered as a varlink service must; and
// what changes anything is done for an admin alone.
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "api/service.hpp"
#include "input.hpp"

using namespace keel;
using keel::fuzz::require;

namespace {

// Its overview holds names that peers told: any octets.
class WatchingHouse final : public api::House {
public:
    explicit WatchingHouse(std::string_view name) : name_(name) {}
    api::Access caller = api::Access::none;

    api::Outcome show() override { return read(); }
    void ipsec(api::Answer answer) override { answer(read()); }
    api::Outcome users(const std::optional<std::string>&) override { return read(); }
    void metrics(api::Answer answer) override { answer(read()); }
    api::Outcome config() override { return read(); }
    api::Outcome plan(const api::Caller&, const std::string&) override { return change(); }
    void apply(const api::Caller&, api::ApplyRequest, api::Answer answer) override { answer(change()); }
    api::Outcome confirm(const api::Caller&, bool) override { return change(); }
    void rollback(const api::Caller&, api::Answer answer) override { answer(change()); }
    api::Outcome save(const api::Caller&) override { return change(); }
    api::Outcome up(const std::string&) override { return change(); }
    api::Outcome down(const std::string&) override { return change(); }
    api::Outcome restart(const std::string&) override { return change(); }
    api::Outcome drop(const api::DropRequest& request) override {
        require(request.session || request.user || request.connection, "somebody is meant");
        return change();
    }
    api::Outcome trace(const std::string&) override { return change(); }
    api::Outcome log_levels() override { return read(); }
    api::Outcome set_log(const std::optional<std::string>& area, std::optional<LogLevel> level) override {
        require(area || level, "the general level is a level");
        return change();
    }

private:
    api::Outcome read() {
        require(caller >= api::Access::read, "who may not read is not told");
        return nlohmann::json{{"peer", name_}};
    }
    api::Outcome change() {
        require(caller == api::Access::admin, "only an admin changes anything");
        return nlohmann::json{{"peer", name_}};
    }
    std::string name_;
};

void is_reply(std::string_view text) {
    require(text.find('\0') == std::string::npos, "a NUL ends a reply, and is not in it");
    const auto json = nlohmann::json::parse(text, nullptr, false);
    require(json.is_object(), "a reply is an object");
    require(json.contains("parameters") && json["parameters"].is_object(), "with parameters");
    const auto error = json.find("error");
    require(error == json.end() ||
                (error->is_string() && error->get<std::string>().find('.') != std::string::npos),
            "and an error has a qualified name");
}

void answered(const api::Service& service, std::string_view text, api::Access access) {
    std::optional<api::Reply> said;
    service.call(text, {.access = access, .uid = 1000}, [&said](api::Reply told) {
        require(!said, "a call is answered once");
        said = std::move(told);
    });
    require(said.has_value(), "a call is answered");
    if (!said->text.empty()) is_reply(said->text);
    if (!said->events) return;
    require(access >= api::Access::read && said->text.empty(), "a stream is for who may read");
    while (const auto event = said->events->take()) is_reply(*event);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    WatchingHouse house(rest.substr(0, 32));
    LogHub log;
    api::Monitor monitor([] { return api::WallTime(); });
    log.attach(monitor);
    const api::Service service("1", house, monitor, log);
    for (const auto access : {api::Access::none, api::Access::read, api::Access::admin}) {
        house.caller = access;
        std::string_view calls = rest;
        for (auto end = calls.find('\0'); end != std::string_view::npos; end = calls.find('\0')) {
            answered(service, calls.substr(0, end), access);
            calls.remove_prefix(end + 1);
        }
        answered(service, calls, access);
    }
    return 0;
}
