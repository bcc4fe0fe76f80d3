// Set-ups and ends, whatever the seed: collisions, secrets, outgoing calls, one LNS with many LACs, hosts
// that vanish and come back.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "sim/networks.hpp"
#include "sim/seeds.hpp"
#include "sim/world.hpp"

namespace {

using namespace keel;
using namespace keel::l2tp;
using namespace keel::sim;

EndpointConfig with_secret(EndpointConfig config, std::string_view secret) {
    config.incoming = [secret](const Path&, std::string_view) { return Secret(secret); };
    return config;
}

bool established(const Host& host) {
    const auto status = host.endpoint.tunnel_status(host.last<TunnelUp>().tunnel);
    return status && status->state == TunnelState::established;
}

void close_all(World& world, Host& host) {
    for (const TunnelUp& up : host.all<TunnelUp>()) {
        // It may be down already.
        static_cast<void>(host.endpoint.close_tunnel(world.now(), up.tunnel));
    }
}

}  // namespace

TEST_CASE("both ends open a tunnel at once: the tie breakers leave one, whatever the seed") {
    for_seeds(500, [](std::uint64_t seed) {
        World world(seed, kBad, patient(seed));
        must_open(world, world.lac, world.lns);
        must_open(world, world.lns, world.lac);
        world.run_for(seconds(1500));
        for (const Host* host : {&world.lac, &world.lns}) {
            hold(host->endpoint.tunnel_count() == 1, "one tunnel is left");
            hold(established(*host), "and it is established");
        }
        hold(world.lac.last<TunnelUp>().peer_tunnel.value == world.lns.last<TunnelUp>().tunnel.value,
             "both ends mean the same tunnel");
    });
}

TEST_CASE("equal tie breakers end both tunnels, and the next attempt succeeds") {
    for_seeds(300, [](std::uint64_t seed) {
        // Of one number there is only one tie breaker; and only one tunnel id to begin with.
        World world(seed, Network{}, patient(seed), 1);
        must_open(world, world.lac, world.lns);
        must_open(world, world.lns, world.lac);
        world.run_for(seconds(1));
        for (const Host* host : {&world.lac, &world.lns}) {
            hold(host->endpoint.tunnel_count() == 0, "no tunnel is left");
            hold(host->last<TunnelDown>().reason.cause == DownReason::Cause::collision, "for the collision");
        }
        must_open(world, world.lac, world.lns);
        world.run_for(seconds(1));
        hold(established(world.lac) && established(world.lns), "alone it comes up");
    });
}

TEST_CASE("authenticated and hidden at 30 % loss, in fragments; another secret never comes up") {
    for_seeds(300, [](std::uint64_t seed) {
        for (const bool same : {true, false}) {
            Network network = kBad;
            network.mtu = 128 + 64 * (seed % 4);
            World world(seed, network, with_secret(patient(seed), "one"));
            TunnelOptions options;
            options.secret = Secret(std::string_view(same ? "one" : "other"));
            options.hide = same;  // hidden by another secret, not even the SCCRQ could be read
            options.dscp = std::uint8_t{46};
            must_open(world, world.lac, world.lns, options);
            world.run_for(seconds(1500));
            const std::size_t expected = same ? 1 : 0;
            hold(world.lac.count<TunnelUp>() == expected && world.lns.count<TunnelUp>() == expected,
                 "only one who knows the secret comes up");
            if (same) continue;
            hold(world.lac.last<TunnelDown>().reason.result == 4, "and the other is told that he may not");
            hold(world.empty(), "nothing is left of it");
        }
    });
}

TEST_CASE("outgoing calls: placed, answered, busy or given up, at 30 % loss") {
    for_seeds(500, [](std::uint64_t seed) {
        // Few enough to be through in the 120 s that a set-up may take, even with a window of 1.
        constexpr std::size_t kCalls = 5;
        EndpointConfig lac = patient(seed);
        lac.bearer_capabilities = kDigitalBearer | kAnalogBearer;
        World world(seed, kBad, lac, patient(seed / 11));
        std::map<LocalSessionId, std::uint32_t> placed;  // and how each will go
        world.lac.on_output = [&](Time, const Output& output) {
            if (const auto* offered = std::get_if<SessionOffered>(&output)) {
                hold(offered->kind == SessionKind::outgoing_call, "the LNS asks for outgoing calls only");
                hold(offered->called_number == std::to_string(placed.size()), "in their order, each once");
                placed.emplace(offered->session, offered->call_serial % 3);
            }
        };
        must_open(world, world.lac, world.lns);
        hold(world.run_until(world.now() + seconds(900), [&] { return world.lns.count<TunnelUp>() == 1; }),
             "the tunnel comes up");
        const LocalTunnelId lns_tunnel = world.lns.last<TunnelUp>().tunnel;
        const LocalTunnelId lac_tunnel = world.lac.last<TunnelUp>().tunnel;
        for (std::size_t i = 0; i < kCalls; ++i) {
            SessionOptions options;
            options.kind = SessionKind::outgoing_call;
            options.called_number = std::to_string(i);
            hold(world.lns.endpoint.open_session(world.now(), lns_tunnel, options).has_value(),
                 "an OCRQ is sent");
        }
        hold(world.run_until(world.now() + seconds(1800), [&] { return placed.size() == kCalls; }),
             "each call is placed");
        std::size_t answered = 0;
        for (const auto& [session, way] : placed) {
            if (way == 0) {
                must(world.lac.endpoint.close_session(world.now(), lac_tunnel, session, 8),
                     "a busy call ends");
                continue;
            }
            ++answered;
            must(world.lac.endpoint.connect_session(world.now(), lac_tunnel, session, 64000, way == 2),
                 "an answered call connects");
        }
        hold(world.run_until(world.now() + seconds(1800),
                             [&] {
                                 return world.lns.count<SessionUp>() == answered &&
                                        world.lns.count<SessionDown>() == kCalls - answered;
                             }),
             "the LNS is told how each call went");
        for (const SessionDown& down : world.lns.all<SessionDown>()) {
            hold(down.reason.cause == DownReason::Cause::peer && down.reason.result == 8,
                 "busy, in the LAC's code");
        }
        close_all(world, world.lns);
        hold(world.run_until(world.now() + seconds(3600), [&] { return world.empty(); }),
             "both ends forget everything");
    });
}

TEST_CASE("one LNS and 50 LACs: all come up, come and go, and leave nothing") {
    for_seeds(4, [](std::uint64_t seed) {
        EndpointConfig config = patient(seed);
        config.max_half_open = 1000;
        World world(seed, Network{0.1, 0.1, milliseconds(5), milliseconds(200)}, config);
        std::vector<Host*> lacs{&world.lac};
        while (lacs.size() < 50) lacs.push_back(&world.add_host(config));
        for (Host* lac : lacs) must_open(world, *lac, world.lns);
        hold(world.run_until(world.now() + seconds(600), [&] { return world.lns.count<TunnelUp>() == 50; }),
             "50 tunnels come up");
        world.run_for(seconds(30));
        for (Host* lac : lacs) {
            for (int i = 0; i < 3; ++i) {
                hold(lac->endpoint.open_session(world.now(), lac->last<TunnelUp>().tunnel).has_value(),
                     "a session opens");
            }
        }
        hold(world.run_until(world.now() + seconds(600), [&] { return world.lns.count<SessionUp>() == 150; }),
             "150 sessions come up");
        for (std::size_t i = 0; i < lacs.size(); ++i) {
            if (i % 3 == 0) close_all(world, *lacs[i]);
            if (i % 3 == 1) world.restart(*lacs[i]);  // the LNS finds out by its HELLO
        }
        world.run_for(seconds(900));
        hold(world.lns.endpoint.tunnel_count() == 16, "a third of the tunnels lives");
        hold(world.lns.count<SessionDown>() == 102, "with its sessions, and no other's");
        close_all(world, world.lns);
        hold(world.run_until(world.now() + seconds(600), [&] { return world.empty(); }), "nothing is left");
    });
}

TEST_CASE("a peer that vanishes is noticed, and can come back at once") {
    for_seeds(300, [](std::uint64_t seed) {
        EndpointConfig config;
        config.hello_interval = seconds(10);
        config.receive_window = static_cast<std::uint16_t>(1 + seed % 8);
        World world(seed, Network{0.02, 0.1, milliseconds(5), milliseconds(100)}, config);
        must_open(world, world.lac, world.lns);
        hold(world.run_until(world.now() + seconds(30), [&] { return world.lns.count<TunnelUp>() == 1; }),
             "the tunnel comes up");
        hold(world.lac.endpoint.open_session(world.now(), world.lac.last<TunnelUp>().tunnel).has_value(),
             "a session opens");
        // Long enough that no SCCRQ of the first life is on its way any more: it would be taken for a new
        // one.
        world.run_for(seconds(1 + world.number(20)));
        Host& vanishing = seed % 2 == 0 ? world.lac : world.lns;
        Host& staying = seed % 2 == 0 ? world.lns : world.lac;
        const std::size_t ups = staying.count<TunnelUp>();
        world.restart(vanishing);
        must_open(world, vanishing, staying);
        hold(world.run_until(world.now() + seconds(30), [&] { return staying.count<TunnelUp>() == ups + 1; }),
             "who comes back gets a new tunnel");
        // 10 s of silence and one cycle, 31 s, after what was on its way.
        hold(world.run_until(world.now() + seconds(42), [&] { return staying.count<TunnelDown>() == 1; }),
             "the old one is noticed to be dead");
        hold(staying.all<TunnelDown>().front().reason.cause == DownReason::Cause::timeout, "by a timeout");
        world.run_for(seconds(1));
        hold(staying.endpoint.tunnel_count() == 1 && vanishing.endpoint.tunnel_count() == 1, "one is left");
        close_all(world, staying);
        hold(world.run_until(world.now() + seconds(100), [&] { return world.empty(); }), "nothing is left");
    });
}
