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
    // `show` makes the overview at the time of the call.
    Service(std::string version, std::function<nlohmann::json()> show)
        : version_(std::move(version)), show_(std::move(show)) {}

    // One varlink call (without its NUL) to its reply; an empty reply: the call was "oneway". An Error
    // (invalid): what came is no varlink call, and the connection is of no more use.
    [[nodiscard]] Result<std::string> call(std::string_view request) const;

private:
    [[nodiscard]] nlohmann::json reply_to(const std::string& method, const nlohmann::json& parameters) const;

    std::string version_;
    std::function<nlohmann::json()> show_;
};

}  // namespace keel::api
