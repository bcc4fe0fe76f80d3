// The Wire itself: it must see each breach that it is there for.
#include "sim/wire.hpp"

#include <doctest/doctest.h>

#include "sim/host.hpp"

namespace {

using namespace keel;
using namespace keel::l2tp;
using namespace keel::sim;

const IpAddress kLac = IpAddress::v4(0xc0000201);
const IpAddress kLns = IpAddress::v4(0xc0000202);

Bytes numbered(Bytes message, std::uint16_t ns, std::uint16_t nr) {
    set_sequence(message, ns, nr);
    return message;
}
Bytes hello(std::uint16_t tunnel, std::uint16_t ns, std::uint16_t nr) {
    return numbered(encode_message(tunnel, 0, Hello{}), ns, nr);
}
Bytes zlb(std::uint16_t tunnel, std::uint16_t ns, std::uint16_t nr) {
    return numbered(encode_message(tunnel, 0, Zlb{}), ns, nr);
}
Bytes cdn(std::uint16_t ns) {
    Cdn message;
    message.result.result = 3;
    message.assigned_session_id = 9;
    return numbered(encode_message(8, 5, message), ns, 1);
}

// The LAC's tunnel 7 to the LNS's tunnel 8, with a window of 2 each way.
struct Established {
    Established() {
        Sccrq sccrq;
        sccrq.host_name = "lac";
        sccrq.assigned_tunnel_id = 7;
        sccrq.receive_window_size = std::uint16_t{2};
        Sccrp sccrp;
        sccrp.host_name = "lns";
        sccrp.assigned_tunnel_id = 8;
        sccrp.receive_window_size = std::uint16_t{2};
        pass(kLac, kLns, numbered(encode_message(0, 0, sccrq), 0, 0));
        pass(kLns, kLac, numbered(encode_message(7, 0, sccrp), 0, 1));
        pass(kLac, kLns, numbered(encode_message(8, 0, Scccn{}), 1, 1));
        pass(kLns, kLac, zlb(7, 1, 2));
    }
    void send(const Bytes& bytes, bool from_lac = true) {
        wire.sent(Time{}, from_lac ? kLac : kLns, from_lac ? kLns : kLac, LocalTunnelId(from_lac ? 7 : 8),
                  bytes);
    }
    void pass(const IpAddress& from, const IpAddress& to, const Bytes& bytes) {
        wire.sent(Time{}, from, to, LocalTunnelId(from == kLac ? 7 : 8), bytes);
        wire.arrived(Time{}, from, to, bytes);
    }
    Wire wire{Secret(), seconds(31)};
};

}  // namespace

TEST_CASE("the wire sees a window that is not kept to") {
    Established on;
    on.send(hello(8, 2, 1));
    on.send(hello(8, 3, 1));
    CHECK_THROWS_AS(on.send(hello(8, 4, 1)), Broken);
}

TEST_CASE("the wire sees an acknowledgement open the window") {
    Established on;
    on.send(hello(8, 2, 1));
    on.send(hello(8, 3, 1));
    on.wire.arrived(Time{}, kLac, kLns, hello(8, 2, 1));
    on.pass(kLns, kLac, zlb(7, 1, 3));
    on.send(hello(8, 4, 1));
    CHECK_THROWS_AS(on.send(hello(8, 5, 1)), Broken);
}

TEST_CASE("the wire sees a gap in Ns, and one Ns for two messages") {
    Established on;
    CHECK_THROWS_AS(on.send(hello(8, 3, 1)), Broken);
    on.send(hello(8, 2, 1));
    on.send(hello(8, 2, 1));
    CHECK_THROWS_AS(on.send(cdn(2)), Broken);
    CHECK_THROWS_AS(on.send(zlb(8, 2, 1)), Broken);
}

TEST_CASE("the wire sees what is acknowledged though it did not arrive, or taken back") {
    Established on;
    CHECK_THROWS_AS(on.send(zlb(7, 1, 3), false), Broken);
    CHECK_THROWS_AS(on.send(zlb(7, 1, 1), false), Broken);
}

TEST_CASE("the wire sees what arrived and is not acknowledged, early ones too") {
    Established on;
    on.wire.arrived(Time{}, kLac, kLns, hello(8, 3, 1));
    on.send(zlb(7, 1, 2), false);
    on.wire.arrived(Time{}, kLac, kLns, hello(8, 2, 1));
    CHECK_THROWS_AS(on.send(zlb(7, 1, 3), false), Broken);
    on.send(zlb(7, 1, 4), false);
}

TEST_CASE("the wire sees a session's id given again before its CDN was acknowledged") {
    Established on;
    on.send(cdn(2));
    Icrq icrq;
    icrq.assigned_session_id = 9;
    CHECK_THROWS_AS(on.send(numbered(encode_message(8, 0, icrq), 3, 1)), Broken);
}

TEST_CASE("the wire sees a tunnel forgotten too soon") {
    for (const bool acknowledged : {false, true}) {
        CAPTURE(acknowledged);
        Established on;
        Stopccn stopccn;
        stopccn.assigned_tunnel_id = 7;
        stopccn.result.result = 6;
        on.pass(kLac, kLns, numbered(encode_message(8, 0, stopccn), 2, 1));
        if (acknowledged) {
            on.pass(kLns, kLac, zlb(7, 1, 3));
            on.wire.gone(Time{}, kLac, LocalTunnelId(7), Time{}, false);
            on.wire.gone(Time{} + seconds(31), kLns, LocalTunnelId(8), Time{}, false);
        } else {
            CHECK_THROWS_AS(on.wire.gone(Time{} + seconds(30), kLac, LocalTunnelId(7), Time{}, false),
                            Broken);
            CHECK_THROWS_AS(on.wire.gone(Time{} + seconds(30), kLns, LocalTunnelId(8), Time{}, false),
                            Broken);
        }
    }
}
