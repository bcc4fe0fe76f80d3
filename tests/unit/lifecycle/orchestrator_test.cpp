// The whole lifecycle without a kernel.
#include "lifecycle/orchestrator.hpp"

#include <doctest/doctest.h>

#include "pair.hpp"

using namespace keel;
using namespace keel::lifecycle;
using keel::test::kLac;
using keel::test::kLacMark;
using keel::test::kLns;
using keel::test::kLnsMark;
using keel::test::Pair;
using keel::test::World;

TEST_CASE("a LAC walks its stages, the LNS admits it, and both know the link") {
    Pair pair;
    pair.to_up();
    CHECK(pair.lac_world.called("route.add 10.9.0.0/16"));
    CHECK_FALSE(pair.lac_world.called("pin 192.0.2.2"));
    const auto lac = pair.lac.overview(pair.now);
    REQUIRE(lac.sessions.size() == 1);
    CHECK(lac.sessions[0].mtu == 1428);
    CHECK(lac.tunnels[0].mark == kLacMark);
    CHECK(lac.lacs[0].timeline.size() == 7);
    CHECK_FALSE(lac.lacs[0].why);
    CHECK(pair.office().pool_used == 1);
    CHECK(pair.lns.overview(pair.now).sessions[0].user == "alice");
    // The session stands in both kernels, crosswise.
    CHECK(pair.lac_world.kernel_sessions[0].session.value ==
          pair.lns_world.kernel_sessions[0].peer_session.value);
    CHECK(pair.lac_world.kernel_sessions[0].tunnel.value ==
          pair.lns_world.kernel_sessions[0].peer_tunnel.value);
    CHECK(pair.lns_world.kernel_sessions[0].lns_mode);
}

TEST_CASE("the guard stands before anything else, and nothing starts without it") {
    Pair pair;
    pair.lns_world.failures["guard.install"] = {ErrorCode::unsupported, "no nf_tables", "load it"};
    CHECK_FALSE(pair.lns.start(pair.now));
    CHECK(pair.lns_world.calls.empty());
    REQUIRE(pair.lac.start(pair.now));
    CHECK(pair.lac_world.when("guard.install") == 0);
}

TEST_CASE("no L2TP leaves before the SA is up") {
    Pair pair;
    pair.to_ipsec();
    CHECK(pair.lac_world.outbox.empty());
    CHECK(pair.lac_world.tunnel_sockets.empty());
    pair.lac.receive(pair.now, IpsecUp{pair.lac_sa()});
    REQUIRE(pair.lac_world.tunnel_sockets.size() == 1);
    CHECK(pair.lac_world.tunnel_sockets.begin()->second.sa->reqid == 1);
    CHECK(pair.lac_world.outbox.size() == 1);
}

TEST_CASE("an SCCRQ that is faster than charon's word of its SA waits for it") {
    Pair pair;
    pair.to_ipsec();
    pair.lac.receive(pair.now, IpsecUp{pair.lac_sa()});
    pair.exchange();
    CHECK(pair.lns_world.tunnel_sockets.empty());
    pair.lns.receive(pair.now, IpsecUp{pair.lns_sa()});
    pair.exchange();
    CHECK(pair.lns_world.pppds.size() == 1);
}

TEST_CASE("an SCCRQ under no SA of the server's is never answered") {
    Pair pair;
    pair.to_ipsec();
    SUBCASE("one that charon never tells of") {}
    SUBCASE("one of another connection") {
        auto foreign = pair.lns_sa();
        foreign.connection = "lac/other";
        pair.lns.receive(pair.now, IpsecUp{foreign});
    }
    pair.lac.receive(pair.now, IpsecUp{pair.lac_sa()});
    pair.pass(seconds(10));
    CHECK(pair.lns_world.tunnel_sockets.empty());
    CHECK(pair.lns_world.calls.size() == pair.lns_world.when("socket.open"));
    REQUIRE_FALSE(pair.office().refusals.empty());
    CHECK(pair.office().refusals[0].message.starts_with("came under an SA"));
}

TEST_CASE("a refused login is the operator's to see at both ends, and lends no address") {
    Pair pair;
    pair.to_ppp();
    pair.lns.receive(pair.now, PppLoginRequested{PppId(1), Pair::login("alice", "wrong")});
    CHECK_FALSE(pair.lns_world.verdicts.back().accepted);
    CHECK(pair.office().refusals.back().message == "wrong password");
    CHECK(pair.office().refusals.back().user == "alice");
    CHECK(pair.office().pool_used == 0);
    SUBCASE("pppd tells first") {
        pair.lac.receive(pair.now, PppExited{PppId(1), PppExited::Cause::auth_failed, "Access denied"});
    }
    SUBCASE("the server's CDN comes first") {
        pair.lns.receive(pair.now, PppExited{PppId(1), PppExited::Cause::auth_refused_peer, "login refused"});
        pair.exchange();
        CHECK_FALSE(pair.branch().why);
        pair.lac.receive(pair.now, PppExited{PppId(1), PppExited::Cause::auth_failed, "Access denied"});
    }
    REQUIRE(pair.branch().why);
    CHECK(pair.branch().why->stage == Stage::ppp);
    CHECK(pair.branch().why->error.message == "Access denied");
    CHECK(pair.branch().why->error.remedy.find("password") != std::string::npos);
}

TEST_CASE("a peer whose IKE failed is among the refusals of the server that it came to") {
    Pair pair;
    pair.start();
    pair.lns.receive(pair.now, IpsecRefused{kLac, kLac, "not for us"});
    pair.lns.receive(pair.now, IpsecRefused{kLns, kLac, "the pre-shared keys differ"});
    REQUIRE(pair.office().refusals.size() == 1);
    CHECK(pair.office().refusals[0].stage == Stage::ike);
    CHECK(pair.office().refusals[0].message == "the pre-shared keys differ");
}

TEST_CASE(
    "a server's end is told in L2TP's words, though PPP ends first; PPP's are kept for a server without") {
    Pair pair;
    pair.to_up();
    pair.lac.receive(pair.now,
                     PppExited{PppId(1), PppExited::Cause::peer_terminated, "the peer ended the link"});
    SUBCASE("StopCCN follows") {
        pair.lns.stop(pair.now);
        pair.pppds_obey();
        REQUIRE(pair.branch().why);
        CHECK(pair.branch().why->error.message.find("StopCCN") != std::string::npos);
    }
    SUBCASE("nothing follows") {
        pair.pass(milliseconds(4900));
        CHECK_FALSE(pair.branch().why);
        pair.pass(milliseconds(200));
        REQUIRE(pair.branch().why);
        CHECK(pair.branch().why->error.message == "the peer ended the link");
    }
    CHECK_FALSE(pair.lac_world.called("pppd.stop"));
}

TEST_CASE("addresses come back when sessions end, and the pool's end is told") {
    Pair pair;
    pair.to_up();
    pair.lns.receive(pair.now, PppExited{PppId(1), PppExited::Cause::echo_lost, "no LCP echo"});
    CHECK(pair.office().pool_used == 0);
    CHECK(pair.lns_world.called("session.delete"));
}

TEST_CASE("what fails comes down in order, and the LAC tries again with back-off") {
    Pair pair;
    pair.to_up();
    pair.lns.receive(pair.now, PppExited{PppId(1), PppExited::Cause::stopped, "told to stop"});
    pair.exchange();
    pair.pppds_obey();
    pair.pass(milliseconds(1));
    CHECK(pair.branch().state == LacStatus::State::waiting);
    CHECK(pair.branch().why->error.message.find("CDN") != std::string::npos);
    const World& world = pair.lac_world;
    CHECK(world.when("route.remove 10.9.0.0/16") < world.when("session.delete"));
    CHECK(world.when("pppd.stop") < world.when("session.delete"));
    CHECK(world.when("session.delete") < world.when("tunnel.delete"));
    CHECK(world.when("tunnel.delete") < world.when("socket.close"));
    CHECK(world.when("socket.close") < world.when("ipsec.terminate_all lac/branch"));
    CHECK(world.called("ipsec.terminate_all lac/branch"));
    CHECK(pair.branch().retry_in > milliseconds(500));
    pair.pass(seconds(2));
    CHECK(pair.branch().state == LacStatus::State::connecting);
    CHECK(std::ranges::count(world.calls, "resolve vpn.example.net") == 2);
}

TEST_CASE("a silent peer is noticed within the HELLO interval and one retransmission cycle") {
    Pair pair;
    pair.to_up();
    pair.from_open = false;
    pair.pass(seconds(5 + 31 - 1));
    CHECK(pair.branch().state == LacStatus::State::up);
    pair.pass(seconds(2));
    CHECK(pair.branch().state == LacStatus::State::waiting);
    CHECK(pair.branch().why->stage == Stage::tunnel);
    pair.pppds_obey();
    pair.pass(seconds(6));
    CHECK(pair.lac_world.tunnel_sockets.empty());
}

TEST_CASE("a default route through the tunnel does not swallow the tunnel") {
    Pair pair({*Prefix::parse("0.0.0.0/0")});
    pair.to_up();
    CHECK(pair.lac_world.when("pin 192.0.2.2") < pair.lac_world.when("route.add 0.0.0.0/0"));
    pair.lac.stop(pair.now);
    pair.pppds_obey();
    CHECK(pair.lac_world.called("unpin 192.0.2.2"));
}

TEST_CASE("charon's end takes all tunnels down; its return brings the LAC back at once") {
    Pair pair;
    pair.to_up();
    const Error why{ErrorCode::unavailable, "charon does not answer", "start strongSwan"};
    pair.lac.receive(pair.now, IpsecLost{why});
    pair.lns.receive(pair.now, IpsecLost{why});
    pair.pppds_obey();
    CHECK(pair.lac_world.tunnel_sockets.empty());
    CHECK(pair.lns_world.tunnel_sockets.empty());
    CHECK(pair.branch().why->error.message == "charon does not answer");
    pair.lac.receive(pair.now, IpsecReady{"5.9.8"});
    pair.pass(milliseconds(1));
    CHECK(pair.branch().state == LacStatus::State::connecting);
}

TEST_CASE("a reqid that returns under another mark ends the tunnel that held it") {
    Pair pair;
    pair.to_up();
    auto reused = pair.lns_sa();
    reused.mark = kLnsMark + 1;
    pair.lns.receive(pair.now, IpsecUp{reused});
    pair.pppds_obey();
    CHECK(pair.lns_world.tunnel_sockets.empty());
}

TEST_CASE("a client that begins anew on its SA replaces its old tunnel") {
    Pair pair;
    pair.to_up();
    // The client crashed: another Orchestrator on the same SA, with nothing in its memory.
    World reborn_world{77};
    Orchestrator reborn(std::make_shared<const config::Config>(pair.lac_settings), "lac",
                        reborn_world.ports(), pair.log);
    REQUIRE(reborn.start(pair.now));
    reborn.receive(pair.now, IpsecReady{"5.9.8"});
    reborn.receive(pair.now, Resolved{reborn_world.last_tag, std::vector{kLns}});
    reborn.receive(pair.now, IpsecUp{pair.lac_sa()});
    pair.deliver(reborn_world, pair.lns_world, pair.lns, kLac, kLns, kLnsMark);
    CHECK(pair.lns_world.pppds.size() == 1);
    pair.lns.receive(pair.now, PppExited{PppId(1), PppExited::Cause::stopped, "told to stop"});
    while (!reborn_world.outbox.empty() || !pair.lns_world.outbox.empty()) {
        pair.deliver(reborn_world, pair.lns_world, pair.lns, kLac, kLns, kLnsMark);
        pair.deliver(pair.lns_world, reborn_world, reborn, kLns, kLac, kLacMark);
    }
    CHECK(pair.lns_world.pppds.size() == 2);
    CHECK(pair.lns_world.tunnel_sockets.size() == 1);
}

TEST_CASE("stop tells the peer and leaves nothing, whichever side it is on") {
    Pair pair;
    pair.to_up();
    SUBCASE("the LAC") {
        pair.lac.stop(pair.now);
        pair.exchange();
        CHECK_FALSE(pair.lac.stopped());
        pair.pppds_obey();
        CHECK(pair.lac.stopped());
        CHECK(pair.lac_world.loaded.empty());
        CHECK(pair.lac_world.tunnel_sockets.empty());
        CHECK(pair.lac_world.calls.back() == "guard.remove");
        pair.pppds_obey();
        pair.pass(seconds(40));
        CHECK(pair.lns_world.tunnel_sockets.empty());
        CHECK(pair.lns_world.called("ipsec.terminate 9"));
    }
    SUBCASE("the LNS") {
        pair.lns.stop(pair.now);
        pair.pppds_obey();
        CHECK(pair.lns.stopped());
        CHECK(pair.lns_world.loaded.empty());
        CHECK(pair.lns_world.listeners.empty());
        CHECK(pair.lns_world.tunnel_sockets.empty());
        CHECK(pair.lns_world.calls.back() == "guard.remove");
        CHECK(pair.branch().why->error.message.find("shut down") != std::string::npos);
    }
}

TEST_CASE("stop with a peer that is gone ends too") {
    Pair pair;
    pair.to_up();
    pair.from_open = false;
    pair.lac.stop(pair.now);
    pair.pppds_obey();
    CHECK_FALSE(pair.lac.stopped());
    pair.pass(seconds(6));
    CHECK(pair.lac.stopped());
}

TEST_CASE("a pppd that does not end in time keeps the peer from nothing") {
    Pair pair;
    pair.to_up();
    pair.lns.stop(pair.now);
    CHECK(pair.lns_world.called("ipsec.refuse_new lns/office"));
    CHECK_FALSE(pair.lns_world.called("ipsec.unload lns/office"));
    pair.pass(milliseconds(4900));
    CHECK(pair.branch().state == LacStatus::State::up);
    pair.pass(milliseconds(200));
    REQUIRE(pair.branch().why);
    CHECK(pair.branch().why->error.message.find("StopCCN") != std::string::npos);
    pair.pass(seconds(4));
    pair.pppds_obey();
    CHECK(pair.lns_world.tunnel_sockets.empty());
    CHECK(pair.lns.stopped());
}

TEST_CASE("what a server's host lacks is told and tried again") {
    Pair pair;
    pair.lns_world.failures["listen"] = {ErrorCode::exists, "udp/1701 is taken by xl2tpd", "stop it"};
    pair.start();
    CHECK_FALSE(pair.office().listening);
    CHECK(pair.office().why->error.message.find("xl2tpd") != std::string::npos);
    pair.lns_world.failures.clear();
    pair.pass(seconds(6));
    CHECK(pair.office().listening);
    CHECK_FALSE(pair.office().why);
}

TEST_CASE("a name that does not resolve is told and asked again") {
    Pair pair;
    pair.start();
    pair.lac.receive(pair.now,
                     Resolved{pair.lac_world.last_tag,
                              fail(ErrorCode::not_found, "vpn.example.net is unknown", "check the name")});
    CHECK(pair.branch().state == LacStatus::State::waiting);
    CHECK(pair.branch().why->stage == Stage::resolve);
    pair.pass(seconds(2));
    CHECK(std::ranges::count(pair.lac_world.calls, "resolve vpn.example.net") == 2);
}
