// What hostile datagrams cost, in memory and in answers, and that they disturb nobody who is established.
// tests/bench/run hostile does the same with a million of them, and measures.
#include <doctest/doctest.h>

#include "unit/l2tp_hostile/memory.hpp"
#include "unit/l2tp_hostile/siege.hpp"

using namespace keel;
using namespace keel::l2tp;
using namespace keel::l2tp::test;

namespace {

constexpr std::uint32_t kTunnels = 100;
constexpr std::uint64_t kPackets = 4000;
constexpr std::size_t kHalfOpen = 1024, kHalfOpenOfOne = 256;  // EndpointConfig's, by default

}  // namespace

TEST_CASE("50,000 hostile datagrams: no tunnel or session is lost, and what is kept is bounded") {
    for (const Attack kind : kAttacks) {
        CAPTURE(name_of(kind));
        Siege siege(kTunnels, 11);
        REQUIRE(siege.tunnels_up() == kTunnels);
        REQUIRE(siege.sessions_up() == kTunnels);
        const Memory before = Memory::now();
        const Tally tally = siege.attack(kind, kPackets);

        CHECK(siege.lns().tunnel_count() <= kTunnels + kHalfOpen);
        CHECK(Memory::now().octets < before.octets + kHalfOpen * 1536 + (64U << 10U));
        // Two HELLO intervals and a retransmission cycle: whoever could not carry a HELLO would be gone.
        siege.pass(seconds(151));
        CHECK(siege.tunnels_up() == kTunnels);
        CHECK(siege.sessions_up() == kTunnels);
        CHECK(siege.new_sessions(5) == kTunnels / 5);
        CHECK(siege.lns().tunnel_count() == kTunnels);
        CHECK(tally.packets == kPackets);
    }
}

TEST_CASE("a datagram has one answer at most, hardly longer, and none if it belongs to nobody") {
    for (const Attack kind : kAttacks) {
        CAPTURE(name_of(kind));
        Siege siege(20, 12);
        const Tally tally = siege.attack(kind, kPackets);
        CHECK(tally.answers <= tally.packets);
        CHECK(tally.amplification() <= 1.1);
        switch (kind) {
            case Attack::garbage:
            case Attack::headers:
            case Attack::truncated:
            case Attack::wrong_address:
            case Attack::wrong_binding:
            case Attack::forged_end:
            case Attack::out_of_window:
            case Attack::zlb: CHECK(tally.answers == 0); break;
            // SCCRQs; and a duplicate is acknowledged, 5.8: to the peer, whose address it has.
            case Attack::mutated:
            case Attack::replayed:
            case Attack::sccrq_spoofed:
            case Attack::sccrq_one:
            case Attack::sccrq_hidden:
            case Attack::sccrq_unproved: CHECK(tally.answers > 0); break;
        }
    }
}

TEST_CASE("an SCCRP that nobody acknowledges is sent six times, to those few that are half open") {
    Siege siege(1, 15);
    Tally tally = siege.attack(Attack::sccrq_spoofed, kPackets);
    CHECK(tally.answers == kPackets);
    siege.pass(seconds(31), &tally);
    CHECK(tally.answers == kPackets + 5 * kHalfOpen);
    siege.pass(seconds(31), &tally);
    CHECK(tally.answers <= kPackets + 5 * kHalfOpen + 4);  // HELLOs of the one that is up
}

TEST_CASE("beyond a cap of half-open tunnels: StopCCN, result 2, error 4") {
    Siege siege(10, 13);
    static_cast<void>(siege.attack(Attack::sccrq_one, 1000, Duration{1}));
    CHECK(siege.lns().tunnel_count() == 10 + kHalfOpenOfOne);
    CHECK(siege.refusals() == 1000 - kHalfOpenOfOne);
    CHECK(siege.last_result() == 2);
    CHECK(siege.last_error() == 4);

    static_cast<void>(siege.attack(Attack::sccrq_spoofed, 2000, Duration{1}));
    CHECK(siege.lns().tunnel_count() == 10 + kHalfOpen);
    CHECK(siege.refusals() == 3000 - kHalfOpen);
    CHECK(siege.last_result() == 2);
    CHECK(siege.last_error() == 4);
    CHECK(siege.lns().counters().refused == 3000 - kHalfOpen);

    // Who does not carry on is forgotten after a retransmission cycle.
    siege.pass(seconds(32));
    CHECK(siege.lns().tunnel_count() == 10);
}

TEST_CASE("a flood that comes again finds the memory that it had the first time") {
    Siege siege(20, 14);
    const auto flood = [&] {
        for (const Attack kind : kAttacks) static_cast<void>(siege.attack(kind, 2500));
        siege.pass(seconds(151));
        return Memory::now().octets;
    };
    static_cast<void>(flood());
    const std::size_t second = flood();
    CHECK(flood() <= second + (32U << 10U));
    CHECK(siege.tunnels_up() == 20);
}
