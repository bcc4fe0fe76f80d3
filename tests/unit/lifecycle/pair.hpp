// A LAC's and an LNS's Orchestrator without a kernel, joined by a wire in virtual time.
#pragma once

#include <doctest/doctest.h>

#include <ranges>

#include "described_log.hpp"
#include "fakes.hpp"
#include "lifecycle/orchestrator.hpp"
#include "settings.hpp"

namespace keel::test {

using namespace keel::lifecycle;

inline constexpr std::uint32_t kLacMark = 7, kLnsMark = 9;

inline ChildSa child_sa(const char* connection, std::uint32_t mark, std::uint32_t reqid, IpAddress local,
                        IpAddress remote) {
    ChildSa sa;
    sa.connection = connection;
    sa.mark = mark;
    sa.reqid = reqid;
    sa.local = local;
    sa.remote = {remote, 500};
    sa.encryption = "AES_GCM_16-128";
    return sa;
}

struct Pair {
    Time now{seconds(1000)};
    DescribedLog log;
    World lac_world{1}, lns_world{2};
    config::Config lac_settings, lns_settings;
    Orchestrator lac, lns;

    explicit Pair(std::vector<Prefix> routes = {*Prefix::parse("10.9.0.0/16")})
        : Pair(lac_config(std::move(routes)), lns_config()) {}
    Pair(config::Config lac_config_, config::Config lns_config_)
        : lac_settings(std::move(lac_config_)),
          lns_settings(std::move(lns_config_)),
          lac(std::make_shared<const config::Config>(lac_settings), "lac", lac_world.ports(), log),
          lns(std::make_shared<const config::Config>(lns_settings), "lns", lns_world.ports(), log) {}

    // Carries what each side sent to the other, until both are silent.
    void exchange() {
        while (!lac_world.outbox.empty() || !lns_world.outbox.empty()) {
            deliver(lac_world, lns_world, lns, kLac, kLns, lns_settings.lns[0].ipsec ? kLnsMark : 0);
            deliver(lns_world, lac_world, lac, kLns, kLac, lac_settings.lac[0].ipsec ? kLacMark : 0);
        }
    }
    void deliver(World& from, World& to, Orchestrator& receiver, IpAddress source, IpAddress local,
                 std::uint32_t mark) {
        while (!from.outbox.empty()) {
            const Bytes bytes = std::move(from.outbox.front().bytes);
            from.outbox.pop_front();
            if (!from_open) continue;
            // As recipe S does: tunnel id 0 to the listener with its mark, the rest to the mark's tunnel
            // socket.
            DatagramReceived event{
                .socket = SocketId(), .local = local, .from = {source, 1701}, .mark = 0, .datagram = bytes};
            const bool to_listener = bytes.size() >= 6 && bytes[4] == 0 && bytes[5] == 0;
            if (to_listener && !to.listeners.empty()) {
                event.socket = to.listeners.begin()->first;
                event.mark = mark;
            } else {
                // The newest: it takes over what comes under its mark (0: without IPsec).
                const auto newest_first = std::views::reverse(to.tunnel_sockets);
                const auto found = std::ranges::find_if(newest_first, [&](const auto& entry) {
                    return (entry.second.sa ? entry.second.sa->mark : 0) == mark;
                });
                if (found == newest_first.end()) continue;
                event.socket = found->first;
            }
            receiver.receive(now, std::move(event));
        }
    }
    bool from_open = true;  // false: the wire is cut

    void pass(Duration time) {
        const Time end = now + time;
        for (;;) {
            exchange();
            auto next = std::min(lac.next_timeout().value_or(end), lns.next_timeout().value_or(end));
            if (next >= end) break;
            now = std::max(now, next);
            if (lac.next_timeout().value_or(end) <= now) lac.on_timeout(now);
            if (lns.next_timeout().value_or(end) <= now) lns.on_timeout(now);
        }
        now = end;
        lac.on_timeout(now);
        lns.on_timeout(now);
        exchange();
    }

    ChildSa lac_sa() const { return child_sa("lac/branch", kLacMark, 1, kLac, kLns); }
    ChildSa lns_sa() const { return child_sa("lns/office", kLnsMark, 1, kLns, kLac); }

    void start() {
        REQUIRE(lns.start(now));
        REQUIRE(lac.start(now));
        lac.receive(now, IpsecReady{"5.9.8"});
        lns.receive(now, IpsecReady{"5.9.8"});
    }
    void to_ipsec() {
        start();
        lac.receive(now, Resolved{lac_world.last_tag, std::vector{kLns}});
        REQUIRE(lac_world.called("ipsec.initiate lac/branch"));
        lac.receive(now, IpsecIkeUp{"lac/branch"});
    }
    void to_ppp() {
        to_ipsec();
        lns.receive(now, IpsecUp{lns_sa()});
        lac.receive(now, IpsecUp{lac_sa()});
        exchange();
        REQUIRE(lac_world.pppds.size() == 1);
        REQUIRE(lns_world.pppds.size() == 1);
    }
    void to_up() {
        to_ppp();
        lns.receive(now, PppLoginRequested{PppId(1), login("alice", "wonder")});
        REQUIRE(lns_world.verdicts.back().accepted);
        const IpAddress inner = *lns_world.verdicts.back().peer_address;
        const IpAddress server = *IpAddress::parse("10.9.0.1");
        lns.receive(now, PppUp{PppId(1), "ppp0", server, inner, {}, 1428});
        lac.receive(now, PppUp{PppId(1), "ppp0", inner, server, {}, 1428});
        REQUIRE(lac.overview(now).lacs[0].state == LacStatus::State::up);
    }
    static LoginRequest login(const char* user, const char* password) {
        return {.method = AuthMethod::pap,
                .user = user,
                .password = Secret(password),
                .identifier = 0,
                .challenge = {},
                .response = {}};
    }
    // pppd ends when it was asked to.
    void pppds_obey() {
        for (World* world : {&lac_world, &lns_world}) {
            for (const PppId ppp : std::exchange(world->stopped_pppds, {})) {
                (world == &lac_world ? lac : lns)
                    .receive(now, PppExited{ppp, PppExited::Cause::stopped, "told to stop"});
            }
        }
        exchange();
    }
    LacStatus branch() { return lac.overview(now).lacs[0]; }
    LnsStatus office() { return lns.overview(now).lnss[0]; }
};

}  // namespace keel::test
