// Service: the control interface, varlink's calls and replies as text; no sockets. linux/control carries
// them, the House does what they ask for.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "api/house.hpp"
#include "api/monitor.hpp"

namespace keel::api {

// What goes back for one call. Texts are without their NUL.
struct Reply {
    std::string text{};                      // empty: nothing is to be sent ("oneway", or a stream)
    std::shared_ptr<Subscription> events{};  // the call is answered by these, until the caller hangs up
    bool hang_up = false;                    // what came was no varlink call: after the text it is over
};

class Service {
public:
    // All outlive the Service.
    Service(std::string version, House& house, Monitor& monitor, Log& log)
        : version_(std::move(version)), house_(house), monitor_(monitor), log_(log) {}

    // `request` is one varlink call, without its NUL. `done` is called once, from inside this call or later.
    void call(std::string_view request, const Caller& caller, std::function<void(Reply)> done) const;

private:
    void dispatch(const nlohmann::json& call, const Caller& caller, Answer answer) const;
    [[nodiscard]] Outcome introspect(std::string_view method, const nlohmann::json& parameters) const;
    [[nodiscard]] std::expected<std::shared_ptr<Subscription>, Failure> monitor(const nlohmann::json& call,
                                                                                const Caller& caller) const;
    [[nodiscard]] Answer noted(const std::string& method, const Caller& caller, Answer answer) const;

    std::string version_;
    House& house_;
    Monitor& monitor_;
    Log& log_;
};

// The reply to what is refused before it is a call: too long, no call, too many callers.
[[nodiscard]] Reply refusal(const Error& error);

}  // namespace keel::api
