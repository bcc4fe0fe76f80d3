// A kernel whose listeners are not told under which SA a datagram came (no SO_RCVMARK): each SA has a
// listener of its own.
#include <doctest/doctest.h>

#include "pair.hpp"

using namespace keel;
using namespace keel::lifecycle;
using keel::test::child_sa;
using keel::test::kLac;
using keel::test::kLns;
using keel::test::kLnsMark;
using keel::test::Pair;
using keel::test::World;

namespace {

struct Old : Pair {
    Old() {
        lns_world.marks_told = false;
        to_ipsec();
    }
    void up(std::uint32_t mark, std::uint32_t reqid) {
        lns.receive(now, IpsecUp{child_sa("lns/office", mark, reqid, kLns, kLac)});
    }
    // The SAs that have a listener.
    [[nodiscard]] std::vector<std::uint32_t> listened() const {
        std::vector<std::uint32_t> marks;
        for (const auto& [id, spec] : lns_world.listeners) {
            if (spec.sa) marks.push_back(spec.sa->mark);
        }
        return marks;
    }
};

using Marks = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("each SA has a listener of its own, for as long as it lives") {
    Old pair;
    CHECK(pair.listened().empty());
    pair.up(1, 1);
    pair.up(2, 2);
    CHECK(pair.listened() == Marks{1, 2});
    CHECK(pair.lns_world.listeners.rbegin()->second.local == SocketAddress{kLns, 1701});
    pair.lns.receive(pair.now, IpsecDown{child_sa("lns/office", 1, 1, kLns, kLac), {}});
    CHECK(pair.listened() == Marks{2});
}

TEST_CASE("a reqid that is given again closes the listener that had it") {
    Old pair;
    pair.up(1, 1);
    pair.up(2, 1);
    CHECK(pair.listened() == Marks{2});
    // What died is told of late.
    pair.lns.receive(pair.now, IpsecDown{child_sa("lns/office", 1, 1, kLns, kLac), {}});
    CHECK(pair.listened() == Marks{2});
}

TEST_CASE("a client comes in by its SA's listener") {
    Old pair;
    pair.lac.receive(pair.now, IpsecUp{pair.lac_sa()});
    pair.lns.receive(pair.now, IpsecUp{pair.lns_sa()});
    REQUIRE(pair.lac_world.outbox.size() == 1);
    const Bytes sccrq = pair.lac_world.outbox.front().bytes;
    for (const auto& [id, spec] : pair.lns_world.listeners) {
        if (!spec.sa) continue;
        pair.lns.receive(pair.now, DatagramReceived{id, kLns, {kLac, 1701}, spec.sa->mark, sccrq});
    }
    const auto tunnels = pair.lns.overview(pair.now).tunnels;
    REQUIRE(tunnels.size() == 1);
    CHECK(tunnels[0].mark == kLnsMark);
}

TEST_CASE("a client that cannot have one is refused with the reason, and its SA is ended") {
    Old pair;
    pair.up(1, 1);
    pair.lns_world.failures["listen"] = {ErrorCode::busy, "no free UDP port", "spread the clients"};
    pair.up(2, 2);
    CHECK(pair.listened() == Marks{1});
    CHECK(pair.lns_world.called("ipsec.terminate 2"));
    REQUIRE(pair.office().refusals.size() == 1);
    CHECK(pair.office().refusals[0].message.find("no free UDP port") != std::string::npos);
}

TEST_CASE("they go with charon, and with the server") {
    Old pair;
    pair.up(1, 1);
    pair.lns.receive(pair.now, IpsecLost{{ErrorCode::unavailable, "gone", {}}});
    CHECK(pair.listened().empty());
    pair.up(1, 1);
    pair.lns.stop(pair.now);
    CHECK(pair.lns_world.listeners.empty());
}

TEST_CASE("where the marks are told there are none") {
    Pair pair;
    pair.to_ipsec();
    pair.lns.receive(pair.now, IpsecUp{pair.lns_sa()});
    CHECK(pair.lns_world.listeners.size() == 1);
}
