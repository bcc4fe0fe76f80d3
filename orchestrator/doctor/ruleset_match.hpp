// Whether one rule of the host's firewall applies to a packet: its matches, as libnftables-json(5) writes
// them.
#pragma once

#include <nlohmann/json.hpp>

#include "doctor/ruleset.hpp"

namespace keel::doctor {

enum class Tri { no, yes, unknown };

struct RuleOutcome {
    Tri applies = Tri::yes;
    nlohmann::json
        verdict;  // {"accept": null}, {"jump": {...}}, ..., {"unknown": null}; null: the rule has none
};

// `statements`: the rule's "expr".
[[nodiscard]] RuleOutcome evaluate(const nlohmann::json& statements, const Ruleset::Packet& packet);

}  // namespace keel::doctor
