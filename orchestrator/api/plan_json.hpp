// A plan and a configuration's faults as JSON, as schemas/org.keel2tp.varlink has them (Plan, Fault).
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "config/fault.hpp"
#include "lifecycle/plan.hpp"

namespace keel::api {

[[nodiscard]] nlohmann::json to_json(const lifecycle::Plan& plan);
[[nodiscard]] nlohmann::json to_json(const std::vector<config::Fault>& faults);

}  // namespace keel::api
