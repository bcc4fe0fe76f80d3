// The host's own firewall: whether what IKE, ESP and L2TP need comes through.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/examine.hpp"

namespace keel::doctor {
namespace {

using Packet = Ruleset::Packet;
using Answer = Ruleset::Answer;

struct Wanted {
    std::string id, what, rule;
    Packet packet;
};

// What must come in: for a server as the first packet of a client, for a client as an answer.
std::vector<Wanted> inbound(const Needs& need, bool server) {
    const bool known = !server;
    const auto udp = [&](std::uint16_t port, bool esp) {
        return Packet{
            .protocol = Packet::Protocol::udp, .to_port = port, .under_esp = esp, .established = known};
    };
    if (!need.ipsec) return {{"firewall-l2tp", "L2TP (udp 1701)", "udp dport 1701 accept", udp(1701, false)}};
    return {
        {"firewall-ike", "IKE (udp 500)", "udp dport 500 accept", udp(500, false)},
        {"firewall-nat-t", "IKE and ESP through NAT (udp 4500)", "udp dport 4500 accept", udp(4500, false)},
        {"firewall-esp",
         "ESP (IP protocol 50)",
         "meta l4proto esp accept",
         {.protocol = Packet::Protocol::esp, .established = known}},
        {"firewall-l2tp", "L2TP that came under ESP (udp 1701)", "udp dport 1701 meta secpath exists accept",
         udp(1701, true)}};
}

void tell(const Wanted& wanted, const Ruleset::Verdict& verdict, std::string_view hook, Report& report) {
    const std::string remedy = fmt::format("`nft insert rule {} {}`, and where your firewall keeps its rules",
                                           verdict.chain, wanted.rule);
    if (verdict.answer == Answer::dropped) {
        report.error(wanted.id, fmt::format("the firewall drops {} in {}", wanted.what, hook), verdict.chain,
                     remedy);
    } else if (verdict.answer == Answer::may_be_dropped) {
        report.warning(
            wanted.id,
            fmt::format(
                "the firewall may drop {} in {}: it lets in what meets conditions that are not judged "
                "here",
                wanted.what, hook),
            verdict.chain, "look at these rules: " + remedy);
    }
}

struct Place {
    std::optional<IpAddress> address;
    std::string interface;
};

std::vector<Place> listening_places(const Facts& facts) {
    std::vector<Place> out;
    if (!facts.config.config) return {Place{}};
    for (const config::Lns& lns : facts.config.config->lns) {
        for (const IpAddress& address : lns.listen) {
            const auto has = [&](const Interface& one) {
                return std::ranges::count(one.addresses, address) > 0;
            };
            const auto found = std::ranges::find_if(facts.network.interfaces, has);
            out.push_back({address, found == facts.network.interfaces.end() ? std::string() : found->name});
        }
    }
    return out;
}

// Each subject once, at the worst place.
bool check_inbound(const Ruleset& rules, const Needs& need, const std::vector<Place>& places, bool server,
                   Report& report) {
    bool fine = true;
    for (Wanted wanted : inbound(need, server)) {
        Ruleset::Verdict worst;
        std::string_view at = "input";
        for (const Place& place : places) {
            wanted.packet.to = place.address;
            wanted.packet.interface = place.interface;
            wanted.packet.v4 = !place.address || place.address->is_v4();
            for (const std::string_view hook : {"prerouting", "input"}) {
                const auto verdict = rules.judge(hook, wanted.packet);
                if (verdict.answer <= worst.answer) continue;
                worst = verdict;
                at = hook;
            }
        }
        if (worst.answer == Answer::accepted) continue;
        fine = false;
        tell(wanted, worst, at, report);
    }
    return fine;
}

bool check_forward(const Ruleset& rules, Report& report) {
    const Packet packet{.protocol = Packet::Protocol::tcp, .to_port = 443, .interface = "ppp0"};
    const auto verdict = rules.judge("forward", packet);
    if (verdict.answer == Answer::accepted) return true;
    report.warning(
        "firewall-forward",
        verdict.answer == Answer::dropped
            ? "the firewall forwards nothing that comes from clients (ppp interfaces)"
            : "the firewall may not forward what comes from clients (ppp interfaces)",
        verdict.chain,
        fmt::format(
            "`nft insert rule {0} iifname \"ppp*\" accept; nft insert rule {0} oifname \"ppp*\" ct state "
            "established,related accept` (Docker: in chain DOCKER-USER)",
            verdict.chain));
    return false;
}

}  // namespace

void check_firewall(const Facts& facts, Report& report) {
    const NetworkFacts& network = facts.network;
    const Needs need = needs(facts.config);
    if (network.legacy_iptables) {
        report.note("firewall-legacy", "there are rules of iptables-legacy, which are not judged here", "",
                    "`iptables-legacy -S` shows them: udp 500, 4500, 1701 and ESP must come in");
    }
    if (!network.rules) return note_unchecked(report, "firewall", network.rules.error());
    bool fine = true;
    if (need.server) {
        fine &= check_inbound(*network.rules, need, listening_places(facts), true, report);
        fine &= check_forward(*network.rules, report);
    }
    if (need.client && facts.config.config) {
        std::vector<Place> places;
        for (const Way& way : network.ways) places.push_back({std::nullopt, way.interface});
        fine &= check_inbound(*network.rules, need, places, false, report);
    }
    if (fine) report.ok("firewall", "the host's firewall lets in what is needed");
}

}  // namespace keel::doctor
