#include <doctest/doctest.h>

#include "pair.hpp"

namespace {

using namespace keel;
using namespace keel::lifecycle;
using keel::test::kLns;
using keel::test::Pair;

std::optional<Field::Value> told(const Pair& pair, const std::string& id, std::string_view key) {
    const auto found = pair.log.last.find(id);
    if (found == pair.log.last.end()) return std::nullopt;
    const auto* value = Record{LogLevel::info, id, found->second}.find(key);
    return value ? std::optional(*value) : std::nullopt;
}

std::int64_t number(const Pair& pair, const std::string& id, std::string_view key) {
    const auto value = told(pair, id, key);
    REQUIRE_MESSAGE(value, id);
    return std::get<std::int64_t>(*value);
}

std::uint64_t received(Pair& pair) {
    return pair.lns.traffic()["lns/office"].data.rx_bytes;
}

}  // namespace

TEST_CASE("a connection's traffic outlives its sessions and never falls") {
    Pair pair;
    pair.to_up();
    pair.lns_world.counters.rx_bytes = 1000;
    CHECK(received(pair) == 1000);
    SUBCASE("PPP says that it ends: the counters are read while they are there") {
        pair.lns_world.counters.rx_bytes = 1500;
        pair.lns.receive(pair.now, PppPhaseChanged{PppId(1), PppPhase::terminate});
        pair.lns_world.counters_gone = true;
        pair.lns.receive(pair.now, PppExited{PppId(1), PppExited::Cause::peer_terminated, "bye"});
        CHECK(pair.lns.overview(pair.now).sessions.empty());
        CHECK(received(pair) == 1500);
    }
    SUBCASE("pppd is killed: what was last read stays") {
        pair.lns_world.counters.rx_bytes = 1500;
        pair.lns_world.counters_gone = true;
        pair.lns.receive(pair.now, PppExited{PppId(1), PppExited::Cause::error, "killed"});
        CHECK(received(pair) == 1000);
    }
    SUBCASE("we end it") {
        pair.lns_world.counters.rx_bytes = 1700;
        pair.lns.stop(pair.now);
        pair.pppds_obey();
        CHECK(received(pair) == 1700);
    }
}

TEST_CASE("echoes are a session's and its connection's") {
    Pair pair;
    pair.to_up();
    pair.lns.receive(pair.now, PppEchoed{PppId(1), {5, 4}});
    pair.lns.receive(pair.now, PppEchoed{PppId(77), {500, 400}});  // of a session that is gone
    CHECK(pair.lns.overview(pair.now).sessions[0].echo.sent == 5);
    CHECK(pair.lns.overview(pair.now).sessions[0].echo.received == 4);
    pair.lns.receive(pair.now, PppExited{PppId(1), PppExited::Cause::echo_lost, "no LCP echo"});
    CHECK(pair.lns.traffic()["lns/office"].echo.sent == 5);
}

TEST_CASE("how long each stage took is told once") {
    Pair pair;
    pair.start();
    pair.lac.receive(pair.now, Resolved{pair.lac_world.last_tag, std::vector{kLns}});
    pair.now += milliseconds(300);
    pair.lac.receive(pair.now, IpsecIkeUp{"lac/branch"});
    pair.now += milliseconds(100);
    pair.lns.receive(pair.now, IpsecUp{pair.lns_sa()});
    pair.lac.receive(pair.now, IpsecUp{pair.lac_sa()});
    pair.exchange();
    CHECK(number(pair, "tunnel.up", "took_ms") == 0);
    for (const auto& [phase, after] : {std::pair{PppPhase::lcp, 10}, std::pair{PppPhase::authenticate, 1000},
                                       std::pair{PppPhase::network, 20}, std::pair{PppPhase::running, 30}}) {
        pair.now += milliseconds(after);
        pair.lac.receive(pair.now, PppPhaseChanged{PppId(1), phase});
    }
    pair.lac.receive(
        pair.now,
        PppUp{PppId(1), "ppp0", *IpAddress::parse("10.9.0.2"), *IpAddress::parse("10.9.0.1"), {}, 1428});
    CHECK(number(pair, "connection.up", "ike_ms") == 400);
    CHECK(number(pair, "connection.up", "l2tp_ms") == 0);
    CHECK(number(pair, "session.negotiated", "lcp_ms") == 1000);
    CHECK(number(pair, "session.negotiated", "authentication_ms") == 20);
    CHECK(number(pair, "session.negotiated", "ipcp_ms") == 30);
    pair.lac.receive(pair.now, PppExited{PppId(1), PppExited::Cause::echo_lost, "no LCP echo"});
    CHECK(told(pair, "session.ppp-ended", "cause") == Field::Value(std::string("echo-lost")));
    CHECK(told(pair, "connection.lost", "cause") == Field::Value(std::string("timeout")));
}
