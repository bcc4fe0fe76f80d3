// The doctor's findings for eyes and for scripts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "doctor/finding.hpp"

namespace keel::cli {

// The most severe first, each with its remedy below it; what is fine in one line, or, `all`, one line each.
[[nodiscard]] std::string doctor_text(const std::vector<doctor::Finding>& findings, bool all);

// As schemas/doctor.schema.json has it.
[[nodiscard]] nlohmann::json doctor_json(const std::vector<doctor::Finding>& findings,
                                         const std::string& version, const std::string& config_path,
                                         bool privileged);

}  // namespace keel::cli
