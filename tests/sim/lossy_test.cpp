// Many seeds of a bad network: everything comes up, everything goes down, nothing is left.
#include <doctest/doctest.h>

#include <chrono>
#include <set>

#include "sim/world.hpp"

namespace {

using namespace keel;
using namespace keel::l2tp;
using keel::sim::Network;
using keel::sim::World;

// 30 % of the datagrams are lost each way, 20 % come twice, and any may overtake the ones of 300 ms before.
constexpr Network kBad{0.3, 0.2, milliseconds(5), milliseconds(300)};

// A message is lost 12 times in a row about once in half a million.
EndpointConfig patient() {
    EndpointConfig config;
    config.retransmit_limit = 16;
    config.hello_interval = seconds(20);
    return config;
}

constexpr std::size_t kSessions = 20;

// Each opened session came up once on both sides, with the ids of the two sides crossing.
void check_sessions(const World& world) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> lac, lns;
    for (const Output& output : world.lac.outputs) {
        if (const auto* up = std::get_if<SessionUp>(&output))
            lac.emplace(up->session.value, up->peer_session.value);
    }
    for (const Output& output : world.lns.outputs) {
        if (const auto* up = std::get_if<SessionUp>(&output))
            lns.emplace(up->peer_session.value, up->session.value);
    }
    CHECK(lac.size() == kSessions);
    CHECK(lac == lns);
}

LocalTunnelId bring_up(World& world) {
    const auto tunnel = world.lac.endpoint.open_tunnel(world.now(), world.lac.path);
    REQUIRE(tunnel.has_value());
    REQUIRE(world.run_until(world.now() + seconds(600), [&] { return world.lac.count<TunnelUp>() == 1; }));
    for (std::size_t i = 0; i < kSessions; ++i) {
        REQUIRE(world.lac.endpoint.open_session(world.now(), *tunnel).has_value());
    }
    REQUIRE(world.run_until(world.now() + seconds(600), [&] {
        return world.lac.count<SessionUp>() == kSessions && world.lns.count<SessionUp>() == kSessions;
    }));
    check_sessions(world);
    return *tunnel;
}

}  // namespace

TEST_CASE("a tunnel and its sessions come up and go down at 30 % loss, whatever the seed") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        World world(seed, kBad, patient());
        const LocalTunnelId tunnel = bring_up(world);
        for (const Output& output : std::vector(world.lac.outputs)) {
            const auto* up = std::get_if<SessionUp>(&output);
            if (up == nullptr || up->session.value % 2 == 0) continue;
            REQUIRE(world.lac.endpoint.close_session(world.now(), tunnel, up->session).has_value());
        }
        world.run_for(seconds(200));
        CHECK(world.lac.count<TunnelDown>() == 0);
        REQUIRE(world.lns.count<SessionDown>() == world.lac.count<SessionDown>());
        sim::Host& closing = seed % 2 == 0 ? world.lac : world.lns;
        REQUIRE(closing.endpoint.close_tunnel(world.now(), closing.last<TunnelUp>().tunnel).has_value());
        REQUIRE(world.run_until(world.now() + seconds(3600), [&] { return world.empty(); }));
        for (const sim::Host* host : {&world.lac, &world.lns}) {
            CHECK(host->count<TunnelUp>() == 1);
            CHECK(host->count<TunnelDown>() == 1);
            CHECK(host->count<TunnelGone>() == 1);
            CHECK(host->count<SessionDown>() == kSessions);
        }
    }
}

TEST_CASE("both ends close at once and both forget") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        CAPTURE(seed);
        World world(seed, kBad, patient());
        bring_up(world);
        for (sim::Host* host : {&world.lac, &world.lns}) {
            REQUIRE(host->endpoint.close_tunnel(world.now(), host->last<TunnelUp>().tunnel).has_value());
        }
        REQUIRE(world.run_until(world.now() + seconds(3600), [&] { return world.empty(); }));
        CHECK(world.lac.count<TunnelGone>() == 1);
        CHECK(world.lns.count<TunnelGone>() == 1);
    }
}

TEST_CASE("a dead peer is noticed one HELLO interval and one retransmission cycle after its last message") {
    EndpointConfig config;
    config.hello_interval = seconds(10);
    World world(7, Network{}, config);
    REQUIRE(world.lac.endpoint.open_tunnel(world.now(), world.lac.path).has_value());
    world.run_for(seconds(5));
    REQUIRE(world.lac.count<TunnelUp>() == 1);
    REQUIRE(world.lac.endpoint.open_session(world.now(), world.lac.last<TunnelUp>().tunnel).has_value());
    const Time heard = world.now() + milliseconds(20);  // ICRQ, ICRP, ICCN, ZLB: two round trips
    world.run_for(milliseconds(20));
    world.cut = true;
    CHECK_FALSE(world.run_until(heard + seconds(41) - milliseconds(1),
                                [&] { return world.lac.count<TunnelDown>() == 1; }));
    CHECK(world.run_until(heard + seconds(41) + milliseconds(1),
                          [&] { return world.lac.count<TunnelDown>() == 1; }));
    CHECK(world.lac.last<TunnelDown>().reason.cause == DownReason::Cause::timeout);
    CHECK(world.lac.last<SessionDown>().reason.cause == DownReason::Cause::tunnel_down);
    CHECK(world.run_until(heard + seconds(50), [&] { return world.empty(); }));
}

TEST_CASE("an idle tunnel lives on HELLOs for an hour at 30 % loss") {
    World world(11, kBad, patient());
    const auto tunnel = world.lac.endpoint.open_tunnel(world.now(), world.lac.path);
    REQUIRE(tunnel.has_value());
    world.run_for(seconds(3600));
    CHECK(world.lac.count<TunnelDown>() == 0);
    CHECK(world.lns.count<TunnelDown>() == 0);
    // One HELLO in 20 s at most, from either side, or an answer to one.
    CHECK(world.lac.endpoint.tunnel_status(*tunnel)->ns > 20);
}

TEST_CASE("sequence numbers wrap") {
    World world(13, Network{});
    REQUIRE(world.lac.endpoint.open_tunnel(world.now(), world.lac.path).has_value());
    world.run_for(seconds(1));
    const LocalTunnelId tunnel = world.lac.last<TunnelUp>().tunnel;
    for (int call = 0; call < 25000; ++call) {  // ICRQ, ICCN, CDN: three each
        const auto session = world.lac.endpoint.open_session(world.now(), tunnel);
        REQUIRE(session.has_value());
        world.run_for(milliseconds(25));
        REQUIRE(world.lac.endpoint.close_session(world.now(), tunnel, *session).has_value());
        world.run_for(milliseconds(25));
        world.lac.outputs.clear();
        world.lns.outputs.clear();
    }
    CHECK(world.lac.endpoint.tunnel_status(tunnel)->ns == (2 + 75000) % 65536);
    CHECK(world.lac.endpoint.counters().retransmitted == 0);
}

TEST_CASE("a thousand tunnels at once") {
    EndpointConfig config = patient();
    config.max_half_open_per_source = 1000;  // they all come from one address
    World world(17, Network{0.05, 0.05, milliseconds(5), milliseconds(50)}, config);
    for (int i = 0; i < 1000; ++i)
        REQUIRE(world.lac.endpoint.open_tunnel(world.now(), world.lac.path).has_value());
    REQUIRE(world.run_until(world.now() + seconds(600), [&] {
        return world.lac.count<TunnelUp>() == 1000 && world.lns.count<TunnelUp>() == 1000;
    }));
}

TEST_CASE("both ends open a tunnel at once: the tie breakers leave one, whatever the seed") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        CAPTURE(seed);
        World world(seed, kBad, patient());
        REQUIRE(world.lac.endpoint.open_tunnel(world.now(), world.lac.path).has_value());
        REQUIRE(world.lns.endpoint.open_tunnel(world.now(), world.lns.path).has_value());
        world.run_for(seconds(900));
        for (const sim::Host* host : {&world.lac, &world.lns}) {
            CHECK(host->endpoint.tunnel_count() == 1);
            CHECK(host->endpoint.tunnel_status(host->last<TunnelUp>().tunnel)->state ==
                  TunnelState::established);
        }
        CHECK(world.lac.last<TunnelUp>().peer_tunnel.value == world.lns.last<TunnelUp>().tunnel.value);
    }
}

TEST_CASE(
    "a tunnel that is authenticated and hidden comes up at 30 % loss; one of another secret never does") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        for (const bool same : {true, false}) {
            EndpointConfig config = patient();
            config.incoming = [](const Path&, std::string_view) {
                return Secret(std::string_view("one"));
            };
            World world(seed, kBad, config);
            TunnelOptions options;
            options.secret = Secret(std::string_view(same ? "one" : "other"));
            options.hide = same;  // hidden by another secret, not even the SCCRQ could be read
            REQUIRE(world.lac.endpoint.open_tunnel(world.now(), world.lac.path, options).has_value());
            world.run_for(seconds(900));
            CHECK(world.lac.count<TunnelUp>() == (same ? 1u : 0u));
            CHECK(world.lns.count<TunnelUp>() == (same ? 1u : 0u));
            if (!same) {
                CHECK(world.lac.last<TunnelDown>().reason.result == 4);
                CHECK(world.empty());
            }
        }
    }
}
