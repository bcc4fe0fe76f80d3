// Ladders of outgoing calls (RFC 2661 7.5), and of what sessions tell beside their set-up.
#include <doctest/doctest.h>

#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::Established;
using keel::l2tp::test::hex;
using keel::l2tp::test::Line;

namespace {

EndpointConfig dialler() {
    EndpointConfig config;
    config.bearer_capabilities = kDigitalBearer;
    return config;
}

// The peer can place outgoing calls by these bearers.
struct WithDialler : Line {
    explicit WithDialler(std::uint32_t bearers) {
        Sccrq request = sccrq();
        request.bearer_capabilities = bearers;
        establish(request);
    }
};

Ocrq ocrq() {
    Ocrq message;
    message.assigned_session_id = 500;
    message.call_serial_number = 9;
    message.minimum_bps = 9600;
    message.maximum_bps = 64000;
    message.bearer_type = kDigitalBearer;
    message.called_number = hex("31320a33");
    return message;
}

std::uint16_t wire(LocalSessionId id) {
    return static_cast<std::uint16_t>(id.value);
}

}  // namespace

TEST_CASE("an outgoing call as LAC: OCRQ, OCRP, OCCN") {
    Established line(dialler());
    line.send(ocrq());
    const auto offered = line.output<SessionOffered>();
    CHECK(offered.kind == SessionKind::outgoing_call);
    CHECK(offered.called_number == "12?3");
    CHECK(offered.call_serial == 9);
    CHECK(offered.minimum_bps == 9600);
    CHECK(offered.maximum_bps == 64000);
    CHECK(line.quiet());
    REQUIRE(line.endpoint.accept_session(line.now, line.tunnel, offered.session).has_value());
    line.drain();
    CHECK(line.expect<Ocrp>().assigned_session_id == offered.session.value);
    CHECK(line.last_header.session == 500);
    line.acknowledge();
    line.pass(seconds(50));  // it may ring for long
    line.wire.clear();
    REQUIRE(line.endpoint.connect_session(line.now, line.tunnel, offered.session, 64000, true).has_value());
    line.drain();
    CHECK(line.output<SessionUp>().sequencing);
    const auto occn = line.expect<Occn>();
    CHECK(occn.tx_connect_speed == 64000);
    CHECK(occn.sequencing_required);
    CHECK(line.endpoint.connect_session(line.now, line.tunnel, offered.session, 1).error().code ==
          ErrorCode::invalid);
}

TEST_CASE("an outgoing call as LAC that fails: CDN with the reason") {
    Established line(dialler());
    line.send(ocrq());
    const auto session = line.output<SessionOffered>().session;
    REQUIRE(line.endpoint.accept_session(line.now, line.tunnel, session).has_value());
    line.drain();
    static_cast<void>(line.expect<Ocrp>());
    REQUIRE(line.endpoint.close_session(line.now, line.tunnel, session, 8).has_value());
    line.drain();
    CHECK(line.output<SessionDown>().reason.text() == "closed here: call failed: busy signal (result 8)");
    CHECK(line.expect<Cdn>().result.result == 8);
}

TEST_CASE("an OCRQ is refused where no call can be placed, or not by that bearer") {
    Established none;
    none.send(ocrq());
    CHECK(none.expect<Cdn>().result.result == 5);
    CHECK(none.last_header.session == 500);
    CHECK(none.outputs.empty());
    Established digital(dialler());
    Ocrq analog = ocrq();
    analog.bearer_type = kAnalogBearer;
    digital.send(analog);
    CHECK(digital.expect<Cdn>().result.message.find("bearer") != std::string::npos);
    CHECK(digital.outputs.empty());
}

TEST_CASE("a tunnel may dial where the endpoint does not, and tells so in its SCCRQ") {
    Line line;
    TunnelOptions options;
    options.bearer_capabilities = kDigitalBearer;
    line.tunnel = line.endpoint.open_tunnel(line.now, line.path, options).value();
    line.drain();
    const auto sccrq = line.expect<Sccrq>();
    CHECK(sccrq.bearer_capabilities == kDigitalBearer);
    line.ours = sccrq.assigned_tunnel_id;
    Sccrp reply;
    reply.host_name = "lns";
    reply.assigned_tunnel_id = 88;
    line.send(reply);
    static_cast<void>(line.output<TunnelPeerKnown>());
    static_cast<void>(line.output<TunnelUp>());
    line.send(ocrq());
    CHECK(line.output<SessionOffered>().kind == SessionKind::outgoing_call);
    Line other;
    static_cast<void>(other.endpoint.open_tunnel(other.now, other.path));
    other.drain();
    CHECK(other.expect<Sccrq>().bearer_capabilities == 0);
}

TEST_CASE("4.4.3: the SCCRP tells the bearers that we can dial by") {
    Line line(dialler());
    line.send(Line::sccrq());
    line.tunnel = line.output<TunnelOffered>().tunnel;
    line.accept();
    CHECK(line.expect<Sccrp>().bearer_capabilities == kDigitalBearer);
}

TEST_CASE("an outgoing call as LNS: OCRQ, OCRP, OCCN") {
    WithDialler line(kDigitalBearer);
    SessionOptions options;
    options.kind = SessionKind::outgoing_call;
    options.called_number = "555";
    options.sub_address = "7";
    options.minimum_bps = 9600;
    options.maximum_bps = 64000;
    options.bearer_type = kDigitalBearer;
    const auto session = line.endpoint.open_session(line.now, line.tunnel, options);
    REQUIRE(session.has_value());
    line.drain();
    const auto request = line.expect<Ocrq>();
    CHECK(line.last_header.session == 0);
    CHECK(request.assigned_session_id == session->value);
    CHECK(request.called_number == hex("353535"));
    CHECK(request.sub_address == hex("37"));
    CHECK(request.minimum_bps == 9600);
    CHECK(request.maximum_bps == 64000);
    CHECK(request.bearer_type == kDigitalBearer);
    line.send(Ocrp{600}, wire(*session));
    CHECK(line.output<SessionPeerKnown>().peer_session == PeerSessionId(600));
    CHECK(line.outputs.empty());
    static_cast<void>(line.expect<Zlb>());
    Occn occn;
    occn.tx_connect_speed = 64000;
    occn.rx_connect_speed = 9600;
    SUBCASE("it is answered") {
        line.send(occn, wire(*session));
        CHECK(line.output<SessionUp>().peer_session == PeerSessionId(600));
        const auto status = line.endpoint.session_status(line.tunnel, *session);
        CHECK(status->kind == SessionKind::outgoing_call);
        CHECK(status->tx_speed == 64000);
        CHECK(status->rx_speed == 9600);
    }
    SUBCASE("it is busy") {
        line.send(Cdn{{8, {}, ""}, 600, Q931Cause{17, 0x45, ""}}, wire(*session));
        CHECK(line.output<SessionDown>().reason.text() ==
              "peer sent CDN: call failed: busy signal (result 8): Q.931 cause 17 (user busy)");
    }
    SUBCASE("nothing comes of it") {
        line.pass(seconds(120));
        CHECK(line.output<SessionDown>().reason.cause == DownReason::Cause::timeout);
        static_cast<void>(line.expect<Hello>());
        line.acknowledge();
        CHECK(line.expect<Cdn>().result.result == 10);
    }
}

TEST_CASE("an outgoing call is not asked of a peer that cannot place it") {
    SessionOptions options;
    options.kind = SessionKind::outgoing_call;
    Established none;
    CHECK(none.endpoint.open_session(none.now, none.tunnel, options).error().code == ErrorCode::unsupported);
    WithDialler digital(kDigitalBearer);
    options.bearer_type = kAnalogBearer;
    CHECK(digital.endpoint.open_session(digital.now, digital.tunnel, options).error().code ==
          ErrorCode::unsupported);
    digital.drain();
    CHECK(digital.quiet());
}

TEST_CASE("7.5.1: an OCRP out of nowhere is answered by CDN, an OCCN is not") {
    Established line;
    line.send(Ocrp{600}, 4711);
    CHECK(line.expect<Cdn>().result.error == 5);
    CHECK(line.last_header.session == 600);
    line.send(Occn{}, 4711);
    static_cast<void>(line.expect<Zlb>());
    CHECK(line.quiet());
}

TEST_CASE("WEN, SLI, MDMST and CSUN are shown in the session's status") {
    Established line;
    const LocalSessionId session = line.call();
    CHECK_FALSE(line.endpoint.session_status(line.tunnel, session)->call_errors.has_value());
    line.send(Wen{{1, 2, 3, 4, 5, 6}}, wire(session));
    line.send(Sli{Accm{0xa0000, 0}, {}, {}}, wire(session));
    line.send(Mdmst{0x8005}, wire(session));
    line.send(Csun{{{wire(session), 100, 10}, {4711, 1, 1}}});
    const auto status = line.endpoint.session_status(line.tunnel, session);
    REQUIRE(status.has_value());
    CHECK(status->call_errors == CallErrors{1, 2, 3, 4, 5, 6});
    CHECK(status->accm == Accm{0xa0000, 0});
    CHECK(status->modem == "on hold for at most 1 minute");
    CHECK(status->tx_speed == 100);
    CHECK(status->rx_speed == 10);
    CHECK(line.outputs.empty());
    CHECK_FALSE(line.endpoint.session_status(line.tunnel, LocalSessionId(4711)).has_value());
}

TEST_CASE("WEN and SLI are sent in an established session only") {
    Established line;
    const LocalSessionId session = line.call();
    REQUIRE(line.endpoint.report_errors(line.now, line.tunnel, session, CallErrors{1, 0, 0, 0, 0, 0})
                .has_value());
    line.drain();
    CHECK(line.expect<Wen>().call_errors.crc == 1);
    CHECK(line.last_header.session == 500);
    line.acknowledge();
    REQUIRE(line.endpoint.set_link_info(line.now, line.tunnel, session, Accm{0, 1}).has_value());
    line.drain();
    CHECK(line.expect<Sli>().accm == Accm{0, 1});
    REQUIRE(line.endpoint.close_session(line.now, line.tunnel, session).has_value());
    CHECK(line.endpoint.set_link_info(line.now, line.tunnel, session, Accm{}).error().code ==
          ErrorCode::invalid);
    CHECK(line.endpoint.set_link_info(line.now, line.tunnel, LocalSessionId(1), Accm{}).error().code ==
          ErrorCode::not_found);
}

TEST_CASE("RFC 3145: why PPP ended, both directions") {
    Established line;
    const LocalSessionId ours = line.call(500);
    REQUIRE(line.endpoint.close_session(line.now, line.tunnel, ours, 3, "", {{16, 0xc223, 1, "alice"}})
                .has_value());
    line.drain();
    static_cast<void>(line.output<SessionDown>());
    CHECK(line.expect<Cdn>().ppp_disconnect == std::vector{PppDisconnect{16, 0xc223, 1, "alice"}});
    line.acknowledge();
    const LocalSessionId theirs = line.call(501);
    line.send(Cdn{{3, {}, ""}, 501, {}, {{8, 0xc021, 0, ""}}}, wire(theirs));
    const auto reason = line.output<SessionDown>().reason;
    CHECK(reason.text() ==
          "peer sent CDN: call disconnected for administrative reasons (result 3): PPP: no answer to LCP "
          "Echo-Requests (code 8, protocol 0xc021)");
    CHECK(reason.ppp == std::vector{PppDisconnect{8, 0xc021, 0, ""}});
}

TEST_CASE("RFC 5515: what the access node tells of the line is shown with the offer") {
    Established line;
    Icrq icrq;
    icrq.assigned_session_id = 500;
    icrq.line.agent_circuit_id = "dslam 1/2";
    icrq.line.actual_rate_down = 100'000'000;
    line.send(icrq);
    CHECK(line.output<SessionOffered>().access_line == "circuit-id=\"dslam 1/2\" down=100000000");
}

TEST_CASE("RFC 3308: the DSCP of a control connection is asked for, granted, changed or passed over") {
    // As the one that asks: the reply grants the same, another, or nothing.
    for (const std::optional<std::uint8_t> granted :
         {std::optional<std::uint8_t>(46), std::optional<std::uint8_t>(10), std::optional<std::uint8_t>()}) {
        Line line;
        TunnelOptions options;
        options.dscp = 46;
        line.tunnel = line.endpoint.open_tunnel(line.now, line.path, options).value();
        line.drain();
        const auto sccrq = line.expect<Sccrq>();
        line.ours = sccrq.assigned_tunnel_id;
        CHECK(sccrq.control_connection_ds == 0xb800);
        Sccrp reply;
        reply.host_name = "lns";
        reply.assigned_tunnel_id = 88;
        if (granted) reply.control_connection_ds = phb_of_dscp(*granted);
        line.send(reply);
        static_cast<void>(line.output<TunnelPeerKnown>());
        CHECK(line.output<TunnelUp>().dscp == granted);
    }
    // As the one that is asked, or not asked: nothing is granted that nobody wanted.
    for (const bool asked : {true, false}) {
        Line line;
        Sccrq sccrq = Line::sccrq();
        if (asked) sccrq.control_connection_ds = 0xb800;
        line.send(sccrq);
        const auto offered = line.output<TunnelOffered>();
        CHECK(offered.dscp == (asked ? std::optional<std::uint8_t>(46) : std::nullopt));
        TunnelOptions options;
        options.dscp = 10;
        REQUIRE(line.endpoint.accept_tunnel(line.now, offered.tunnel, options).has_value());
        line.drain();
        const auto reply = line.expect<Sccrp>();
        line.ours = reply.assigned_tunnel_id;
        CHECK(reply.control_connection_ds == (asked ? std::optional<std::uint16_t>(0x2800) : std::nullopt));
        line.send(Scccn{});
        CHECK(line.output<TunnelUp>().dscp == (asked ? std::optional<std::uint8_t>(10) : std::nullopt));
    }
}

TEST_CASE("RFC 3308: the DSCP of a session, both ways") {
    Established line;
    SessionOptions options;
    options.dscp = 46;
    const auto session = line.endpoint.open_session(line.now, line.tunnel, options);
    REQUIRE(session.has_value());
    line.drain();
    CHECK(line.expect<Icrq>().session_ds == 0xb800);
    line.send(Icrp{600, 0x2800}, wire(*session));
    static_cast<void>(line.output<SessionPeerKnown>());
    CHECK(line.output<SessionUp>().dscp == 10);
    static_cast<void>(line.expect<Iccn>());
    for (const bool granted : {true, false}) {
        Icrq icrq;
        icrq.assigned_session_id = granted ? 501 : 502;
        icrq.session_ds = 0xb800;
        line.send(icrq);
        const auto offered = line.output<SessionOffered>();
        CHECK(offered.dscp == 46);
        const auto dscp = granted ? std::optional<std::uint8_t>(46) : std::nullopt;
        REQUIRE(line.endpoint.accept_session(line.now, line.tunnel, offered.session, dscp).has_value());
        line.drain();
        CHECK(line.expect<Icrp>().session_ds ==
              (granted ? std::optional<std::uint16_t>(0xb800) : std::nullopt));
        line.send(Iccn{}, wire(offered.session));
        CHECK(line.output<SessionUp>().dscp == dscp);
        line.wire.clear();
    }
}

TEST_CASE("4.4.3: only a framing that the peer has is asked for") {
    for (const std::uint32_t framing : {kSyncFraming, kAsyncFraming}) {
        Line line;
        Sccrq request = Line::sccrq();
        request.framing_capabilities = framing;
        line.establish(request);
        const auto session = line.endpoint.open_session(line.now, line.tunnel);
        line.drain();
        static_cast<void>(line.expect<Icrq>());
        line.send(Icrp{600}, wire(*session));
        CHECK(line.expect<Iccn>().framing_type == framing);
    }
}

TEST_CASE("9.1: tunnel and session ids are not told by the ones before") {
    Established line;
    std::vector<std::uint32_t> tunnels, sessions;
    for (int i = 0; i < 20; ++i) {
        tunnels.push_back(line.endpoint.open_tunnel(line.now, line.path).value().value);
        sessions.push_back(line.endpoint.open_session(line.now, line.tunnel).value().value);
    }
    for (const auto& ids : {tunnels, sessions}) {
        std::size_t steps_of_one = 0;
        for (std::size_t i = 1; i < ids.size(); ++i) steps_of_one += ids[i] == ids[i - 1] + 1 ? 1u : 0u;
        CHECK(steps_of_one < 2);
    }
}

TEST_CASE("5.8: a retransmission keeps its Ns and has the present Nr") {
    Established line;
    REQUIRE(line.endpoint.open_session(line.now, line.tunnel).has_value());
    line.drain();
    static_cast<void>(line.expect<Icrq>());
    const ControlHeader first = line.last_header;
    Bytes hello = encode_message(line.ours, 0, Hello{});
    set_sequence(hello, line.peer_ns++, first.ns);  // the ICRQ was lost
    line.inject(hello);
    static_cast<void>(line.expect<Zlb>());
    line.pass(seconds(1));
    static_cast<void>(line.expect<Icrq>());
    CHECK(line.last_header.ns == first.ns);
    CHECK(line.last_header.nr == first.nr + 1);
}
