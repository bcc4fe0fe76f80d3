// RFC 2661 5.8 between two real endpoints, whatever the network does: nothing is lost, doubled or out of
// order for the machines above, and everything ends. The windows, Ns, Nr and ids are the Wire's to check
// (wire.hpp).
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "sim/networks.hpp"
#include "sim/seeds.hpp"
#include "sim/world.hpp"

namespace {

using namespace keel;
using namespace keel::l2tp;
using namespace keel::sim;

// Few enough to come up in the 120 s that a set-up may take, even with a window of 1.
constexpr std::size_t kSessions = 8;

// A window of its own at each end.
World make_world(std::uint64_t seed, const Network& network) {
    return World(seed, network, patient(seed), patient(seed / 11));
}

LocalTunnelId bring_up(World& world, std::size_t sessions) {
    const LocalTunnelId tunnel = must_open(world, world.lac, world.lns);
    hold(world.run_until(world.now() + seconds(900), [&] { return world.lac.count<TunnelUp>() == 1; }),
         "the tunnel comes up");
    for (std::size_t i = 0; i < sessions; ++i) {
        hold(world.lac.endpoint.open_session(world.now(), tunnel).has_value(), "a session opens");
    }
    hold(world.run_until(world.now() + seconds(1800),
                         [&] {
                             return world.lac.count<SessionUp>() == sessions &&
                                    world.lns.count<SessionUp>() == sessions;
                         }),
         "every session comes up at both ends");
    return tunnel;
}

// ICRQs carry serial numbers that count up: their offers must do so too, one by one.
void check_offers(const Host& lns, std::size_t sessions) {
    const auto offers = lns.all<SessionOffered>();
    hold(offers.size() == sessions, "each ICRQ is offered once");
    for (std::size_t i = 1; i < offers.size(); ++i) {
        hold(offers[i].call_serial == offers[i - 1].call_serial + 1, "ICRQs are offered in their order");
    }
}

void check_crossing(const World& world) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> lac, lns;
    for (const SessionUp& up : world.lac.all<SessionUp>())
        lac.emplace(up.session.value, up.peer_session.value);
    for (const SessionUp& up : world.lns.all<SessionUp>())
        lns.emplace(up.peer_session.value, up.session.value);
    hold(lac == lns, "both ends mean the same sessions");
}

}  // namespace

TEST_CASE("a tunnel and its sessions come up and go down at 30 % loss, whatever the seed") {
    for_seeds(500, [](std::uint64_t seed) {
        World world = make_world(seed, kBad);
        const LocalTunnelId tunnel = bring_up(world, kSessions);
        check_offers(world.lns, kSessions);
        check_crossing(world);
        for (const SessionUp& up : world.lac.all<SessionUp>()) {
            if (up.session.value % 2 == 0) continue;
            must(world.lac.endpoint.close_session(world.now(), tunnel, up.session), "a session closes");
        }
        world.run_for(seconds(300));
        hold(world.lac.count<TunnelDown>() == 0, "the tunnel lives");
        hold(world.lns.count<SessionDown>() == world.lac.count<SessionDown>(), "each CDN is told once");
        Host& closing = seed % 2 == 0 ? world.lac : world.lns;
        must(closing.endpoint.close_tunnel(world.now(), closing.last<TunnelUp>().tunnel), "a tunnel closes");
        hold(world.run_until(world.now() + seconds(3600), [&] { return world.empty(); }),
             "both ends forget everything");
        for (const Host* host : {&world.lac, &world.lns}) {
            hold(host->count<TunnelUp>() == 1 && host->count<TunnelDown>() == 1 &&
                     host->count<TunnelGone>() == 1 && host->count<SessionDown>() == kSessions,
                 "each end is told once");
        }
    });
}

TEST_CASE("WEN and SLI arrive once, in order and to the last, both ways at once") {
    for_seeds(400, [](std::uint64_t seed) {
        constexpr std::uint32_t kReports = 60;
        World world = make_world(seed, kBad);
        const LocalTunnelId tunnel = bring_up(world, 1);
        const SessionUp lac = world.lac.last<SessionUp>(), lns = world.lns.last<SessionUp>();
        const std::uint64_t before = world.wire.messages();
        std::uint32_t errors_seen = 0, accm_seen = 0;
        const auto look = [&] {
            const auto at_lns = world.lns.endpoint.session_status(lns.tunnel, lns.session);
            const auto at_lac = world.lac.endpoint.session_status(tunnel, lac.session);
            hold(at_lns && at_lac, "the session lives");
            const std::uint32_t errors = at_lns->call_errors ? at_lns->call_errors->crc : 0;
            const std::uint32_t accm = at_lac->accm ? at_lac->accm->send : 0;
            hold(errors >= errors_seen && accm >= accm_seen, "an older report never comes after a newer one");
            errors_seen = errors;
            accm_seen = accm;
            return errors == kReports && accm == kReports;
        };
        for (std::uint32_t i = 1; i <= kReports; ++i) {
            CallErrors errors;
            errors.crc = i;
            Accm accm;
            accm.send = i;
            must(world.lac.endpoint.report_errors(world.now(), tunnel, lac.session, errors), "WEN is sent");
            must(world.lns.endpoint.set_link_info(world.now(), lns.tunnel, lns.session, accm), "SLI is sent");
            if (i % 4 == 0) {
                world.run_until(world.now() + milliseconds(world.number(2000)),
                                [&] { return look(), false; });
            }
        }
        hold(world.run_until(world.now() + seconds(3600), look), "the last reports arrive");
        world.run_for(seconds(1));
        hold(world.wire.messages() - before >= 2 * kReports, "each report was a message of its own");
    });
}

TEST_CASE("both ends close at once and both forget") {
    for_seeds(400, [](std::uint64_t seed) {
        World world = make_world(seed, kBad);
        bring_up(world, 5);
        for (Host* host : {&world.lac, &world.lns}) {
            must(host->endpoint.close_tunnel(world.now(), host->last<TunnelUp>().tunnel), "a tunnel closes");
        }
        hold(world.run_until(world.now() + seconds(3600), [&] { return world.empty(); }),
             "both ends forget everything");
        hold(world.lac.count<TunnelGone>() == 1 && world.lns.count<TunnelGone>() == 1,
             "each end is told once");
    });
}

TEST_CASE("sessions that come and go among few ids: none is given again too soon, none leaks") {
    for_seeds(200, [](std::uint64_t seed) {
        World world(seed, Network{0.2, 0.2, milliseconds(5), milliseconds(200)}, patient(seed), 12);
        const LocalTunnelId tunnel = bring_up(world, 3);
        const LocalTunnelId lns_tunnel = world.lns.last<TunnelUp>().tunnel;
        const auto waiting = [&] {
            const auto one = world.lac.endpoint.tunnel_status(tunnel);
            const auto other = world.lns.endpoint.tunnel_status(lns_tunnel);
            hold(one && other, "the tunnel lives");
            return one->unacknowledged + one->queued + other->unacknowledged + other->queued;
        };
        for (int round = 0; round < 120; ++round) {
            Host& host = world.number(3) == 0 ? world.lns : world.lac;
            const auto ups = host.all<SessionUp>();
            const auto opened = world.lac.endpoint.open_session(world.now(), tunnel);
            hold(opened.has_value(), "a session opens");
            if (!ups.empty()) {
                const SessionUp& one = ups[world.number(static_cast<std::uint32_t>(ups.size()))];
                // It may have ended long ago.
                static_cast<void>(host.endpoint.close_session(world.now(), one.tunnel, one.session));
            }
            if (world.number(3) == 0) {
                // Taken back before it is answered; or it is the one that was just closed.
                static_cast<void>(world.lac.endpoint.close_session(world.now(), tunnel, *opened));
            }
            world.run_for(milliseconds(world.number(1500)));
            // What is queued must not grow older than the 31 s that an id rests: the peer may mean it so
            // long.
            hold(world.run_until(world.now() + seconds(900), [&] { return waiting() < 3; }), "queues empty");
        }
        hold(world.run_until(world.now() + seconds(900), [&] { return waiting() == 0; }),
             "all that was said is acknowledged");
        hold(world.lac.endpoint.tunnel_status(tunnel)->sessions ==
                 world.lns.endpoint.tunnel_status(lns_tunnel)->sessions,
             "both ends count the same sessions");
        must(world.lac.endpoint.close_tunnel(world.now(), tunnel), "a tunnel closes");
        hold(world.run_until(world.now() + seconds(3600), [&] { return world.empty(); }),
             "both ends forget everything");
        hold(world.lns.count<SessionDown>() == world.lns.count<SessionOffered>(),
             "each session that was offered has ended once");
        hold(world.lac.count<SessionDown>() == 123, "each session that was opened has ended once");
    });
}
