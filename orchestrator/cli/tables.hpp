// The tables of `keel2tp show`, one for each kind of thing. Each takes the array of that name as the control
// interface has it (overview's "connections", "tunnels", ...; Users' "users").
#pragma once

#include <nlohmann/json.hpp>

#include "cli/table.hpp"

namespace keel::cli {

[[nodiscard]] Table connections_table(const nlohmann::json& connections);
[[nodiscard]] Table calls_table(const nlohmann::json& connections);  // that servers have their clients place
[[nodiscard]] Table refusals_table(const nlohmann::json& connections);  // whom servers turned away
[[nodiscard]] Table pools_table(const nlohmann::json& connections);
[[nodiscard]] Table tunnels_table(const nlohmann::json& tunnels);
[[nodiscard]] Table sessions_table(const nlohmann::json& sessions);
[[nodiscard]] Table told_table(const nlohmann::json& sessions);  // what peers told of the calls
[[nodiscard]] Table sas_table(const nlohmann::json& sas);
[[nodiscard]] Table users_table(const nlohmann::json& users);

}  // namespace keel::cli
