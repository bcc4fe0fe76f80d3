// The MTU of a PPP link, from start to end: it follows the encapsulation unless it is configured.
#include "pair.hpp"

using namespace keel;
using keel::test::Pair;

namespace {

// To the LNS; the peer's packets come in UDP or not.
void change(Pair& pair, bool encap) {
    ChildSa sa = pair.lns_sa();
    sa.encap = encap;
    pair.lns.receive(pair.now, IpsecChanged{sa});
}

std::uint16_t shown_mtu(Pair& pair) {
    return pair.lns.overview(pair.now).sessions.at(0).mtu;
}

}  // namespace

TEST_CASE("a link's MTU and MSS are set when it is up, and forgotten when PPP ended") {
    Pair pair;
    pair.to_up();
    CHECK(pair.lns_world.called("link.fit ppp0 1428"));
    CHECK_FALSE(pair.lns_world.called("link.forget ppp0"));
    pair.lns.receive(pair.now, PppExited{PppId(1), PppExited::Cause::lost, "the link went"});
    CHECK(pair.lns_world.called("link.forget ppp0"));
}

TEST_CASE("where NAT-T appears the link shrinks by its eight octets, and grows again without it") {
    Pair pair;
    pair.to_up();
    change(pair, true);
    CHECK(pair.lns_world.calls.back() == "link.fit ppp0 1420");
    CHECK(shown_mtu(pair) == 1420);
    pair.lns_world.calls.clear();
    change(pair, true);  // rekeyed, nothing else
    CHECK_FALSE(pair.lns_world.called("link.fit ppp0 1420"));
    change(pair, false);
    CHECK(pair.lns_world.called("link.fit ppp0 1428"));
}

TEST_CASE("what PPP agreed on is never exceeded") {
    Pair pair;
    pair.to_ppp();
    const IpAddress inner = *IpAddress::parse("10.9.0.2"), server = *IpAddress::parse("10.9.0.1");
    pair.lns.receive(pair.now, PppUp{PppId(1), "ppp0", server, inner, {}, 1410});  // the peer's MRU
    change(pair, true);
    CHECK(shown_mtu(pair) == 1410);
    CHECK_FALSE(pair.lns_world.called("link.fit ppp0 1420"));
}

TEST_CASE("a configured MTU stays as it is") {
    auto config = test::lns_config();
    config.lns[0].mtu = 1400;
    Pair pair(test::lac_config({}), std::move(config));
    pair.to_ppp();
    CHECK(pair.lns_world.pppds.at(0).second.mtu == 1400);
    const IpAddress inner = *IpAddress::parse("10.9.0.2"), server = *IpAddress::parse("10.9.0.1");
    pair.lns.receive(pair.now, PppUp{PppId(1), "ppp0", server, inner, {}, 1400});
    const auto calls = pair.lns_world.calls;
    change(pair, true);
    CHECK(pair.lns_world.calls == calls);
}
