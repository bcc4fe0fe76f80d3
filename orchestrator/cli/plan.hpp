// A plan for a person: what changes, object by object, when it has an effect, and whose session ends by it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal.hpp"

namespace keel::cli {

inline constexpr int kPlanNothing = 0, kPlanChanges = 2;  // exit codes of `keel2tp plan`; 1 is an error

// `done`: the plan is what was done, not what would be.
[[nodiscard]] std::string plan_text(const nlohmann::json& plan, bool done, const Terminal& terminal = {});
[[nodiscard]] int plan_exit_code(const nlohmann::json& plan);

}  // namespace keel::cli
