// RFC 4951: what is asked of one that cannot recover tunnels.
#include <doctest/doctest.h>

#include "peer.hpp"

namespace {

using namespace keel;
using namespace keel::l2tp;
using namespace keel::l2tp::test;

}  // namespace

TEST_CASE(
    "RFC 4951 5.2: an SCCRQ that recovers a tunnel is refused by StopCCN 2, error 8, and leaves nothing") {
    Line line;
    auto sccrq = Line::sccrq();
    sccrq.tunnel_recovery = TunnelRecovery{0x1234, 0x5678};
    line.inject(encode_message(0, 0, sccrq));
    const auto stop = line.expect<Stopccn>();
    CHECK(stop.result.result == 2);
    CHECK(stop.result.error == 8);
    CHECK(line.quiet());
    CHECK(line.endpoint.tunnel_count() == 0);
}

TEST_CASE("RFC 4951: an FSQ is acknowledged and changes nothing; a capability is heard and not needed") {
    Line line;
    auto sccrq = Line::sccrq();
    sccrq.failover_capability = FailoverCapability{3, 10000};
    line.establish(sccrq);
    line.send(Fsq{{{1, 2}}});
    static_cast<void>(line.expect<Zlb>());
    CHECK(line.quiet());
    CHECK(line.endpoint.tunnel_status(line.tunnel)->state == TunnelState::established);
}
