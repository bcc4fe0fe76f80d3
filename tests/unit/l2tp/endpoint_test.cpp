// Ladders: what a peer sends, and exactly what we answer.
#include "l2tp/endpoint.hpp"

#include <doctest/doctest.h>

#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::control;
using keel::l2tp::test::hex;
using keel::l2tp::test::Line;
using keel::l2tp::test::operator+;

namespace {

struct Established : Line {
    Established() { establish(); }
};

// We are the initiator: SCCRQ sent, its bytes taken.
struct Opened : Line {
    explicit Opened(const TunnelOptions& options = {}) {
        tunnel = endpoint.open_tunnel(now, path, options).value();
        drain();
        ours = expect<Sccrq>().assigned_tunnel_id;
    }
};

Sccrp sccrp() {
    Sccrp message;
    message.host_name = "lns";
    message.assigned_tunnel_id = 88;
    return message;
}

}  // namespace

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
    line.send(sccrp());
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
    line.send(sccrp());
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

TEST_CASE("an SCCRQ that is not acceptable is answered and nothing is kept") {
    Line line;
    const auto refused = [&](const Message& message, std::uint16_t result) {
        line.inject(encode_message(0, 0, message));
        const auto stop = line.expect<Stopccn>();
        CHECK(stop.result.result == result);
        CHECK(stop.assigned_tunnel_id != 0);
        CHECK(line.last_header == ControlHeader{77, 0, 0, 1});
        CHECK(line.endpoint.tunnel_count() == 0);
        if (result == 4) CHECK(line.output<TunnelRefused>().reason.result == 4);
        CHECK(line.quiet());
    };
    auto challenge = Line::sccrq();
    challenge.challenge = "secret?";
    refused(challenge, 4);
    auto version = Line::sccrq();
    version.protocol_version = 0x0200;
    refused(version, 5);
    // An unknown AVP with M; then Host Name missing; then no tunnel id to answer to.
    const Bytes body =
        hex("8008 0000 0000 0001  8008 0000 0002 0100  800a 0000 0003 00000003  8008 0000 0009 004d");
    const Bytes host = hex("8009 0000 0007 6c6163");
    line.inject(control({0, 0, 0, 0}, body + host + hex("8006 0000 03e7")));
    CHECK(line.expect<Stopccn>().result.error == 8);
    line.inject(control({0, 0, 0, 0}, body));
    CHECK(line.expect<Stopccn>().result.error == 3);
    line.inject(control({0, 0, 0, 0}, hex("8008 0000 0000 0001") + host));
    CHECK(line.quiet());
    CHECK(line.endpoint.counters().malformed == 3);
    CHECK(line.endpoint.tunnel_count() == 0);
}

TEST_CASE("an SCCRP with a Challenge that we cannot answer: StopCCN 4 to the peer's id") {
    Opened line;
    auto reply = sccrp();
    reply.challenge = "secret?";
    line.send(reply);
    CHECK(line.output<TunnelDown>().reason.result == 4);
    CHECK(line.expect<Stopccn>().result.result == 4);
    CHECK(line.last_header.tunnel == 88);
}

TEST_CASE("the caps: beyond them an SCCRQ is refused by StopCCN 2, error 4, and leaves no state") {
    EndpointConfig config;
    config.max_half_open = 3;
    config.max_half_open_per_source = 2;
    config.max_tunnels = 4;
    Line line(config);
    const auto knock = [&](std::uint16_t id, std::uint32_t from) {
        line.path.remote.ip = IpAddress::v4(from);
        auto sccrq = Line::sccrq();
        sccrq.assigned_tunnel_id = id;
        line.inject(encode_message(0, 0, sccrq));
    };
    const auto refused = [&](std::string_view why) {
        const auto stop = line.expect<Stopccn>();
        CHECK(stop.result == ResultCode{2, 4, std::string(why)});
        CHECK(line.outputs.empty());
    };
    knock(1, 1);
    const LocalTunnelId first = line.output<TunnelOffered>().tunnel;
    knock(2, 1);
    static_cast<void>(line.output<TunnelOffered>());
    knock(3, 1);
    refused("too many tunnels of yours are half open");
    knock(3, 2);
    static_cast<void>(line.output<TunnelOffered>());
    knock(4, 3);
    refused("too many tunnels are half open");
    CHECK(line.endpoint.counters().refused == 2);
    CHECK(line.endpoint.tunnel_count() == 3);
    // An end makes room.
    REQUIRE(line.endpoint.abandon_tunnel(line.now, first, "").has_value());
    line.drain();
    line.outputs.clear();
    knock(4, 1);
    static_cast<void>(line.output<TunnelOffered>());
    REQUIRE(line.endpoint.open_tunnel(line.now, line.path).has_value());
    CHECK(line.endpoint.open_tunnel(line.now, line.path).error().code == ErrorCode::busy);
    line.drain();
    static_cast<void>(line.expect<Sccrq>());
    knock(5, 4);
    refused("the limit of tunnels is reached");
}

TEST_CASE("4.4.3: a Tie Breaker is random, and left out when it is not wanted") {
    Line line;
    const auto sent = [&](bool wanted) {
        TunnelOptions options;
        options.tie_breaker = wanted;
        REQUIRE(line.endpoint.open_tunnel(line.now, line.path, options).has_value());
        line.drain();
        return line.expect<Sccrq>().tie_breaker;
    };
    const auto first = sent(true);
    REQUIRE(first.has_value());
    CHECK(first != sent(true));
    CHECK_FALSE(sent(false).has_value());
}

TEST_CASE("4.4.3: of two SCCRQs that cross, the lower Tie Breaker wins and the loser ends in silence") {
    // What the peer's SCCRQ has against ours: lower, equal, higher, none; ours none; none at all.
    struct Row {
        bool ours;
        std::optional<int> peer;  // ours plus this
        bool we_stay, peer_offered;
    };
    for (const Row& row : {Row{true, -1, false, true}, Row{true, 0, false, false}, Row{true, 1, true, false},
                           Row{true, std::nullopt, true, false}, Row{false, 0, false, true},
                           Row{false, std::nullopt, true, true}}) {
        CAPTURE(row.ours);
        CAPTURE(row.peer.value_or(99));
        Line line;
        TunnelOptions options;
        options.tie_breaker = row.ours;
        line.tunnel = line.endpoint.open_tunnel(line.now, line.path, options).value();
        line.drain();
        const auto ours = line.expect<Sccrq>().tie_breaker;
        Sccrq theirs = Line::sccrq();
        if (row.peer) theirs.tie_breaker = ours.value_or(5) + static_cast<std::uint64_t>(*row.peer);
        line.path.remote.port = 40000;  // a peer may ask from any port
        line.inject(encode_message(0, 0, theirs));
        if (!row.we_stay) {
            CHECK(line.output<TunnelDown>().reason.cause == DownReason::Cause::collision);
            CHECK(line.output<TunnelGone>().tunnel == line.tunnel);
        }
        CHECK(line.endpoint.tunnel_status(line.tunnel).has_value() == row.we_stay);
        if (row.peer_offered) static_cast<void>(line.output<TunnelOffered>());
        CHECK(line.quiet());
    }
}

TEST_CASE("4.4.3: a Tie Breaker is of no effect on another peer's tunnel, nor on an established one") {
    Opened line;
    Sccrq theirs = Line::sccrq();
    theirs.tie_breaker = 0;
    line.path.binding = 6;
    line.inject(encode_message(0, 0, theirs));
    static_cast<void>(line.output<TunnelOffered>());
    line.path.binding = 5;
    line.send(sccrp());
    static_cast<void>(line.output<TunnelPeerKnown>());
    static_cast<void>(line.output<TunnelUp>());
    line.inject(encode_message(0, 0, theirs));
    static_cast<void>(line.output<TunnelOffered>());
    CHECK(line.endpoint.tunnel_status(line.tunnel)->state == TunnelState::established);
}

TEST_CASE("an unknown AVP with M: the tunnel or the session falls, with result 2, error 8") {
    SUBCASE("in a message of the tunnel") {
        Established line;
        line.call();
        line.send_avps(hex("8008 0000 0000 0006  8006 0000 03e7"));
        static_cast<void>(line.output<SessionDown>());
        CHECK(line.output<TunnelDown>().reason.cause == DownReason::Cause::protocol);
        const auto stop = line.expect<Stopccn>();
        CHECK(stop.result.result == 2);
        CHECK(stop.result.error == 8);
        CHECK(stop.result.message.find("999") != std::string::npos);
    }
    SUBCASE("in a message of a session") {
        Established line;
        const LocalSessionId session = line.call();
        line.send_avps(hex("8008 0000 0000 0010  8010 0000 0023 0000 00000000 00000000  8006 0009 0001"),
                       static_cast<std::uint16_t>(session.value));
        CHECK(line.output<SessionDown>().reason.error == 8);
        CHECK(line.expect<Cdn>().result.error == 8);
        CHECK(line.endpoint.tunnel_status(line.tunnel)->state == TunnelState::established);
    }
    SUBCASE("in an ICRQ, to the id that it names") {
        Established line;
        line.send_avps(
            hex("8008 0000 0000 000a  8006 0000 03e7  8008 0000 000e 01f4  800a 0000 000f 00000001"));
        const auto cdn = line.expect<Cdn>();
        CHECK(cdn.result.error == 8);
        CHECK(line.last_header.session == 500);
        CHECK(line.outputs.empty());
    }
    SUBCASE("without M nothing falls") {
        Established line;
        line.send_avps(hex("8008 0000 0000 0006  0006 0000 03e7  0006 0009 0001"));
        static_cast<void>(line.expect<Zlb>());
        CHECK(line.quiet());
    }
}

TEST_CASE("an AVP length below 6 ends the tunnel with result 2, error 2") {
    Established line;
    line.send_avps(hex("8008 0000 0000 0006  8005 0000 0007"));
    CHECK(line.output<TunnelDown>().reason.error == 2);
    CHECK(line.expect<Stopccn>().result.error == 2);
}

TEST_CASE("an unknown message: acknowledged and ignored, with M the end of the tunnel") {
    Established line;
    line.send_avps(hex("0008 0000 0000 0063"));
    static_cast<void>(line.expect<Zlb>());
    CHECK(line.quiet());
    line.send_avps(hex("8008 0000 0000 0063"));
    static_cast<void>(line.output<TunnelDown>());
    CHECK(line.expect<Stopccn>().result.result == 2);
}

TEST_CASE("a message that is half good has no effect") {
    Opened line;
    // An SCCRP whose tunnel id is good and whose Framing Capabilities are short: nothing of it is applied.
    line.send_avps(
        hex("8008 0000 0000 0002  8008 0000 0002 0100  8009 0000 0007 6c6e73  8008 0000 0009 0058"
            "8008 0000 0003 0003"));
    CHECK(line.output<TunnelDown>().reason.error == 2);
    static_cast<void>(line.expect<Stopccn>());
    CHECK(line.endpoint.tunnel_status(line.tunnel)->peer_host_name.empty());
}

TEST_CASE("strays: what belongs to nothing is counted or answered as the RFC says") {
    Established line;
    line.inject(control({9999, 0, 0, 0}, {}));
    CHECK(line.endpoint.counters().unknown_tunnel == 1);
    line.inject(hex("0002 1234 0001 ff03 c021"));                           // data
    line.inject(hex("c803 0014 0000 0000 0000 0000 0008 0000 0000 0001"));  // L2TPv3
    CHECK(line.endpoint.counters().malformed == 0);
    line.inject(hex("c802 0001"));
    CHECK(line.endpoint.counters().malformed == 1);
    CHECK(line.quiet());
    line.send(Icrp{600}, 4711);
    CHECK(line.expect<Cdn>().result.error == 5);
    CHECK(line.last_header.session == 600);
    line.send(Iccn{}, 4711);
    static_cast<void>(line.expect<Zlb>());
    line.send(Ocrq{601});
    CHECK(line.expect<Cdn>().result.result == 5);
    line.send(Sli{}, 4711);
    static_cast<void>(line.expect<Zlb>());
    CHECK(line.quiet());
}

TEST_CASE("commands out of place are errors and change nothing") {
    Opened line;
    CHECK(line.endpoint.open_session(line.now, line.tunnel).error().code == ErrorCode::invalid);
    CHECK(line.endpoint.open_session(line.now, LocalTunnelId(1)).error().code == ErrorCode::not_found);
    CHECK(line.endpoint.accept_tunnel(line.now, line.tunnel).error().code == ErrorCode::invalid);
    CHECK(line.endpoint.reject_tunnel(line.now, line.tunnel, 1, 0, "").error().code == ErrorCode::invalid);
    CHECK(line.endpoint.close_tunnel(line.now, LocalTunnelId(1)).error().code == ErrorCode::not_found);
    CHECK(line.endpoint.accept_session(line.now, line.tunnel, LocalSessionId(1)).error().code ==
          ErrorCode::not_found);
    CHECK_FALSE(line.endpoint.tunnel_status(LocalTunnelId(1)));
    line.drain();
    CHECK(line.quiet());
}

TEST_CASE("messages that come in the wrong order are handled in the right one") {
    Established line;
    Icrq first, second;
    first.assigned_session_id = 500;
    second.assigned_session_id = 501;
    Bytes early = encode_message(line.ours, 0, second);
    set_sequence(early, static_cast<std::uint16_t>(line.peer_ns + 1), line.peer_nr);
    line.inject(early);
    CHECK(line.quiet());
    line.send(first);
    CHECK(line.output<SessionOffered>().peer_session == PeerSessionId(500));
    CHECK(line.output<SessionOffered>().peer_session == PeerSessionId(501));
    ++line.peer_ns;
}
