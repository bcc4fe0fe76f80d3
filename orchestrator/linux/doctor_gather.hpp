// What the doctor wants to know of this host (doctor/facts.hpp), read without changing anything: no module is
// loaded, no socket bound, nothing written. Every question that somebody else answers has a deadline. Pieces
// by subject; gather() puts them together.
#pragma once

#include <string>

#include "doctor/facts.hpp"

namespace keel::doctor {

// Everything but `daemon`, which the command asks by varlink, and `own_version`.
[[nodiscard]] Facts gather(const std::string& config_path);

[[nodiscard]] ConfigFacts gather_config(const std::string& path);
[[nodiscard]] KernelFacts gather_kernel(bool ipv6);
[[nodiscard]] PppdFacts gather_pppd(const std::string& pppd, const std::string& plugin);
[[nodiscard]] ServiceFacts gather_services();
[[nodiscard]] CharonHost gather_charon(const std::string& socket, const ConfigFacts& config,
                                       const ServiceFacts& services);
[[nodiscard]] NetworkFacts gather_network(const ConfigFacts& config);
[[nodiscard]] Result<Ruleset> gather_ruleset();
[[nodiscard]] ClockFacts gather_clock();

}  // namespace keel::doctor
