// What becomes of a tunnel whose IPsec SA dies: it waits for a successor of the same peer, and no longer.
#include "pair.hpp"

using namespace keel;
using namespace keel::test;

namespace {

ChildSa renewed(ChildSa sa) {
    sa.mark += 100;
    sa.reqid += 1;
    return sa;
}

struct Up : Pair {
    Up() { to_up(); }

    void both_down() {
        lac.receive(now, IpsecDown{lac_sa(), "deleted by the peer"});
        lns.receive(now, IpsecDown{lns_sa(), ""});
    }
    void both_renewed() {
        lac.receive(now, IpsecUp{renewed(lac_sa())});
        lns.receive(now, IpsecUp{renewed(lns_sa())});
    }
    [[nodiscard]] bool lives() {
        return lac_world.tunnel_sockets.size() == 1 && lns_world.tunnel_sockets.size() == 1 &&
               lac_world.stopped_pppds.empty() && lns_world.stopped_pppds.empty() &&
               branch().state == LacStatus::State::up;
    }
    [[nodiscard]] static std::uint32_t mark(const World& world) {
        return world.tunnel_sockets.begin()->second.sa->mark;
    }
};

}  // namespace

TEST_CASE("an SA's death closes its tunnel on both sides after a short grace") {
    Up pair;
    pair.both_down();
    pair.pass(milliseconds(2900));
    CHECK(pair.lives());
    pair.pass(milliseconds(200));
    pair.pppds_obey();
    CHECK(pair.lac_world.tunnel_sockets.empty());
    CHECK(pair.lns_world.tunnel_sockets.empty());
    CHECK(pair.branch().why->stage == Stage::esp);
    CHECK(pair.branch().why->error.message.find("deleted by the peer") != std::string::npos);
}

TEST_CASE("nothing leaves a tunnel while its SA is dead: charon may give the reqid to another peer") {
    Up pair;
    pair.both_down();
    CHECK(pair.lac_world.called("socket.suspend"));
    CHECK(pair.lns_world.called("socket.suspend"));
    // Another peer's SA gets the reqid; the suspended tunnel does not hold it any more.
    auto other = renewed(pair.lns_sa());
    other.reqid = pair.lns_sa().reqid;
    other.remote = {*IpAddress::parse("198.51.100.7"), 4500};
    pair.lns.receive(pair.now, IpsecUp{other});
    CHECK(pair.lives());
    CHECK_FALSE(pair.lns_world.called("socket.rebind"));
}

TEST_CASE("IKEv2 reauthentication, break before make: the session goes on under the new SA") {
    Up pair;
    pair.both_down();
    pair.pass(seconds(2));
    pair.both_renewed();
    pair.pass(seconds(2));
    CHECK(pair.lives());
    CHECK(pair.mark(pair.lac_world) == kLacMark + 100);
    CHECK(pair.mark(pair.lns_world) == kLnsMark + 100);
    CHECK(pair.lns.overview(pair.now).tunnels[0].mark == kLnsMark + 100);
}

TEST_CASE("IKEv2 reauthentication, make before break: the new SA is kept for it") {
    Up pair;
    pair.both_renewed();
    pair.pass(seconds(1));
    CHECK_FALSE(pair.lac_world.called("ipsec.terminate 107"));
    CHECK(pair.mark(pair.lac_world) == kLacMark);
    pair.both_down();
    pair.pass(seconds(2));
    CHECK(pair.lives());
    CHECK(pair.mark(pair.lac_world) == kLacMark + 100);
    CHECK(pair.mark(pair.lns_world) == kLnsMark + 100);
    // The first one's death is forgotten.
    CHECK_FALSE(pair.lac_world.called("ipsec.terminate_all lac/branch"));
}

TEST_CASE("a second SA to the same server that succeeds nothing is ended") {
    Up pair;
    pair.lac.receive(pair.now, IpsecUp{renewed(pair.lac_sa())});
    pair.pass(seconds(9));
    CHECK_FALSE(pair.lac_world.called("ipsec.terminate 107"));
    pair.pass(seconds(2));
    CHECK(pair.lac_world.called("ipsec.terminate 107"));
    CHECK(pair.lives());
}

TEST_CASE("another peer's SA is no successor") {
    struct Case {
        const char* what;
        void (*change)(ChildSa&);
    };
    for (const Case& other : {Case{"another port of the NAT", [](ChildSa& sa) { sa.remote.port = 61002; }},
                              Case{"another identity", [](ChildSa& sa) { sa.remote_id = "192.168.1.7"; }},
                              Case{"another address", [](ChildSa& sa) { sa.remote.ip = kLns; }},
                              Case{"another connection", [](ChildSa& sa) { sa.connection = "lns/lab"; }}}) {
        CAPTURE(other.what);
        Up pair;
        pair.both_down();
        ChildSa next = renewed(pair.lns_sa());
        next.reqid = 5;
        other.change(next);
        pair.lns.receive(pair.now, IpsecUp{next});
        CHECK_FALSE(pair.lns_world.called("socket.rebind"));
        pair.pass(seconds(4));
        pair.pppds_obey();
        CHECK(pair.lns_world.tunnel_sockets.empty());
    }
}

TEST_CASE("an SA that carries a tunnel already is nobody's successor") {
    Up pair;
    // The same host dials a second time; then the first SA dies.
    const ChildSa bound = renewed(pair.lns_sa());
    pair.lns.receive(pair.now, IpsecUp{bound});
    World other_world{77};
    Orchestrator other(std::make_shared<const config::Config>(pair.lac_settings), "lac", other_world.ports(),
                       pair.log);
    REQUIRE(other.start(pair.now));
    other.receive(pair.now, IpsecReady{"5.9.8"});
    other.receive(pair.now, Resolved{other_world.last_tag, std::vector{kLns}});
    other.receive(pair.now, IpsecUp{pair.lac_sa()});
    pair.deliver(other_world, pair.lns_world, pair.lns, kLac, kLns, bound.mark);
    REQUIRE(pair.lns_world.tunnel_sockets.size() == 2);
    pair.lns.receive(pair.now, IpsecDown{pair.lns_sa(), ""});
    CHECK_FALSE(pair.lns_world.called("socket.rebind"));
}

TEST_CASE("a socket that cannot be tied to the successor ends its tunnel") {
    Up pair;
    pair.lns_world.failures["socket.rebind"] = Error{ErrorCode::io, "no", {}};
    pair.both_down();
    pair.both_renewed();
    CHECK(pair.lns_world.stopped_pppds.size() == 1);
}

TEST_CASE("charon is lost while a tunnel waits for a successor: one end, not two") {
    Up pair;
    pair.both_down();
    pair.lac.receive(pair.now, IpsecLost{{ErrorCode::unavailable, "strongSwan was restarted", {}}});
    CHECK(pair.branch().why->stage == Stage::ike);
    pair.pppds_obey();
    pair.pass(seconds(5));
    CHECK(pair.branch().why->error.message == "strongSwan was restarted");
}

TEST_CASE("a server listens when charon has its connection, and not while charon is away") {
    Pair pair;
    REQUIRE(pair.lns.start(pair.now));
    CHECK_FALSE(pair.office().listening);
    CHECK(pair.office().why->error.message == "strongSwan has not answered yet");
    pair.lns.receive(pair.now, IpsecReady{"5.9.8"});
    CHECK(pair.office().listening);
    CHECK_FALSE(pair.office().why);
    pair.lns.receive(pair.now, IpsecLost{{ErrorCode::unavailable, "strongSwan was restarted", {}}});
    CHECK_FALSE(pair.office().listening);
    CHECK(pair.office().why->stage == Stage::ike);
    CHECK(pair.office().why->error.message == "strongSwan was restarted");
}
