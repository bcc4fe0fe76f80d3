// Interfaces, forwarding, rp_filter, addresses, and the ways to the servers with their MTU.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "doctor/examine.hpp"
#include "lifecycle/mtu.hpp"

namespace keel::doctor {
namespace {

const Interface* find_interface(const NetworkFacts& network, const IpAddress& address) {
    const auto has = [&](const Interface& one) { return std::ranges::count(one.addresses, address) > 0; };
    const auto found = std::ranges::find_if(network.interfaces, has);
    return found == network.interfaces.end() ? nullptr : &*found;
}

const Interface* find_interface(const NetworkFacts& network, const std::string& name) {
    const auto found = std::ranges::find(network.interfaces, name, &Interface::name);
    return found == network.interfaces.end() ? nullptr : &*found;
}

bool overlaps(const Prefix& a, const Prefix& b) {
    return a.contains(b.ip) || b.contains(a.ip);
}

// RFC 1918, and RFC 6598 for carriers' NAT.
bool is_private(const IpAddress& address) {
    const char* const kPrivate[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"};
    return std::ranges::any_of(kPrivate,
                               [&](const char* one) { return Prefix::parse(one)->contains(address); });
}

void check_listen(const NetworkFacts& network, const config::Lns& lns, Report& report) {
    for (const IpAddress& address : lns.listen) {
        const Interface* interface = find_interface(network, address);
        if (!interface) {
            report.error("listen-address", fmt::format("{} is not an address of this host", address.text()),
                         lns.name,
                         "correct \"listen\", or give the address to an interface before keel2tpd starts");
        } else if (!interface->up) {
            report.error("listen-down",
                         fmt::format("interface {} with {} is down", interface->name, address.text()),
                         lns.name, fmt::format("`ip link set {} up`", interface->name));
        } else if (lns.ipsec && address.is_v4() && is_private(address)) {
            report.note(
                "listen-private",
                fmt::format(
                    "{} is a private address: through a port forwarding clients need udp 500 and 4500, and "
                    "Windows its registry value AssumeUDPEncapsulationContextOnSendRule=2",
                    address.text()),
                lns.name, "nothing, if all clients are in the local network");
        } else {
            report.ok("listen-address", fmt::format("{} is on {}", address.text(), interface->name),
                      lns.name);
        }
    }
}

void check_pool(const NetworkFacts& network, const config::Lns& lns, Report& report) {
    for (const Prefix& pool : lns.pool) {
        for (const Interface& interface : network.interfaces) {
            if (interface.loopback || interface.point_to_point) continue;
            const auto clash = std::ranges::find_if(interface.networks, [&](const Prefix& one) {
                return one.length < 32 && overlaps(one, pool);
            });
            if (clash == interface.networks.end()) continue;
            report.warning(
                "pool-overlap",
                fmt::format("the pool {} lies in the network {} of {}: hosts there look for the clients on "
                            "their own wire",
                            pool.text(), clash->text(), interface.name),
                lns.name, "take a pool of its own, or set net.ipv4.conf.INTERFACE.proxy_arp=1 there");
        }
    }
}

void check_forwarding(const NetworkFacts& network, const Needs& need, Report& report) {
    if (!need.server) return;
    if (network.forwarding4) return report.ok("ip-forward", "IPv4 is forwarded");
    report.warning("ip-forward", "IPv4 is not forwarded: clients reach this host and nothing behind it",
                   "net.ipv4.ip_forward", "`sysctl -w net.ipv4.ip_forward=1`, and in /etc/sysctl.d");
}

bool takes_everything(const config::Lac& lac) {
    return std::ranges::any_of(lac.routes, [](const Prefix& one) { return one.length == 0; }) ||
           std::ranges::count_if(lac.routes, [](const Prefix& one) { return one.length == 1; }) == 2;
}

// Strict filtering drops what comes in by another interface than the answer would leave by (RFC 3704).
void check_reverse_path(const Facts& facts, Report& report) {
    const NetworkFacts& network = facts.network;
    const std::string remedy =
        "`sysctl -w net.ipv4.conf.{0}.rp_filter=2` (loose), and in /etc/sysctl.d; `all` must not be 1";
    bool fine = true;
    for (const Interface& interface : network.interfaces) {
        if (interface.rp_filter != 1 || interface.loopback || !interface.up) continue;
        const std::string sysctl = fmt::format("net.ipv4.conf.{}.rp_filter", interface.name);
        const bool uplink = std::ranges::count(network.default_interfaces, interface.name) > 0;
        if (uplink && network.default_interfaces.front() != interface.name) {
            fine = false;
            report.warning(
                "rp-filter",
                fmt::format("strict reverse path filtering on {} drops what comes from the Internet by it, "
                            "because the best default route leaves by {}",
                            interface.name, network.default_interfaces.front()),
                sysctl, fmt::format(fmt::runtime(remedy), interface.name));
        }
        if (!facts.config.config) continue;
        for (const config::Lac& lac : facts.config.config->lac) {
            if (!takes_everything(lac) || (!uplink && !network.default_interfaces.empty())) continue;
            fine = false;
            report.warning(
                "rp-filter",
                fmt::format("once {} takes the default route, strict reverse path filtering drops what comes "
                            "to this host by {}",
                            lac.name, interface.name),
                sysctl, fmt::format(fmt::runtime(remedy), interface.name));
        }
    }
    if (fine) report.ok("rp-filter", "reverse path filtering drops nothing of ours");
}

void check_xfrm_sysctls(const NetworkFacts& network, Report& report) {
    for (const Interface& interface : network.interfaces) {
        if (interface.loopback) continue;
        if (interface.disable_xfrm) {
            report.error(
                "disable-xfrm", fmt::format("IPsec is switched off for what leaves by {}", interface.name),
                fmt::format("net.ipv4.conf.{}.disable_xfrm", interface.name),
                fmt::format("`sysctl -w net.ipv4.conf.{0}.disable_xfrm=0 net.ipv4.conf.all.disable_xfrm=0`",
                            interface.name));
        }
        if (interface.disable_policy) {
            report.warning(
                "disable-policy",
                fmt::format("the kernel does not ask IPsec's policies of what comes in by {}",
                            interface.name),
                fmt::format("net.ipv4.conf.{}.disable_policy", interface.name),
                fmt::format(
                    "`sysctl -w net.ipv4.conf.{0}.disable_policy=0 net.ipv4.conf.all.disable_policy=0`",
                    interface.name));
        }
    }
}

void check_conntrack(const NetworkFacts& network, Report& report) {
    if (!network.conntrack_count || !network.conntrack_max || *network.conntrack_max == 0) return;
    if (*network.conntrack_count * 10 < *network.conntrack_max * 9) return;
    report.warning(
        "conntrack-full",
        fmt::format("connection tracking holds {} of {} entries; when it is full, packets are dropped",
                    *network.conntrack_count, *network.conntrack_max),
        "net.netfilter.nf_conntrack_max",
        fmt::format("`sysctl -w net.netfilter.nf_conntrack_max={}`", *network.conntrack_max * 4));
}

// The most that ESP can take: AES-CBC with SHA-512 in UDP.
std::uint16_t room(const Interface& interface, bool v4, bool ipsec) {
    ChildSa largest;
    largest.encap = true;
    largest.encryption = "AES_CBC";
    largest.integrity = "HMAC_SHA2_512_256";
    return lifecycle::ppp_mtu(interface.mtu, v4, ipsec ? &largest : nullptr, true);
}

void check_mtu(const Interface& interface, const std::string& connection, std::uint16_t configured, bool v4,
               bool ipsec, Report& report) {
    constexpr std::uint16_t kLeast = 576, kGood = 1280;  // RFC 791, RFC 8200
    const std::uint16_t mtu = room(interface, v4, ipsec);
    const std::string where = fmt::format("{} by {}", connection, interface.name);
    if (mtu <= kLeast) {
        report.error(
            "mtu-too-small",
            fmt::format("an MTU of {} leaves less than {} octets for the link", interface.mtu, kLeast), where,
            fmt::format("raise the MTU of {}: 1500 is usual", interface.name));
    } else if (mtu < kGood) {
        report.warning("mtu-small",
                       fmt::format("an MTU of {} leaves {} octets for the link: many programs expect {}",
                                   interface.mtu, mtu, kGood),
                       where, fmt::format("raise the MTU of {}: 1500 is usual", interface.name));
    } else if (configured > mtu) {
        report.note("mtu-configured",
                    fmt::format("\"mtu\" {} may be more than fits in {} without fragments ({})", configured,
                                interface.mtu, mtu),
                    where, "leave \"mtu\" out: it is then computed for each link");
    } else {
        report.ok("mtu",
                  fmt::format("an MTU of {} leaves {} octets for the link, at least", interface.mtu, mtu),
                  where);
    }
}

void check_way(const NetworkFacts& network, const Way& way, const config::Lac& lac, Report& report) {
    if (!way.addresses) {
        const Error& why = way.addresses.error();
        return report.error("resolve", why.message, way.name,
                            why.remedy.empty() ? "look at /etc/resolv.conf and at \"server\"" : why.remedy);
    }
    report.ok("resolve", fmt::format("{} is {}", lac.server, way.addresses->front().text()), way.name);
    if (way.unreachable) {
        return report.error("no-route", way.unreachable->message, way.name,
                            "give this host a default route, or one to the server (`ip route`)");
    }
    if (const Interface* interface = find_interface(network, way.interface)) {
        check_mtu(*interface, way.name, lac.mtu, way.addresses->front().is_v4(), lac.ipsec.has_value(),
                  report);
    }
}

}  // namespace

void check_network(const Facts& facts, Report& report) {
    const NetworkFacts& network = facts.network;
    check_forwarding(network, needs(facts.config), report);
    check_reverse_path(facts, report);
    if (needs(facts.config).ipsec) check_xfrm_sysctls(network, report);
    check_conntrack(network, report);
    if (!facts.config.config) return;
    for (const config::Lns& lns : facts.config.config->lns) {
        check_listen(network, lns, report);
        check_pool(network, lns, report);
    }
}

void check_ways(const Facts& facts, Report& report) {
    if (!facts.config.config) return;
    for (const Way& way : facts.network.ways) {
        const auto lac = std::ranges::find(facts.config.config->lac, way.name, &config::Lac::name);
        if (lac != facts.config.config->lac.end()) check_way(facts.network, way, *lac, report);
    }
    for (const config::Lns& lns : facts.config.config->lns) {
        for (const IpAddress& address : lns.listen) {
            const Interface* interface = find_interface(facts.network, address);
            if (interface)
                check_mtu(*interface, lns.name, lns.mtu, address.is_v4(), lns.ipsec.has_value(), report);
        }
    }
}

}  // namespace keel::doctor
