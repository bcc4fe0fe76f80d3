// The IPsec view for a person: each peer with its times, traffic, errors and NAT, and who still needs IKEv1.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal.hpp"

namespace keel::cli {

// `ipsec` as api::to_json makes it.
[[nodiscard]] std::string ipsec_text(const nlohmann::json& ipsec, const Terminal& terminal = {});

}  // namespace keel::cli
