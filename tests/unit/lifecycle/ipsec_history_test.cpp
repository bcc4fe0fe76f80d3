#include "lifecycle/ipsec_history.hpp"

#include <doctest/doctest.h>

using namespace keel;
using namespace keel::lifecycle;

namespace {

constexpr Time t0{};

ChildSa sa(std::uint32_t mark, int version, const char* id, std::uint16_t port = 4500) {
    ChildSa out;
    out.connection = "lns/office";
    out.mark = mark;
    out.ike_version = version;
    out.remote = {IpAddress::v4(0xc6336407), port};
    out.remote_id = id;
    return out;
}

}  // namespace

TEST_CASE("who came by IKEv1 stays known after they left; who came by IKEv2 is only counted") {
    IpsecHistory history(t0);
    history.observe(t0 + seconds(1), IpsecUp{sa(1, 1, "10.0.0.5")});
    history.observe(t0 + seconds(2), IpsecUp{sa(2, 2, "carol")});
    history.observe(t0 + seconds(3), IpsecUp{sa(3, 1, "10.0.0.6")});
    history.observe(t0 + seconds(4), IpsecDown{sa(1, 1, "10.0.0.5"), ""});
    const auto peers = history.ikev1_peers();
    REQUIRE(peers.size() == 2);
    CHECK(peers[0].identity == "10.0.0.6");
    CHECK(peers[0].up == 1);
    CHECK(peers[1].identity == "10.0.0.5");
    CHECK(peers[1].up == 0);
    CHECK(peers[1].times == 1);
    CHECK(history.ikev2_times() == 1);
}

TEST_CASE("the same peer again is one peer; an SA told again is not counted up twice") {
    IpsecHistory history(t0);
    history.observe(t0, IpsecUp{sa(1, 1, "a")});
    history.observe(t0, IpsecUp{sa(1, 1, "a")});
    history.observe(t0 + seconds(9), IpsecUp{sa(2, 1, "a")});
    const auto peers = history.ikev1_peers();
    REQUIRE(peers.size() == 1);
    CHECK(peers[0].times == 3);
    CHECK(peers[0].up == 2);
    CHECK(peers[0].first == t0);
    CHECK(peers[0].last == t0 + seconds(9));
    history.observe(t0 + seconds(10), IpsecLost{});
    CHECK(history.ikev1_peers()[0].up == 0);
}

TEST_CASE("a mapping that moves is counted; a rekey is no move") {
    IpsecHistory history(t0);
    history.observe(t0, IpsecUp{sa(1, 1, "a")});
    CHECK_FALSE(history.moves(1));
    history.observe(t0 + seconds(1), IpsecChanged{sa(1, 1, "a")});
    CHECK_FALSE(history.moves(1));
    history.observe(t0 + seconds(2), IpsecChanged{sa(1, 1, "a", 61001)});
    history.observe(t0 + seconds(3), IpsecChanged{sa(1, 1, "a", 61002)});
    REQUIRE(history.moves(1));
    CHECK(history.moves(1)->count == 2);
    CHECK(history.moves(1)->last == t0 + seconds(3));
    history.observe(t0 + seconds(4), IpsecDown{sa(1, 1, "a"), ""});
    CHECK_FALSE(history.moves(1));
}

TEST_CASE("identities that strangers invent do not fill the memory; who is connected is kept") {
    IpsecHistory history(t0);
    history.observe(t0, IpsecUp{sa(1, 1, "the office")});
    for (std::uint32_t i = 0; i < 3 * IpsecHistory::kMaxPeers; ++i) {
        const ChildSa stranger = sa(2, 1, std::to_string(i).c_str());
        history.observe(t0 + seconds(i + 1), IpsecUp{stranger});
        history.observe(t0 + seconds(i + 1), IpsecDown{stranger, ""});
    }
    const auto peers = history.ikev1_peers();
    CHECK(peers.size() == IpsecHistory::kMaxPeers);
    CHECK(peers.back().identity == "the office");
    CHECK(history.ikev1_forgotten() == 2 * IpsecHistory::kMaxPeers + 1);
}
