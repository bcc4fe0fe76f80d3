// Service: the control interface, varlink's calls and replies as text; no sockets. linux/control carries
// them.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace keel::api {

class Service {
public:
    using Told = std::function<void(nlohmann::json)>;
    // One varlink call's reply; empty: the call was "oneway". An Error (invalid): what came is no varlink
    // call, and the connection is of no more use.
    using Reply = std::function<void(Result<std::string>)>;

    // `show` makes the overview at the time of the call; `ipsec` asks others first, and tells later.
    Service(std::string version, std::function<nlohmann::json()> show, std::function<void(Told)> ipsec)
        : version_(std::move(version)), show_(std::move(show)), ipsec_(std::move(ipsec)) {}

    // `request` is one varlink call, without its NUL. `reply` is called once, from inside this call or later.
    void call(std::string_view request, Reply reply) const;

private:
    [[nodiscard]] nlohmann::json reply_to(const std::string& method, const nlohmann::json& parameters) const;

    std::string version_;
    std::function<nlohmann::json()> show_;
    std::function<void(Told)> ipsec_;
};

}  // namespace keel::api
