// One varlink call over a unix socket, waiting for its reply.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.hpp"

namespace keel::cli {

// The reply's parameters. Errors: no daemon there, no permission, a varlink error.
[[nodiscard]] Result<nlohmann::json> call(const std::string& socket_path, const std::string& method,
                                          const nlohmann::json& parameters);

}  // namespace keel::cli
