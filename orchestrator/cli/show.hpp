// `keel2tp show` for a person: the overview, and one connection in detail.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal.hpp"

namespace keel::cli {

// A header, a table for each kind of thing that exists, and for what is down one sentence that says why.
// `overview` as api::to_json makes it.
[[nodiscard]] std::string show_text(const nlohmann::json& overview, const Terminal& terminal = {});

// All that is known of overview["connections"][n]: state, why, the way up, its tunnels and sessions, whom it
// turned away, its last transitions.
[[nodiscard]] std::string connection_text(const nlohmann::json& connection, const nlohmann::json& overview,
                                          const Terminal& terminal = {});

// The running configuration as GetConfig tells it: where it stands, then the document.
[[nodiscard]] std::string config_text(const nlohmann::json& answer, const Terminal& terminal = {});

}  // namespace keel::cli
