// A log record as JSON: an event of Monitor, and a line of the JSON log. schemas/events.schema.json describes
// each.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "base/log.hpp"

namespace keel::api {

using WallTime = milliseconds;  // since 1970, UTC

// "2026-01-02T03:04:05.678Z"
[[nodiscard]] std::string text_of(WallTime time);

// {"time": "2026-01-02T03:04:05.678Z", "level": "notice", "id": "session.up", "area": "session", ...fields}
[[nodiscard]] nlohmann::ordered_json to_json(const Record& record, WallTime time);

// On one line, ASCII alone: a peer's words among the fields can neither end it nor steer a terminal.
[[nodiscard]] std::string to_json_line(const Record& record, WallTime time);

}  // namespace keel::api
