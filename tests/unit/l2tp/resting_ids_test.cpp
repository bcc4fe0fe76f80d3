// An id is not given out again while late packets of its last owner may arrive.
#include "l2tp/resting_ids.hpp"

#include <doctest/doctest.h>

#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::Line;

namespace {

Cdn cdn() {
    Cdn message;
    message.result = {3, 0, ""};
    message.assigned_session_id = 500;
    return message;
}

}  // namespace

TEST_CASE("the id of a call that the peer ended rests for 31 s") {
    Line line;
    line.establish();
    line.random.always = 0x12;
    const LocalSessionId first = line.call();
    CHECK(first.value == 0x1212);
    line.send(cdn(), 0x1212);
    static_cast<void>(line.output<SessionDown>());
    static_cast<void>(line.expect<Zlb>());

    line.pass(milliseconds(30'999));
    CHECK(line.call(501).value == 0x1213);
    line.pass(milliseconds(1));
    CHECK(line.call(502) == first);
}

TEST_CASE("the id of a call that we ended is taken until the CDN is acknowledged, then it rests") {
    Line line;
    line.establish();
    line.random.always = 0x12;
    const LocalSessionId first = line.call();
    REQUIRE(line.endpoint.close_session(line.now, line.tunnel, first));
    line.drain();
    static_cast<void>(line.output<SessionDown>());
    static_cast<void>(line.expect<Cdn>());
    line.now += milliseconds(500);
    line.acknowledge();

    line.pass(milliseconds(30'900));
    CHECK(line.call(501).value == 0x1213);
    line.pass(milliseconds(100));
    CHECK(line.call(502) == first);
}

TEST_CASE("the id of a tunnel rests too, from TunnelGone on") {
    test::FixedRandom random;
    random.always = 0x34;
    Endpoint endpoint({}, random);
    const Path path{IpAddress::v4(1), {IpAddress::v4(2), 1701}, 0};
    const auto first = endpoint.open_tunnel(Time{}, path);
    REQUIRE(first);
    REQUIRE(endpoint.abandon_tunnel(Time{}, *first, "the SA died"));
    CHECK(endpoint.open_tunnel(Time{seconds(30)}, path) == LocalTunnelId(first->value + 1));
    CHECK(endpoint.open_tunnel(Time{seconds(31)}, path) == *first);
}

TEST_CASE("ids do not run out because many rest, and what rests is bounded") {
    RestingIds<LocalSessionId> resting;
    for (std::uint32_t id = 1; id <= 20'000; ++id) resting.add(Time{}, LocalSessionId(id));
    CHECK(resting.size() == 16'384);
    CHECK_FALSE(resting.contains(LocalSessionId(20'000 - 16'384)));
    CHECK(resting.contains(LocalSessionId(20'000 - 16'383)));
    resting.expire(Time{seconds(31)});
    CHECK(resting.size() == 0);
    CHECK_FALSE(resting.contains(LocalSessionId(20'000)));
}
