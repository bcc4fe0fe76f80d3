// A long life on a good network: silence, wrapping numbers, many tunnels. One run each, no seeds.
#include <doctest/doctest.h>

#include "sim/networks.hpp"
#include "sim/world.hpp"

namespace {

using namespace keel;
using namespace keel::l2tp;
using namespace keel::sim;

}  // namespace

TEST_CASE("a dead peer is noticed one HELLO interval and one retransmission cycle after its last message") {
    EndpointConfig config;
    config.hello_interval = seconds(10);
    World world(7, Network{}, config);
    REQUIRE(world.lac.endpoint.open_tunnel(world.now(), world.lac.to(world.lns)).has_value());
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
    const auto tunnel = world.lac.endpoint.open_tunnel(world.now(), world.lac.to(world.lns));
    REQUIRE(tunnel.has_value());
    world.run_for(seconds(3600));
    CHECK(world.lac.count<TunnelDown>() == 0);
    CHECK(world.lns.count<TunnelDown>() == 0);
    // One HELLO in 20 s at most, from either side, or an answer to one.
    CHECK(world.lac.endpoint.tunnel_status(*tunnel)->ns > 20);
}

TEST_CASE("sequence numbers wrap") {
    World world(13, Network{});
    REQUIRE(world.lac.endpoint.open_tunnel(world.now(), world.lac.to(world.lns)).has_value());
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
        REQUIRE(world.lac.endpoint.open_tunnel(world.now(), world.lac.to(world.lns)).has_value());
    REQUIRE(world.run_until(world.now() + seconds(600), [&] {
        return world.lac.count<TunnelUp>() == 1000 && world.lns.count<TunnelUp>() == 1000;
    }));
}
