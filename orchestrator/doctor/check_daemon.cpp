// keel2tpd itself: whether it runs, which version, and what it says is down.
#include <fmt/format.h>

#include "doctor/examine.hpp"

namespace keel::doctor {
namespace {

void not_running(const Facts& facts, Report& report) {
    const Error& why = facts.daemon.version.error();
    const UnitFacts& unit = facts.services.own_unit;
    if (why.code == ErrorCode::denied) return note_unchecked(report, "daemon", why);
    if (why.code == ErrorCode::timeout) {
        return report.error("daemon-hangs", "keel2tpd takes the connection but does not answer",
                            facts.daemon.socket, "restart keel2tpd, and report its log as a fault");
    }
    if (unit.failed) {
        return report.error("daemon-failed", "keel2tpd was started and has failed", unit.name,
                            fmt::format("`journalctl -u {}` says why", unit.name));
    }
    if (unit.enabled) {
        return report.warning("daemon-stopped", "keel2tpd does not run, though it is to start at boot",
                              unit.name, fmt::format("systemctl start {}", unit.name));
    }
    report.note("daemon-stopped", "keel2tpd does not run", facts.daemon.socket,
                "start it when this list is clean: systemctl enable --now keel2tp");
}

void running(const Facts& facts, Report& report) {
    const std::string& version = *facts.daemon.version;
    const UnitFacts& unit = facts.services.own_unit;
    if (version != facts.own_version) {
        report.warning("daemon-version",
                       fmt::format("keel2tpd {} runs, but {} is installed", version, facts.own_version),
                       facts.daemon.socket, "restart keel2tpd");
    } else {
        report.ok("daemon", fmt::format("keel2tpd {} runs", version), facts.daemon.socket);
    }
    if (unit.there && unit.active && !unit.enabled) {
        report.note("daemon-not-enabled", "keel2tpd runs, but does not start at boot", unit.name,
                    fmt::format("systemctl enable {}", unit.name));
    }
    for (const Down& down : facts.daemon.down) {
        report.error("connection-down", fmt::format("{} failed: {}", down.stage, down.message),
                     down.connection, down.remedy);
    }
    if (facts.daemon.refused_in_clear > 0) {
        report.note("refused-in-clear",
                    fmt::format("{} packets of L2TP came outside IPsec and were refused",
                                facts.daemon.refused_in_clear),
                    "udp 1701",
                    "set up IPsec on the client that sent them; a scan from the Internet does it, too");
    }
}

}  // namespace

void check_daemon(const Facts& facts, Report& report) {
    if (facts.daemon.version) {
        running(facts, report);
    } else {
        not_running(facts, report);
    }
}

}  // namespace keel::doctor
