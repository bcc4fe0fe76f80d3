// What `keel2tp trace` is told: recent control messages, decoded (org.keel2tp.varlink, Trace).
#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "api/event_json.hpp"
#include "lifecycle/trace.hpp"

namespace keel::api {

// `now` and `clock` are the same instant. {"messages": [...]}, the oldest first.
[[nodiscard]] nlohmann::json to_json(std::span<const lifecycle::TracedMessage> messages, Time now,
                                     WallTime clock);

}  // namespace keel::api
