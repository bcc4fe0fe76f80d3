// An event of Monitor as a line for a person: when, which connection, what happened.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal.hpp"

namespace keel::cli {

// "02:20:00.123  lns/office       session.up  user alice, mtu 1400". The time is local. Wrapped on a
// terminal.
[[nodiscard]] std::string event_line(const nlohmann::json& event, const Terminal& terminal = {});

// "2026-01-02T03:04:05.678Z" -> "03:04:05.678" in local time; as it came where it is no such time.
[[nodiscard]] std::string clock_text(const nlohmann::json& time);

}  // namespace keel::cli
