// Each quirk twice: held to the RFC, and excused. And what the options of one tunnel change.
#include "l2tp/quirks.hpp"

#include <doctest/doctest.h>

#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::control;
using keel::l2tp::test::hex;
using keel::l2tp::test::Line;
using keel::l2tp::test::operator+;

namespace {

EndpointConfig with(Quirks quirks) {
    EndpointConfig config;
    config.incoming = [quirks](const Path&, std::string_view) { return Incoming({}, quirks); };
    return config;
}

// An SCCRQ of tunnel 77, and what else is in it.
Bytes sccrq_avps(const Bytes& more) {
    return hex("8008 0000 0000 0001  8008 0000 0002 0100  800a 0000 0003 00000003  8009 0000 0007 6c6163"
               "8008 0000 0009 004d") +
           more;
}

// What we ask with.
Sccrq asked(const TunnelOptions& options) {
    Line line;
    line.tunnel = line.endpoint.open_tunnel(line.now, line.path, options).value();
    line.drain();
    return line.expect<Sccrq>();
}

}  // namespace

TEST_CASE("every quirk has a name and says whom it is for, what it does and what it costs") {
    CHECK(all_quirks().size() == 8);
    for (const QuirkRow& row : all_quirks()) {
        CAPTURE(row.name);
        CHECK(quirk_of(row.name) == row.quirk);
        CHECK(name_of(row.quirk) == row.name);
        CHECK((row.client || row.server));
        CHECK_FALSE((row.peers.empty() || row.changes.empty() || row.costs.empty()));
    }
    CHECK_FALSE(quirk_of("no-such-quirk").has_value());
    Quirks some{Quirk::ignore_unknown, Quirk::source_port_any};
    CHECK(some.has(Quirk::source_port_any));
    CHECK_FALSE(some.has(Quirk::lenient_window));
    CHECK_FALSE(some.empty());
}

TEST_CASE("ignore-unknown: an AVP with M of another vendor, or with a reserved bit") {
    for (const auto* avp : {"8008 0009 0001 0001", "8006 0000 03e7", "8408 0000 0006 0001"}) {
        CAPTURE(avp);
        const Bytes sccrq = control({0, 0, 0, 0}, sccrq_avps(hex(avp)));
        Line strict;
        strict.inject(sccrq);
        CHECK(strict.expect<Stopccn>().result.error == 8);
        Line line(with({Quirk::ignore_unknown}));
        line.inject(sccrq);
        CHECK(line.output<TunnelOffered>().peer_tunnel == PeerTunnelId(77));
    }
    // What is known must still be right.
    Line line(with({Quirk::ignore_unknown}));
    line.inject(control({0, 0, 0, 0}, sccrq_avps(hex("8007 0000 000a 08"))));
    CHECK(line.expect<Stopccn>().result.error == 2);
}

TEST_CASE("ignore-unknown: a message with M") {
    const Bytes unknown = hex("8008 0000 0000 0063");
    Line strict;
    strict.establish();
    strict.send_avps(unknown);
    CHECK(strict.output<TunnelDown>().reason.error == 8);
    Line line(with({Quirk::ignore_unknown}));
    line.establish();
    line.send_avps(unknown);
    static_cast<void>(line.expect<Zlb>());
    CHECK(line.quiet());
}

TEST_CASE("required-avps-only: we say no more than we must") {
    const Sccrq full = asked({.host_name = {}, .hello_interval = {}, .dscp = 46});
    CHECK(full.tie_breaker.has_value());
    CHECK(full.vendor_name.has_value());
    CHECK(full.firmware_revision.has_value());
    CHECK(full.bearer_capabilities.has_value());
    CHECK(full.control_connection_ds.has_value());
    const Sccrq bare = asked({.host_name = {},
                              .hello_interval = {},
                              .secret = Secret(std::string_view("s")),
                              .dscp = 46,
                              .quirks = {Quirk::required_avps_only}});
    Sccrq least;
    least.host_name = "keel2tp";
    least.assigned_tunnel_id = bare.assigned_tunnel_id;
    least.receive_window_size = 8;
    least.challenge = bare.challenge;
    CHECK(bare == least);
    CHECK(bare.challenge.has_value());

    Line line(with({Quirk::required_avps_only}));
    line.send(Line::sccrq());
    line.tunnel = line.output<TunnelOffered>().tunnel;
    line.accept();
    const auto reply = line.expect<Sccrp>();
    CHECK_FALSE(reply.vendor_name.has_value());
    CHECK_FALSE(reply.firmware_revision.has_value());
    line.ours = reply.assigned_tunnel_id;
    line.send(Scccn{});
    static_cast<void>(line.output<TunnelUp>());
    static_cast<void>(line.expect<Zlb>());
    const LocalSessionId session = line.call();
    REQUIRE(line.endpoint.close_session(line.now, line.tunnel, session, 3, "", {{16, 0xc223, 1, "no"}}));
    line.drain();
    CHECK(line.expect<Cdn>().ppp_disconnect.empty());
}

TEST_CASE("lenient-window: a window of 0") {
    const Bytes sccrq = control({0, 0, 0, 0}, sccrq_avps(hex("8008 0000 000a 0000")));
    Line strict;
    strict.inject(sccrq);
    CHECK(strict.expect<Stopccn>().result.error == 3);
    Line line(with({Quirk::lenient_window}));
    line.inject(sccrq);
    static_cast<void>(line.output<TunnelOffered>());
}

TEST_CASE("lenient-window: messages beyond our window are kept for their turn") {
    // 20 calls come in the wrong order, the last one first.
    const auto offered = [](Line& line) {
        line.establish();
        const std::uint16_t first = line.peer_ns;
        for (std::uint16_t i = 20; i-- > 0;) {
            Icrq icrq;
            icrq.assigned_session_id = static_cast<std::uint16_t>(1000 + i);
            Bytes message = encode_message(line.ours, 0, icrq);
            set_sequence(message, static_cast<std::uint16_t>(first + i), line.peer_nr);
            line.inject(message);
        }
        return line.outputs.size();
    };
    Line strict;
    CHECK(offered(strict) == 8);
    Line line(with({Quirk::lenient_window}));
    CHECK(offered(line) == 20);
}

TEST_CASE("one-at-a-time: the window that the peer offers is not used") {
    const auto in_flight = [](Line& line) {
        Sccrq sccrq = Line::sccrq();
        sccrq.receive_window_size = 16;
        line.establish(sccrq);
        // The congestion window opens with each acknowledgement.
        std::size_t most = 0;
        for (int i = 0; i < 12; ++i) REQUIRE(line.endpoint.open_session(line.now, line.tunnel).has_value());
        for (int i = 0; i < 12; ++i) {
            line.drain();
            most = std::max(most, line.wire.size());
            line.wire.clear();
            line.acknowledge();
        }
        return most;
    };
    Line strict;
    CHECK(in_flight(strict) > 2);
    Line line(with({Quirk::one_at_a_time}));
    CHECK(in_flight(line) == 1);
}

TEST_CASE("swapped-result-code: Apple's way to write 1 and 3") {
    const auto end_of = [](Line& line, const char* result) {
        line.establish();
        const LocalSessionId session = line.call();
        line.send_avps(hex("8008 0000 0000 000e") + hex(result) + hex("8008 0000 000e 01f4"),
                       static_cast<std::uint16_t>(session.value));
        return line.output<SessionDown>().reason;
    };
    Line strict;
    CHECK(end_of(strict, "8008 0000 0001 0300").result == 768);
    Line line(with({Quirk::swapped_result_code}));
    CHECK(end_of(line, "8008 0000 0001 0300").result == 3);
    Line right(with({Quirk::swapped_result_code}));
    const auto reason = end_of(right, "800a 0000 0001 0002 0600");
    CHECK(reason.result == 2);
    CHECK(reason.error == 6);
}

TEST_CASE("zero-tunnel-id: what comes to tunnel 0 belongs to the newest tunnel from there") {
    const auto reply_to = [](Line& line) {
        line.send(Line::sccrq());
        line.tunnel = line.output<TunnelOffered>().tunnel;
        line.accept();
        static_cast<void>(line.expect<Sccrp>());
        line.ours = 0;
        line.send(Scccn{});
    };
    Line strict;
    reply_to(strict);
    CHECK(strict.quiet());
    CHECK(strict.endpoint.counters().unknown_tunnel == 1);

    Line line(with({Quirk::zero_tunnel_id}));
    reply_to(line);
    static_cast<void>(line.output<TunnelUp>());
    static_cast<void>(line.expect<Zlb>());
    line.send(Hello{});
    static_cast<void>(line.expect<Zlb>());
    SUBCASE("not from elsewhere") {
        line.path.remote.port = 1702;
        line.send(Hello{});
        CHECK(line.quiet());
    }
    SUBCASE("and when it is gone, to nobody") {
        REQUIRE(line.endpoint.abandon_tunnel(line.now, line.tunnel, "gone"));
        line.drain();
        static_cast<void>(line.output<TunnelDown>());
        static_cast<void>(line.output<TunnelGone>());
        line.send(Hello{});
        CHECK(line.quiet());
    }
}

TEST_CASE("retransmission may differ from tunnel to tunnel") {
    CHECK(retransmission_cycle(seconds(1), 5) == seconds(31));
    CHECK(retransmission_cycle(milliseconds(500), 2) == milliseconds(3500));
    Line line;
    TunnelOptions options;
    options.retransmit_initial = milliseconds(500);
    options.retransmit_limit = 2;
    line.tunnel = line.endpoint.open_tunnel(line.now, line.path, options).value();
    const auto other = line.endpoint.open_tunnel(line.now, line.path);
    line.drain();
    for (int i = 0; i < 6; ++i) line.pass(milliseconds(500));
    CHECK(line.outputs.empty());
    line.pass(milliseconds(500));
    CHECK(line.output<TunnelDown>().reason.cause == DownReason::Cause::timeout);
    CHECK(line.endpoint.tunnel_status(*other).has_value());
}

TEST_CASE("a tunnel's status tells what was agreed on with this peer") {
    Line line(with({Quirk::swapped_result_code, Quirk::lenient_window}));
    line.establish();
    const auto open = line.endpoint.tunnel_status(line.tunnel);
    REQUIRE(open.has_value());
    CHECK(open->quirks == Quirks{Quirk::lenient_window, Quirk::swapped_result_code});
    CHECK_FALSE(open->authenticated);
    CHECK_FALSE(open->dscp.has_value());
}
