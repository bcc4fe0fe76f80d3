// Ladders: what a peer sends, and exactly what we answer.
#include "l2tp/endpoint.hpp"

#include <doctest/doctest.h>

#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::control;
using keel::l2tp::test::Established;
using keel::l2tp::test::hex;
using keel::l2tp::test::Line;
using keel::l2tp::test::Opened;
using keel::l2tp::test::operator+;

TEST_CASE("appendix B.1: lock-step establishment, as the one that is asked") {
    Line line;
    line.send(Line::sccrq());
    const auto offered = line.output<TunnelOffered>();
    CHECK(offered.host_name == "peer");
    CHECK(offered.peer_tunnel == PeerTunnelId(77));
    CHECK(line.quiet());  // nothing is acknowledged before it is decided
    line.tunnel = offered.tunnel;
    line.accept();
    const auto reply = line.expect<Sccrp>();
    CHECK(line.last_header == ControlHeader{77, 0, 0, 1});
    CHECK(reply.protocol_version == 0x0100);
    CHECK(reply.host_name == "keel2tp");
    CHECK(reply.framing_capabilities == 3);
    CHECK(reply.receive_window_size == 8);
    CHECK(reply.assigned_tunnel_id == offered.tunnel.value);
    line.ours = reply.assigned_tunnel_id;
    line.send(Scccn{});
    CHECK(line.output<TunnelUp>().peer_tunnel == PeerTunnelId(77));
    static_cast<void>(line.expect<Zlb>());
    CHECK(line.last_header == ControlHeader{77, 0, 1, 2});
    CHECK(line.quiet());
}

TEST_CASE("appendix B.1: lock-step establishment, as the one that asks") {
    Opened line({.host_name = "branch", .hello_interval = {}});
    CHECK(line.last_header == ControlHeader{0, 0, 0, 0});
    line.send(Line::sccrp());
    CHECK(line.output<TunnelPeerKnown>().peer_tunnel == PeerTunnelId(88));
    CHECK(line.output<TunnelUp>().host_name == "lns");
    static_cast<void>(line.expect<Scccn>());
    CHECK(line.last_header == ControlHeader{88, 0, 1, 1});
    line.acknowledge();
    CHECK(line.quiet());
    CHECK(line.endpoint.tunnel_status(line.tunnel)->state == TunnelState::established);
}

TEST_CASE("8.1: the SCCRP may come from another port, and only the SCCRP") {
    Opened line;
    line.path.remote.port = 40000;
    line.inject(control({line.ours, 0, 0, 1}, {}));  // a ZLB does not move the tunnel
    CHECK(line.endpoint.counters().unknown_tunnel == 1);
    line.send(Line::sccrp());
    CHECK(line.output<TunnelPeerKnown>().path.remote.port == 40000);
    CHECK(line.last_path.remote.port == 40000);
    static_cast<void>(line.output<TunnelUp>());
    line.wire.clear();
    line.path.remote.port = 40001;
    line.send(Hello{});
    CHECK(line.quiet());
    CHECK(line.endpoint.counters().unknown_tunnel == 2);
}

TEST_CASE("a datagram from another address or under another SA is not the tunnel's") {
    Established line;
    const Path right = line.path;
    const Bytes stop = encode_message(line.ours, 0, Stopccn{77, {1, {}, ""}});
    line.path.binding = 6;
    line.inject(stop);
    line.path = right;
    line.path.remote.ip = IpAddress::v4(0xc0000263);
    line.inject(stop);
    CHECK(line.quiet());
    CHECK(line.endpoint.counters().unknown_tunnel == 2);
}

TEST_CASE("a session as LNS: ICRQ, ICRP, ICCN") {
    Established line;
    Icrq icrq;
    icrq.assigned_session_id = 500;
    icrq.call_serial_number = 42;
    icrq.calling_number = hex("3132330a");
    line.send(icrq);
    const auto offered = line.output<SessionOffered>();
    CHECK(offered.peer_session == PeerSessionId(500));
    CHECK(offered.call_serial == 42);
    CHECK(offered.calling_number == "123?");
    CHECK(line.quiet());  // the ICRP will carry the acknowledgement
    REQUIRE(line.endpoint.accept_session(line.now, line.tunnel, offered.session).has_value());
    line.drain();
    CHECK(line.expect<Icrp>().assigned_session_id == offered.session.value);
    CHECK(line.last_header == ControlHeader{77, 500, 1, 3});
    Iccn iccn;
    iccn.sequencing_required = true;
    line.send(iccn, static_cast<std::uint16_t>(offered.session.value));
    CHECK(line.output<SessionUp>().sequencing);
    static_cast<void>(line.expect<Zlb>());
}

TEST_CASE("an ICRQ that is not answered soon is acknowledged nevertheless") {
    Established line;
    Icrq icrq;
    icrq.assigned_session_id = 500;
    line.send(icrq);
    line.pass(milliseconds(50));
    static_cast<void>(line.expect<Zlb>());
    CHECK(line.last_header.nr == 3);
}

TEST_CASE("a session as LAC: ICRQ, ICRP, ICCN") {
    Established line;
    const auto session =
        line.endpoint.open_session(line.now, line.tunnel, {.tx_speed = 7, .sequencing = true});
    REQUIRE(session.has_value());
    line.drain();
    CHECK(line.expect<Icrq>().assigned_session_id == session->value);
    CHECK(line.last_header.session == 0);
    line.send(Icrp{600}, static_cast<std::uint16_t>(session->value));
    CHECK(line.output<SessionPeerKnown>().peer_session == PeerSessionId(600));
    CHECK(line.output<SessionUp>().sequencing);
    const auto iccn = line.expect<Iccn>();
    CHECK(line.last_header.session == 600);
    CHECK(iccn.tx_connect_speed == 7);
    CHECK(iccn.sequencing_required);
}

TEST_CASE("CDN from the peer, with and without our session id") {
    Established line;
    const LocalSessionId first = line.call(500);
    const LocalSessionId second = line.call(501);
    line.send(Cdn{{1, {}, "gone\n"}, 500, {}}, static_cast<std::uint16_t>(first.value));
    auto down = line.output<SessionDown>();
    CHECK(down.session == first);
    CHECK(down.reason.text() == "peer sent CDN: call disconnected due to loss of carrier (result 1): gone?");
    line.send(Cdn{{3, {}, ""}, 501, {}}, 0);
    CHECK(line.output<SessionDown>().session == second);
    CHECK(line.endpoint.tunnel_status(line.tunnel)->sessions == 0);
}

TEST_CASE("our CDN: the session's id stays taken until it is acknowledged") {
    Established line;
    const LocalSessionId session = line.call();
    REQUIRE(line.endpoint.close_session(line.now, line.tunnel, session, 3, "enough").has_value());
    line.drain();
    CHECK(line.output<SessionDown>().reason.cause == DownReason::Cause::local);
    const auto cdn = line.expect<Cdn>();
    CHECK(cdn.result == ResultCode{3, 0, "enough"});
    CHECK(cdn.assigned_session_id == session.value);
    CHECK(line.last_header.session == 500);
    CHECK(line.endpoint.close_session(line.now, line.tunnel, session).error().code == ErrorCode::invalid);
    line.acknowledge();
    CHECK(line.endpoint.close_session(line.now, line.tunnel, session).error().code == ErrorCode::not_found);
}

TEST_CASE("StopCCN from the peer: acknowledged, told, and kept for 31 s to acknowledge again") {
    Established line;
    const LocalSessionId session = line.call();
    line.send(Stopccn{77, {6, {}, "bye"}});
    CHECK(line.output<SessionDown>().session == session);
    CHECK(line.output<TunnelDown>().reason.text() ==
          "peer sent StopCCN: requester is being shut down (result 6): bye");
    static_cast<void>(line.expect<Zlb>());
    const std::uint16_t nr = line.last_header.nr;
    line.pass(seconds(30));
    --line.peer_ns;
    line.send(Stopccn{77, {6, {}, "bye"}});
    static_cast<void>(line.expect<Zlb>());
    CHECK(line.last_header.nr == nr);
    CHECK(line.quiet());
    line.pass(seconds(1));
    CHECK(line.output<TunnelGone>().tunnel == line.tunnel);
    CHECK_FALSE(line.endpoint.next_timeout());
    CHECK(line.endpoint.tunnel_count() == 0);
}

TEST_CASE("our StopCCN is retransmitted until it is acknowledged, or for one cycle") {
    for (const bool answered : {true, false}) {
        Established line;
        REQUIRE(line.endpoint.close_tunnel(line.now, line.tunnel, 6, "later").has_value());
        line.drain();
        static_cast<void>(line.output<TunnelDown>());
        const auto stop = line.expect<Stopccn>();
        CHECK(stop.assigned_tunnel_id == line.ours);
        CHECK(stop.result == ResultCode{6, 0, "later"});
        line.pass(seconds(1));
        static_cast<void>(line.expect<Stopccn>());
        CHECK(line.quiet());
        if (answered) {
            line.acknowledge();
        } else {
            for (int i = 0; i < 30; ++i) line.pass(seconds(1));
        }
        CHECK(line.output<TunnelGone>().tunnel == line.tunnel);
        CHECK(line.endpoint.tunnel_count() == 0);
    }
}

TEST_CASE("abandon: at once and in silence") {
    Established line;
    line.call();
    REQUIRE(line.endpoint.abandon_tunnel(line.now, line.tunnel, "the SA died").has_value());
    line.drain();
    CHECK(line.output<SessionDown>().reason.cause == DownReason::Cause::tunnel_down);
    CHECK(line.output<TunnelDown>().reason.text() == "closed here: the SA died");
    static_cast<void>(line.output<TunnelGone>());
    CHECK(line.quiet());
    CHECK_FALSE(line.endpoint.next_timeout());
}

TEST_CASE("HELLO after silence only, and the tunnel down one cycle later") {
    Established line;
    line.pass(seconds(59));
    CHECK(line.quiet());
    line.send(Hello{});
    static_cast<void>(line.expect<Zlb>());
    line.pass(seconds(59));
    CHECK(line.quiet());
    line.pass(seconds(1));
    static_cast<void>(line.expect<Hello>());
    CHECK(line.last_header.session == 0);
    for (int i = 0; i < 30; ++i) line.pass(seconds(1));
    CHECK(line.outputs.empty());
    line.pass(seconds(1));
    CHECK(line.output<TunnelDown>().reason.cause == DownReason::Cause::timeout);
    static_cast<void>(line.output<TunnelGone>());
    CHECK(line.wire.size() == 5);
}

TEST_CASE("a peer that acknowledges the SCCRP and goes no further does not stay half open") {
    Line line;
    line.send(Line::sccrq());
    line.tunnel = line.output<TunnelOffered>().tunnel;
    line.accept();
    line.ours = line.expect<Sccrp>().assigned_tunnel_id;
    line.acknowledge();
    line.pass(seconds(120));
    CHECK(line.output<TunnelDown>().reason.cause == DownReason::Cause::timeout);
    static_cast<void>(line.expect<Stopccn>());
}

TEST_CASE("duplicates of an SCCRQ make no second tunnel; another tunnel id does") {
    Line line;
    const Bytes sccrq = encode_message(0, 0, Line::sccrq());
    for (int i = 0; i < 3; ++i) line.inject(sccrq);
    line.tunnel = line.output<TunnelOffered>().tunnel;
    CHECK(line.quiet());
    CHECK(line.endpoint.counters().duplicates == 2);
    line.accept();
    static_cast<void>(line.expect<Sccrp>());
    line.inject(sccrq);
    static_cast<void>(line.expect<Zlb>());
    auto other = Line::sccrq();
    other.assigned_tunnel_id = 78;
    line.inject(encode_message(0, 0, other));
    static_cast<void>(line.output<TunnelOffered>());
    line.path.binding = 6;  // the same numbers under another SA: another client behind the same NAT
    line.inject(sccrq);
    static_cast<void>(line.output<TunnelOffered>());
    CHECK(line.endpoint.tunnel_count() == 3);
}

TEST_CASE("a peer that has stopped a tunnel may begin again with the same id at once") {
    Established line;
    line.send(Stopccn{77, {6, {}, ""}});
    static_cast<void>(line.output<TunnelDown>());
    line.inject(encode_message(0, 0, Line::sccrq()));
    CHECK(line.output<TunnelOffered>().tunnel != line.tunnel);
}

TEST_CASE("an offered tunnel is taken back by a StopCCN to tunnel 0") {
    Line line;
    line.send(Line::sccrq());
    static_cast<void>(line.output<TunnelOffered>());
    line.send(Stopccn{77, {6, {}, ""}});
    CHECK(line.output<TunnelDown>().reason.cause == DownReason::Cause::peer);
    static_cast<void>(line.expect<Zlb>());
}

TEST_CASE("a rejected tunnel is told why") {
    Line line;
    line.send(Line::sccrq());
    line.tunnel = line.output<TunnelOffered>().tunnel;
    REQUIRE(line.endpoint.reject_tunnel(line.now, line.tunnel, 4, 0, "who are you").has_value());
    line.drain();
    CHECK(line.expect<Stopccn>().result == ResultCode{4, 0, "who are you"});
    static_cast<void>(line.output<TunnelDown>());
    line.acknowledge();
    CHECK(line.endpoint.accept_tunnel(line.now, line.tunnel).error().code == ErrorCode::invalid);
}
