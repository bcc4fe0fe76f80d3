// strongSwan's charon: whether it answers, what it can do, and who else uses it for L2TP.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "doctor/examine.hpp"

namespace keel::doctor {
namespace {

const Process* find_charon(const ServiceFacts& services) {
    const auto found = std::ranges::find_if(
        services.ike_daemons, [](const Process& one) { return one.name.starts_with("charon"); });
    return found == services.ike_daemons.end() ? nullptr : &*found;
}

void not_answering(const Facts& facts, Report& report) {
    const CharonHost& host = facts.charon;
    const Error& why = host.charon.error();
    if (why.code == ErrorCode::denied) return note_unchecked(report, "charon", why);
    if (config_is_hidden(facts)) {
        return note_unchecked(report, "charon",
                              {ErrorCode::denied, "charon, whose socket the configuration names", {}});
    }
    if (why.code == ErrorCode::timeout) {
        return report.error(
            "charon-hangs", why.message, host.socket,
            "look at charon's log, then restart strongSwan (systemctl restart strongswan-starter, or "
            "strongswan)");
    }
    if (const Process* process = find_charon(facts.services)) {
        return report.error(
            "charon-vici",
            fmt::format("{} runs (process {}), but not behind this socket", process->name, process->pid),
            host.socket,
            "install the vici plugin (Debian: strongswan-swanctl) and restart charon, or set charon.vici to "
            "charon.plugins.vici.socket of strongswan.conf");
    }
    report.error("charon-missing", fmt::format("strongSwan's charon does not run: {}", why.message),
                 host.socket,
                 "install strongswan-charon and strongswan-swanctl and start them (systemctl enable --now "
                 "strongswan-starter)");
}

// Plugins that come with distributions and get in our way.
struct Harm {
    std::string_view plugin;
    Severity severity;
    std::string_view what;
};
constexpr std::array kHarms{
    Harm{"kernel-libipsec", Severity::error,
         "charon does ESP by itself (plugin kernel-libipsec): L2TP needs the kernel's ESP"},
    Harm{"connmark", Severity::note,
         "plugin connmark writes iptables rules for clients behind one NAT; keel2tp needs none of them"},
    Harm{"forecast", Severity::note,
         "plugin forecast writes iptables rules with marks; keel2tp needs none of them"},
    Harm{"bypass-lan", Severity::note,
         "plugin bypass-lan takes local networks out of IPsec; keel2tp's own sockets are not affected"},
};

void check_plugins(const CharonFacts& charon, Report& report) {
    for (const Harm& harm : kHarms) {
        if (std::ranges::count(charon.plugins, harm.plugin) == 0) continue;
        Finding finding{
            .severity = harm.severity,
            .id = "charon-plugin",
            .what = std::string(harm.what),
            .where = std::string(harm.plugin),
            .remedy = fmt::format("`load = no` in /etc/strongswan.d/charon/{}.conf, then restart charon",
                                  harm.plugin)};
        if (harm.severity == Severity::error) {
            report.error(finding.id, finding.what, finding.where, finding.remedy);
        } else {
            report.note(finding.id, finding.what, finding.where, finding.remedy);
        }
    }
}

void check_lacks(const CharonFacts& charon, Report& report) {
    for (const Lack& lack : charon.lacks) {
        const std::string where = lack.connection.empty() ? "charon" : lack.connection;
        if (lack.fatal) {
            report.error("charon-lacks", lack.what, where, lack.remedy);
        } else {
            report.warning("charon-lacks", lack.what, where, lack.remedy);
        }
    }
    if (charon.lacks.empty()) report.ok("charon-features", "charon can do what the configuration needs");
}

void check_foreign(const CharonFacts& charon, Report& report) {
    if (!charon.foreign) return note_unchecked(report, "charon-connections", charon.foreign.error());
    for (const ForeignConnection& one : *charon.foreign) {
        report.warning(
            "charon-foreign-l2tp",
            fmt::format(
                "connection '{}' of somebody else in charon takes L2TP, too, from {} at {}; clients may "
                "come to it instead of keel2tp",
                one.name, one.remote.empty() ? "anybody" : fmt::format("{}", fmt::join(one.remote, ",")),
                one.local.empty() ? "any address" : fmt::format("{}", fmt::join(one.local, ","))),
            one.name, "remove it from ipsec.conf or swanctl.conf and reload strongSwan");
    }
}

// charon's AppArmor profile of Debian and Ubuntu allows /run/charon.* only.
void check_confinement(const CharonHost& host, Report& report) {
    const bool enforced = host.apparmor.ends_with("(enforce)");
    const bool usual = host.socket.starts_with("/run/charon.") || host.socket.starts_with("/var/run/charon.");
    if (enforced && !usual) {
        report.warning(
            "apparmor-charon",
            fmt::format("AppArmor confines charon ({}), and its profile allows sockets at /run/charon.* only",
                        host.apparmor),
            host.socket,
            fmt::format("add `{} rw,` to /etc/apparmor.d/local/usr.lib.ipsec.charon and reload AppArmor",
                        host.socket));
    } else if (enforced) {
        report.ok("apparmor-charon",
                  fmt::format("AppArmor confines charon ({}), the socket is allowed", host.apparmor));
    }
    if (host.selinux_enforcing) {
        report.note("selinux", "SELinux is enforcing", "",
                    "if something is denied: `ausearch -m avc -c charon -c keel2tpd -c pppd` names it");
    }
}

}  // namespace

void check_charon(const Facts& facts, Report& report) {
    if (!needs(facts.config).ipsec) return;
    check_confinement(facts.charon, report);
    if (!facts.charon.charon) return not_answering(facts, report);
    const CharonFacts& charon = *facts.charon.charon;
    report.ok("charon", fmt::format("{} {} answers", charon.daemon, charon.version), facts.charon.socket);
    check_plugins(charon, report);
    check_lacks(charon, report);
    check_foreign(charon, report);
}

}  // namespace keel::doctor
