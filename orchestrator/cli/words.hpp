// Words: values of the control interface as a person reads them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal.hpp"

namespace keel::cli {

// "-" for null and nothing; printable().
[[nodiscard]] std::string text_of(const nlohmann::json& value);
// The member's; "-" also where there is none.
[[nodiscard]] std::string text_in(const nlohmann::json& object, const char* name);
[[nodiscard]] std::string joined(const nlohmann::json& texts, std::string_view between = ",");
// "1 tunnel", "2 tunnels".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view what);
// "850 ms", "90 s", "25 min", "3 h", "4 days".
[[nodiscard]] std::string duration_text(double ms);
// "25 min ago"; "-" where it is no number.
[[nodiscard]] std::string ago_text(const nlohmann::json& ms);
// "2.5 KiB"; "-" where it is no number.
[[nodiscard]] std::string bytes_text(const nlohmann::json& value);
// "ike failed: the pre-shared keys differ; check both".
[[nodiscard]] std::string why_text(const nlohmann::json& why);
// Of a state's name.
[[nodiscard]] Colour colour_of(const nlohmann::json& state);

}  // namespace keel::cli
