// Who else is here: holders of the ports, other L2TP and IKE daemons, now and after the next boot.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "doctor/examine.hpp"
#include "doctor/port_list.hpp"

namespace keel::doctor {
namespace {

constexpr std::uint16_t kL2tp = 1701, kIke = 500, kIkeNatT = 4500;
constexpr std::uint16_t kFirstTunnel = 20000, kLastTunnel = 39999;  // the tunnels' own ports

std::string holder_text(const PortHolder& holder) {
    if (holder.kernel) return "a kernel tunnel without a process";
    if (holder.program.empty()) return "a process that is not visible from here";
    return fmt::format("{} (process {})", holder.program, holder.pid);
}

std::string port_text(std::uint16_t port) {
    return fmt::format("udp {}", port);
}

// Whether a socket there keeps us from one of the addresses that we listen on.
bool in_the_way(const PortHolder& holder, const ConfigFacts& config) {
    if (holder.local.ip.is_unspecified() || !config.config) return true;
    const auto listens = [&](const config::Lns& lns) {
        return std::ranges::count(lns.listen, holder.local.ip) > 0;
    };
    return std::ranges::any_of(config.config->lns, listens);
}

void check_1701(const Facts& facts, const Needs& need, Report& report) {
    bool taken = false;
    for (const PortHolder& holder : facts.services.ports) {
        if (holder.local.port != kL2tp || holder.connected || holder.program == "keel2tpd") continue;
        if (!in_the_way(holder, facts.config)) continue;
        taken = true;
        const std::string what = fmt::format("{} holds {}", holder_text(holder), holder.local.text());
        if (holder.kernel) {
            report.warning("port-1701-kernel", what + ", left by a daemon that ended", port_text(kL2tp),
                           "keel2tpd removes its own when it starts; others: `ip l2tp show tunnel`, `ip l2tp "
                           "del tunnel`");
        } else if (holder.program.empty()) {
            note_unchecked(report, "port-1701", {ErrorCode::denied, "who holds udp 1701", {}});
        } else if (need.server) {
            report.error("port-1701-taken", what, port_text(kL2tp),
                         fmt::format("stop it, and keep it from starting: systemctl disable --now {}",
                                     holder.program));
        } else {
            report.note("port-1701-taken", what + "; a client of keel2tp takes another port",
                        port_text(kL2tp), "nothing, unless the server wants source port 1701");
        }
    }
    if (!taken) report.ok("port-1701", "udp 1701 is free, or keel2tpd's");
}

void check_ike_port(const Facts& facts, std::uint16_t port, Report& report) {
    const bool charon_answers = facts.charon.charon.has_value();
    bool held = false, foreign = false, hidden = false;
    for (const PortHolder& holder : facts.services.ports) {
        if (holder.local.port != port || holder.connected) continue;
        held = true;
        if (holder.program.starts_with("charon")) continue;
        if (holder.program.empty()) {
            hidden = true;
            continue;
        }
        foreign = true;
        report.error("ike-port-taken", fmt::format("{} holds {}", holder_text(holder), holder.local.text()),
                     port_text(port),
                     "stop that IKE daemon: only one can serve this port, and keel2tp uses charon");
    }
    if (!held && charon_answers) {
        report.error("ike-port-closed", fmt::format("charon runs, but nobody listens on udp {}", port),
                     port_text(port),
                     "set charon.port = 500 and charon.port_nat_t = 4500 in strongswan.conf, load plugin "
                     "socket-default, "
                     "restart charon");
    } else if (hidden && !charon_answers) {
        note_unchecked(report, fmt::format("port-{}", port),
                       {ErrorCode::denied, fmt::format("who holds udp {}", port), {}});
    } else if (held && !foreign) {
        report.ok(fmt::format("port-{}", port), fmt::format("udp {} is held", port));
    }
}

void check_tunnel_ports(const ServiceFacts& services, Report& report) {
    const auto first = std::max(services.first_local_port, kFirstTunnel);
    const auto last = std::min(services.last_local_port, kLastTunnel);
    if (first > last || is_reserved(services.reserved_ports, first, last)) {
        return report.ok("tunnel-ports", "the tunnels' ports are kept from other programs");
    }
    report.note(
        "tunnel-ports-shared",
        fmt::format(
            "other programs may be given ports {}-{} by chance, which tunnels use, too; keel2tpd then takes "
            "another",
            first, last),
        "net.ipv4.ip_local_reserved_ports",
        fmt::format("`sysctl -w net.ipv4.ip_local_reserved_ports={}-{}`, and in /etc/sysctl.d", kFirstTunnel,
                    kLastTunnel));
}

}  // namespace

void check_ports(const Facts& facts, Report& report) {
    const Needs need = needs(facts.config);
    check_1701(facts, need, report);
    if (!need.ipsec) return;
    check_ike_port(facts, kIke, report);
    check_ike_port(facts, kIkeNatT, report);
    check_tunnel_ports(facts.services, report);
}

void check_services(const Facts& facts, Report& report) {
    const ServiceFacts& services = facts.services;
    const Needs need = needs(facts.config);
    for (const Process& one : services.l2tp_daemons) {
        report.warning("l2tp-daemon", fmt::format("{} runs, too (process {})", one.name, one.pid), one.name,
                       fmt::format("let one program serve L2TP: systemctl disable --now {}", one.name));
    }
    for (const Process& one : services.ike_daemons) {
        if (!need.ipsec || one.name.starts_with("charon")) continue;
        report.error("ike-daemon",
                     fmt::format("{} runs (process {}); keel2tp uses strongSwan's charon", one.name, one.pid),
                     one.name, "stop and disable that IKE daemon, then start strongSwan");
    }
    for (const std::string& unit : services.l2tp_units) {
        report.warning("l2tp-daemon-enabled", "starts at boot and takes udp 1701", unit,
                       fmt::format("systemctl disable --now {}", unit));
    }
    for (const std::string& unit : services.ike_units) {
        if (!need.ipsec) break;
        report.warning("ike-daemon-enabled", "starts at boot and takes udp 500 and 4500 from charon", unit,
                       fmt::format("systemctl disable --now {}", unit));
    }
    if (services.l2tp_daemons.empty() && services.l2tp_units.empty()) {
        report.ok("l2tp-daemon", "no other L2TP daemon runs or is to start");
    }
}

}  // namespace keel::doctor
