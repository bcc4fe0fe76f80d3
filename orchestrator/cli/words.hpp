// Words: values of the control interface as a person reads them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace keel::cli {

// "-" for null and nothing. What peers told must not steer the terminal: control characters become '?'.
[[nodiscard]] std::string text_of(const nlohmann::json& value);
// "850 ms", "90 s", "25 min", "3 h", "4 days".
[[nodiscard]] std::string duration_text(double ms);
// "2.5 KiB"; "-" where it is no number.
[[nodiscard]] std::string bytes_text(const nlohmann::json& value);

}  // namespace keel::cli
