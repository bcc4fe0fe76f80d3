#include "doctor/examine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace keel::doctor {
namespace {

bool has_v6(const std::vector<IpAddress>& addresses) {
    return std::ranges::any_of(addresses, [](const IpAddress& one) { return !one.is_v4(); });
}

}  // namespace

Needs needs(const ConfigFacts& facts) {
    if (!facts.config) return {};
    const config::Config& config = *facts.config;
    const auto protected_by_ipsec = [](const auto& one) { return one.ipsec.has_value(); };
    const auto by_certificate = [](const auto& one) {
        return one.ipsec && std::holds_alternative<CertificateAuth>(one.ipsec->auth);
    };
    return {
        .ipsec = std::ranges::any_of(config.lns, protected_by_ipsec) ||
                 std::ranges::any_of(config.lac, protected_by_ipsec),
        .server = !config.lns.empty(),
        .client = !config.lac.empty(),
        .ipv6 = std::ranges::any_of(config.lns, [](const config::Lns& lns) { return has_v6(lns.listen); }),
        .certificates = std::ranges::any_of(config.lns, by_certificate) ||
                        std::ranges::any_of(config.lac, by_certificate)};
}

bool config_is_hidden(const Facts& facts) {
    return !facts.kernel.root && facts.config.unreadable &&
           facts.config.unreadable->code == ErrorCode::denied;
}

void note_unchecked(Report& report, std::string_view subject, const Error& why) {
    const bool denied = why.code == ErrorCode::denied;
    report.note(fmt::format("{}-unchecked", subject), fmt::format("not checked: {}", why.message), "",
                denied ? "run keel2tp doctor as root" : why.remedy);
}

std::vector<Finding> examine(const Facts& facts) {
    Report report;
    check_config(facts, report);
    check_secrets(facts, report);
    check_kernel(facts, report);
    check_pppd(facts, report);
    check_charon(facts, report);
    check_ports(facts, report);
    check_services(facts, report);
    check_network(facts, report);
    check_ways(facts, report);
    check_firewall(facts, report);
    check_clock(facts, report);
    check_daemon(facts, report);
    return report.take();
}

}  // namespace keel::doctor
