// Outgoing calls (RFC 2661 6.9-6.11): an LNS's Orchestrator has that of a LAC call, over a wire in virtual
// time and without IPsec.
#include <doctest/doctest.h>

#include "pair.hpp"

using namespace keel;
using namespace keel::lifecycle;
using keel::test::kLns;
using keel::test::plain_tunnel;

namespace {

const IpAddress kInner = *IpAddress::parse("10.9.0.1");

config::Call call(std::string number = "5551234", std::string lac = "lac") {
    return {.name = "branch7",
            .lac = std::move(lac),
            .called_number = std::move(number),
            .sub_address = "",
            .minimum_bps = 9600,
            .maximum_bps = 64000,
            .bearer = config::Call::Bearer::digital};
}

config::Config lns_config(std::vector<config::Call> calls) {
    config::Config config{};
    config.lns.push_back({.name = "lns/office",
                          .listen = {kLns},
                          .ipsec = std::nullopt,
                          .hello_interval = seconds(60),
                          .tunnel = plain_tunnel(),
                          .auth = {AuthMethod::pap},
                          .local_address = kInner,
                          .pool = {*Prefix::parse("10.9.0.0/29")},
                          .dns = {},
                          .mtu = 1400,
                          .echo_interval = seconds(30),
                          .users = {{"alice", {Secret("wonder"), std::nullopt}}},
                          .calls = std::move(calls)});
    return config;
}

config::Config lac_config(bool waits, std::vector<std::string> numbers) {
    config::Config config{};
    config.lac.push_back({.name = "lac/branch",
                          .server = "vpn.example.net",
                          .ipsec = std::nullopt,
                          .hello_interval = seconds(60),
                          .tunnel = plain_tunnel(),
                          .user = "alice",
                          .password = Secret("wonder"),
                          .mtu = 1400,
                          .echo_interval = seconds(30),
                          .routes = {*Prefix::parse("10.9.0.0/16")},
                          .waits_for_call = waits,
                          .numbers = std::move(numbers)});
    return config;
}

struct Pair : keel::test::Pair {
    explicit Pair(std::vector<config::Call> calls = {call()}, std::vector<std::string> numbers = {},
                  bool waits = true)
        : keel::test::Pair(lac_config(waits, std::move(numbers)), lns_config(std::move(calls))) {
        REQUIRE(lns.start(now));
        REQUIRE(lac.start(now));
        lac.receive(now, Resolved{lac_world.last_tag, std::vector{kLns}});
        exchange();
    }

    // The newest pppd of each end logs in and gets its addresses.
    void ppp_up() {
        const PppId server = lns_world.pppds.back().first, client = lac_world.pppds.back().first;
        lns.receive(now, PppLoginRequested{server, login("alice", "wonder")});
        REQUIRE(lns_world.verdicts.back().accepted);
        const IpAddress inner = *lns_world.verdicts.back().peer_address;
        lns.receive(now, PppUp{server, "ppp0", kInner, inner, {}, 1400});
        lac.receive(now, PppUp{client, "ppp0", inner, kInner, {}, 1400});
        exchange();
    }
    void lac_ppp_ends(PppExited::Cause cause, const char* words, std::uint16_t protocol = 0) {
        lac.receive(now, PppExited{lac_world.pppds.back().first, cause, words, protocol});
        exchange();
    }
    void lns_ppp_ends(PppExited::Cause cause, const char* words, std::uint16_t protocol = 0) {
        lns.receive(now, PppExited{lns_world.pppds.back().first, cause, words, protocol});
        exchange();
    }
    CallStatus asked() { return lns.overview(now).lnss[0].calls[0]; }
};

}  // namespace

TEST_CASE("the server has its client call as soon as the tunnel stands, and PPP runs as with any session") {
    Pair pair;
    REQUIRE(pair.lac_world.pppds.size() == 1);
    REQUIRE(pair.lns_world.pppds.size() == 1);
    CHECK_FALSE(pair.lac_world.pppds[0].second.server);
    CHECK(pair.lns_world.pppds[0].second.server);
    CHECK(pair.asked().state == CallStatus::State::connected);
    pair.ppp_up();
    CHECK(pair.branch().state == LacStatus::State::up);
    CHECK(pair.asked().state == CallStatus::State::up);
    CHECK(pair.asked().attempts == 0);
    CHECK_FALSE(pair.asked().why);
    CHECK(pair.lac_world.called("route.add 10.9.0.0/16"));
    // One session, crosswise in both kernels, made before PPP begins.
    REQUIRE(pair.lac_world.kernel_sessions.size() == 1);
    REQUIRE(pair.lns_world.kernel_sessions.size() == 1);
    CHECK(pair.lac_world.kernel_sessions[0].session.value ==
          pair.lns_world.kernel_sessions[0].peer_session.value);
    CHECK(pair.lns_world.kernel_sessions[0].lns_mode);
    CHECK_FALSE(pair.lac_world.kernel_sessions[0].lns_mode);
    CHECK(pair.lns_world.when("session.create") < pair.lns_world.when("pppd.start"));
    const auto stages = pair.branch().timeline;
    CHECK(std::ranges::count(stages, Stage::call, &StageDuration::stage) == 1);
}

TEST_CASE("without a call the client waits for it, without limit and without asking for a session") {
    Pair pair(std::vector<config::Call>{});
    CHECK(pair.branch().state == LacStatus::State::ready);
    CHECK(pair.branch().stage == Stage::call);
    pair.pass(seconds(86400));
    CHECK(pair.branch().state == LacStatus::State::ready);
    CHECK(pair.lac_world.pppds.empty());
    CHECK(pair.lns_world.kernel_sessions.empty());
}

TEST_CASE("a call is for the client whose host name it says, and waits for its tunnel") {
    Pair pair({call("5551234", "another")});
    CHECK(pair.branch().state == LacStatus::State::ready);
    CHECK(pair.asked().state == CallStatus::State::no_tunnel);
    CHECK(pair.asked().attempts == 0);
}

TEST_CASE(
    "a client that does not wait for calls tells no bearers, and is told so; its session is not disturbed") {
    Pair pair({call()}, {}, false);
    CHECK(pair.asked().state == CallStatus::State::waiting);
    REQUIRE(pair.asked().why);
    CHECK(pair.asked().why->error.message.find("bearer capabilities") != std::string::npos);
    CHECK(pair.lac_world.pppds.size() == 1);
    pair.ppp_up();
    CHECK(pair.branch().state == LacStatus::State::up);
}

TEST_CASE("a number that is not the client's is refused, told at both ends, and tried again with back-off") {
    Pair pair({call("666")}, {"5551234", "5551235"});
    CHECK(pair.lac_world.pppds.empty());
    CHECK(pair.branch().state == LacStatus::State::ready);
    REQUIRE(pair.branch().why);
    CHECK(pair.branch().why->stage == Stage::call);
    CHECK(pair.branch().why->error.message.find("666") != std::string::npos);
    REQUIRE(pair.asked().why);
    CHECK(pair.asked().why->error.message.find("invalid destination (result 6)") != std::string::npos);
    CHECK(pair.asked().state == CallStatus::State::waiting);
    CHECK(pair.asked().retry_in >= milliseconds(750));
    CHECK(pair.asked().retry_in <= milliseconds(1250));
    pair.pass(seconds(60));
    CHECK(pair.asked().attempts >= 4);
    CHECK(pair.asked().attempts <= 8);
    CHECK(pair.asked().retry_in <= milliseconds(37500));
    CHECK(pair.lac_world.tunnel_sockets.size() == 1);
}

TEST_CASE("a call that ends at the client is placed again; the tunnel stays") {
    Pair pair;
    pair.ppp_up();
    pair.lac_ppp_ends(PppExited::Cause::error, "pppd was killed by signal 9");
    CHECK(pair.branch().state == LacStatus::State::ready);
    CHECK(pair.branch().why->error.message == "pppd was killed by signal 9");
    CHECK(pair.lac_world.called("route.remove 10.9.0.0/16"));
    CHECK(pair.lac_world.called("session.delete"));
    CHECK(pair.asked().state == CallStatus::State::waiting);
    CHECK(pair.asked().why->error.message.find("pppd was killed by signal 9") != std::string::npos);
    pair.pppds_obey();
    pair.pass(seconds(2));
    REQUIRE(pair.lac_world.pppds.size() == 2);
    pair.ppp_up();
    CHECK(pair.branch().state == LacStatus::State::up);
    CHECK_FALSE(pair.branch().why);
    CHECK_FALSE(pair.asked().why);
    CHECK_FALSE(pair.lac_world.called("tunnel.delete"));
    // Each stage once, however many calls there were.
    CHECK(std::ranges::count(pair.branch().timeline, Stage::ppp, &StageDuration::stage) == 1);
}

TEST_CASE("a call that ends at the server is placed again, though the client's old pppd is still ending") {
    Pair pair;
    pair.ppp_up();
    pair.lns_ppp_ends(PppExited::Cause::echo_lost, "the peer answers no LCP echo");
    CHECK(pair.asked().why->error.message == "the peer answers no LCP echo");
    CHECK(pair.asked().why->stage == Stage::ppp);
    pair.pass(seconds(2));
    REQUIRE(pair.lac_world.pppds.size() == 2);
    CHECK(pair.branch().why->error.message.find("CDN") != std::string::npos);
    CHECK(pair.branch().state == LacStatus::State::connecting);
    // The end of the old one is not that of the new one.
    pair.pppds_obey();
    pair.ppp_up();
    CHECK(pair.branch().state == LacStatus::State::up);
    CHECK(pair.asked().state == CallStatus::State::up);
}

TEST_CASE("one call at a time: another finds the line busy") {
    auto second = call("5559999");
    second.name = "branch8";
    Pair pair({call(), second});
    pair.ppp_up();
    CHECK(pair.asked().state == CallStatus::State::up);
    const auto other = pair.lns.overview(pair.now).lnss[0].calls[1];
    CHECK(other.state == CallStatus::State::waiting);
    REQUIRE(other.why);
    CHECK(other.why->error.message.find("busy signal (result 8)") != std::string::npos);
    CHECK(pair.branch().state == LacStatus::State::up);
}

TEST_CASE("a login that the server refuses ends the call with that reason at both ends") {
    Pair pair;
    const PppId server = pair.lns_world.pppds.back().first;
    pair.lns.receive(pair.now, PppLoginRequested{server,
                                                 {.method = AuthMethod::pap,
                                                  .user = "alice",
                                                  .password = Secret("wrong"),
                                                  .identifier = 0,
                                                  .challenge = {},
                                                  .response = {}}});
    SUBCASE("the client's end comes first") {
        pair.lac_ppp_ends(PppExited::Cause::auth_failed, "the peer refused our login");
    }
    SUBCASE("the server's end comes first") {
        pair.lns_ppp_ends(PppExited::Cause::auth_refused_peer, "the login of \"alice\" was refused");
        pair.lac_ppp_ends(PppExited::Cause::auth_failed, "the peer refused our login");
    }
    CHECK(pair.asked().why->stage == Stage::ppp);
    CHECK(pair.asked().why->error.message == "wrong password");
    CHECK(pair.branch().state == LacStatus::State::ready);
    CHECK(pair.branch().why->error.message == "the peer refused our login");
    CHECK(pair.lac_world.tunnel_sockets.size() == 1);
}

TEST_CASE("RFC 3145: what failed at the client is among the server's refusals, with the user") {
    for (const bool waits : {true, false}) {
        Pair pair({call()}, {}, waits);
        pair.ppp_up();
        pair.lac_ppp_ends(PppExited::Cause::echo_lost, "the peer answers no LCP echo", 0xc021);
        const auto refusals = pair.lns.overview(pair.now).lnss[0].refusals;
        REQUIRE(refusals.size() == 1);
        CHECK(refusals[0].user == "alice");
        CHECK(refusals[0].stage == Stage::ppp);
        CHECK(refusals[0].message ==
              "peer sent CDN: call disconnected for administrative reasons (result 3): the peer answers no "
              "LCP echo; PPP: no answer to LCP Echo-Requests (code 8, protocol 0xc021)");
    }
}

TEST_CASE("RFC 3145: what failed at the server is the client's reason, with a remedy") {
    for (const bool waits : {true, false}) {
        Pair pair({call()}, {}, waits);
        pair.ppp_up();
        pair.lns_ppp_ends(PppExited::Cause::echo_lost, "the peer answers no LCP echo", 0xc021);
        pair.pppds_obey();
        REQUIRE(pair.branch().why);
        CHECK(pair.branch().why->error.message.find("PPP: no answer to LCP Echo-Requests (code 8") !=
              std::string::npos);
        CHECK(pair.branch().why->error.remedy.find("network") != std::string::npos);
        CHECK(pair.lns.overview(pair.now).lnss[0].refusals.empty());
    }
}

TEST_CASE("RFC 3145: an end on purpose is no refusal, and a login that we refused is one once") {
    Pair pair;
    pair.ppp_up();
    SUBCASE("pppd was told to stop") {
        pair.lac_ppp_ends(PppExited::Cause::stopped, "told to stop");
        CHECK(pair.lns.overview(pair.now).lnss[0].refusals.empty());
        CHECK(pair.asked().why->error.message.find("administrative disconnect (code 1)") !=
              std::string::npos);
    }
    SUBCASE("a refused login") {
        const PppId server = pair.lns_world.pppds.back().first;
        pair.lns.receive(pair.now, PppLoginRequested{server,
                                                     {.method = AuthMethod::pap,
                                                      .user = "mallory",
                                                      .password = Secret("x"),
                                                      .identifier = 0,
                                                      .challenge = {},
                                                      .response = {}}});
        pair.lac_ppp_ends(PppExited::Cause::auth_failed, "the peer refused our login", 0xc023);
        const auto refusals = pair.lns.overview(pair.now).lnss[0].refusals;
        REQUIRE(refusals.size() == 1);
        CHECK(refusals[0].message == "unknown user");
    }
}

TEST_CASE("what a host lacks for a call is told, and the call is tried again") {
    SUBCASE("the client's kernel") {
        Pair poor({call()}, {}, true);
        poor.lac_ppp_ends(PppExited::Cause::error, "gone");
        poor.lac_world.failures["session.create"] = {ErrorCode::unsupported, "no l2tp_ppp", "load it"};
        poor.pppds_obey();
        poor.pass(seconds(2));
        CHECK(poor.branch().state == LacStatus::State::ready);
        CHECK(poor.branch().why->error.message == "no l2tp_ppp");
        CHECK(poor.asked().why->error.message.find("lack of facilities (temporary)") != std::string::npos);
    }
    SUBCASE("the server's kernel") {
        Pair poor;
        poor.lac_ppp_ends(PppExited::Cause::error, "gone");
        poor.lns_world.failures["session.create"] = {ErrorCode::unsupported, "no l2tp_ppp", "load it"};
        poor.pppds_obey();
        poor.pass(seconds(2));
        CHECK(poor.asked().why->error.message == "no l2tp_ppp");
        poor.lns_world.failures.clear();
        poor.pppds_obey();
        poor.pass(seconds(6));
        CHECK(poor.asked().state == CallStatus::State::connected);
    }
}

TEST_CASE("the client's end is told to the server's call, and the server's to the client") {
    Pair pair;
    pair.ppp_up();
    SUBCASE("the client") {
        pair.lac.stop(pair.now);
        pair.pppds_obey();
        CHECK(pair.lac.stopped());
        CHECK(pair.asked().state == CallStatus::State::no_tunnel);
        CHECK(pair.asked().why->error.message.find("shut down") != std::string::npos);
    }
    SUBCASE("the server asks for no call any more") {
        pair.lns.stop(pair.now);
        pair.pppds_obey();
        CHECK(pair.lns.stopped());
        CHECK(pair.branch().state == LacStatus::State::waiting);
        CHECK(pair.branch().why->error.message.find("shut down") != std::string::npos);
    }
}
