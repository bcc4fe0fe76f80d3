// What a peer must not send, and what crosses or comes late: exactly what we answer.
#include <doctest/doctest.h>

#include "l2tp/endpoint.hpp"
#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::control;
using keel::l2tp::test::Established;
using keel::l2tp::test::hex;
using keel::l2tp::test::Line;
using keel::l2tp::test::Opened;
using keel::l2tp::test::operator+;

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
    auto reply = Line::sccrp();
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
    line.send(Line::sccrp());
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
