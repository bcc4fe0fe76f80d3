// examine: facts in, findings out; no I/O. One function per subject.
#pragma once

#include "doctor/facts.hpp"
#include "doctor/finding.hpp"

namespace keel::doctor {

// All checks, in the order of the checks; what the configuration does not need is not asked for.
[[nodiscard]] std::vector<Finding> examine(const Facts& facts);

// What the configuration wants of the host. Without a readable one: everything.
struct Needs {
    bool ipsec = true, server = true, client = true, ipv6 = false;
    bool certificates = false;
};
[[nodiscard]] Needs needs(const ConfigFacts& config);

// Whether only root may read the configuration, so that paths in it are not known.
[[nodiscard]] bool config_is_hidden(const Facts& facts);

void check_config(const Facts& facts, Report& report);
void check_secrets(const Facts& facts, Report& report);
void check_kernel(const Facts& facts, Report& report);
void check_pppd(const Facts& facts, Report& report);
void check_charon(const Facts& facts, Report& report);
void check_ports(const Facts& facts, Report& report);
void check_services(const Facts& facts, Report& report);
void check_network(const Facts& facts, Report& report);
void check_ways(const Facts& facts, Report& report);
void check_firewall(const Facts& facts, Report& report);
void check_clock(const Facts& facts, Report& report);
void check_daemon(const Facts& facts, Report& report);

// A note that something was not looked at, and why.
void note_unchecked(Report& report, std::string_view subject, const Error& why);

}  // namespace keel::doctor
