#include "linux/ipsec_look.hpp"

#include <doctest/doctest.h>

#include <asio.hpp>

#include "../lifecycle/fakes.hpp"
#include "scripted_daemon.hpp"

using namespace keel;
using Peer = ScriptedDaemon::Peer;
using Peers = Result<std::vector<lifecycle::IkeView>>;

namespace {

vici::Message listed(const std::string& connection) {
    vici::Message child;
    child.add("name", connection)
        .add("state", "INSTALLED")
        .add("reqid", "1")
        .add("spi-in", "c1000001")
        .add("spi-out", "c2000002")
        .add("mark-in", "00000007")
        .add("encap", "yes")
        .add("encr-alg", "AES_CBC")
        .add("encr-keysize", "256")
        .add("integ-alg", "HMAC_SHA1_96")
        .add("use-in", "4")
        .add("life-time", "3000");
    vici::Message ike;
    ike.add("uniqueid", "3")
        .add("version", "1")
        .add("state", "ESTABLISHED")
        .add("local-host", "192.0.2.1")
        .add("local-port", "4500")
        .add("remote-host", "198.51.100.7")
        .add("remote-port", "61001")
        .add("remote-id", "10.0.0.5")
        .add("nat-remote", "yes")
        .add("encr-alg", "AES_CBC")
        .add("encr-keysize", "256")
        .add("integ-alg", "HMAC_SHA1_96")
        .add("prf-alg", "PRF_HMAC_SHA1")
        .add("dh-group", "ECP_384")
        .add("reauth-time", "9810")
        .add("tasks-active", vici::List{"ISAKMP_DPD"})
        .add("child-sas", vici::Message().add(connection + "-4", child));
    return vici::Message().add(connection, ike);
}

Peers look_at(const std::string& path) {
    asio::io_context io;
    test::World world{1};
    IpsecLook look(io, path, world);
    std::vector<Peers> told;
    look.look([&told](Peers peers) { told.push_back(std::move(peers)); });
    CHECK(told.empty());  // never from inside the call
    io.run();
    REQUIRE(told.size() == 1);
    return told.front();
}

}  // namespace

TEST_CASE("each peer of ours is read whole; others' are not ours to show") {
    ScriptedDaemon daemon({[](const Peer& peer) {
        (void)peer.read();
        peer.confirm();
        (void)peer.read();
        peer.event("list-sa", listed("keel2tp-lns.office"));
        peer.event("list-sa", listed("somebody-elses"));
        peer.answer();
    }});
    const auto peers = look_at(daemon.path());
    REQUIRE(peers);
    REQUIRE(peers->size() == 1);
    const lifecycle::IkeView& ike = peers->front();
    CHECK(ike.connection == "lns/office");
    CHECK(ike.suite == "AES_CBC-256/HMAC_SHA1_96/ECP_384");
    CHECK(ike.remote.text() == "198.51.100.7:61001");
    CHECK(ike.nat_remote);
    CHECK(ike.reauth_in == seconds(9810));
    CHECK_FALSE(ike.rekey_in);
    CHECK(ike.tasks == std::vector<std::string>{"ISAKMP_DPD"});
    REQUIRE(ike.children.size() == 1);
    CHECK(ike.children[0].suite == "AES_CBC-256/HMAC_SHA1_96");
    CHECK(ike.children[0].mark == 7);
    CHECK(ike.children[0].idle_in == seconds(4));
    CHECK(ike.children[0].dies_in == seconds(3000));
    CHECK(ike.children[0].in.has_value());  // the kernel was asked
}

TEST_CASE("charon that is not there, or goes while it is asked, is told once, with what to do") {
    const auto absent = look_at("/nonexistent/vici");
    REQUIRE_FALSE(absent);
    CHECK(absent.error().message.find("/nonexistent/vici") != std::string::npos);
    CHECK_FALSE(absent.error().remedy.empty());

    ScriptedDaemon daemon({[](const Peer& peer) {
        (void)peer.read();
        peer.confirm();
        (void)peer.read();
        peer.event("list-sa", listed("keel2tp-lns.office"));
    }});
    const auto gone = look_at(daemon.path());
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == ErrorCode::unavailable);
}

TEST_CASE("who asks too often is told to wait") {
    asio::io_context io;
    test::World world{1};
    IpsecLook look(io, "/nonexistent/vici", world);
    int busy = 0, told = 0;
    for (int i = 0; i < 10; ++i) {
        look.look([&](const Peers& peers) {
            ++told;
            busy += peers.error().code == ErrorCode::busy ? 1 : 0;
        });
    }
    io.run();
    CHECK(told == 10);
    CHECK(busy == 6);
    look.look([&](const Peers& peers) { CHECK(peers.error().code != ErrorCode::busy); });
    io.restart();
    io.run();
}
