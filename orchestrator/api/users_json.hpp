// Who may log in and who is, as JSON (org.keel2tp.varlink, User).
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "lifecycle/status.hpp"

namespace keel::api {

[[nodiscard]] nlohmann::json to_json(const std::vector<lifecycle::UserStatus>& users, Time now);

}  // namespace keel::api
