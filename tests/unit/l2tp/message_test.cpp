#include "l2tp/message.hpp"

#include <doctest/doctest.h>

#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::control;
using keel::l2tp::test::hex;
using keel::l2tp::test::operator+;

namespace {

const Bytes kSccrqType = hex("8008 0000 0000 0001");
// Protocol Version, Host Name "lac", Framing Capabilities A|S, Assigned Tunnel ID 77: 6.1's required AVPs.
const Bytes kSccrqRest =
    hex("8008 0000 0002 0100  8009 0000 0007 6c6163  800a 0000 0003 00000003  8008 0000 0009 004d");

template <class M>
M decode(const Bytes& body) {
    const auto message = decode_message(body);
    REQUIRE(message.has_value());
    REQUIRE(std::holds_alternative<M>(*message));
    return std::get<M>(*message);
}

MessageFault fault_of(const Bytes& body) {
    const auto message = decode_message(body);
    REQUIRE_FALSE(message.has_value());
    return message.error();
}

}  // namespace

TEST_CASE("the header, RFC 2661 3.1") {
    const Bytes zlb = hex("c802 000c 1234 0000 0005 0006");
    const Datagram datagram = read_datagram(zlb);
    CHECK(datagram.kind == Datagram::Kind::control);
    CHECK(datagram.header == ControlHeader{0x1234, 0, 5, 6});
    CHECK(datagram.body.empty());

    using enum Datagram::Kind;
    const auto kind = [](std::string_view text) { return read_datagram(hex(text)).kind; };
    CHECK(kind("") == malformed);
    CHECK(kind("c8") == malformed);
    CHECK(kind("c802 000c 1234 0000 0005 00") == malformed);         // short
    CHECK(kind("c802 000b 1234 0000 0005 0006") == malformed);       // Length below the header
    CHECK(kind("c802 000d 1234 0000 0005 0006") == malformed);       // Length beyond the datagram
    CHECK(kind("8802 000c 1234 0000 0005 0006") == malformed);       // no L
    CHECK(kind("c002 000c 1234 0000 0005 0006") == malformed);       // no S
    CHECK(kind("ca02 000c 1234 0000 0005 0006 0000") == malformed);  // O
    CHECK(kind("f5f2 000c 1234 0000 0005 0006") == malformed);       // no S, whatever the reserved bits
    CHECK(kind("fdf2 000c 1234 0000 0005 0006") == control);         // reserved bits are ignored
    CHECK(kind("0002 1234 0001 ff03") == data);
    CHECK(kind("c803 0014 0000 0000 0000 0000") == other_version);  // L2TPv3
    CHECK(kind("c801 000c 1234 0000 0005 0006") == other_version);  // L2F
    // Octets after Length are not the message's.
    CHECK(read_datagram(hex("c802 000c 1234 0000 0005 0006 ffff")).body.empty());
}

TEST_CASE("SCCRQ, RFC 2661 6.1, with every optional AVP") {
    const auto sccrq =
        decode<Sccrq>(kSccrqType + kSccrqRest +
                      hex("800a 0000 0004 00000002  8008 0000 000a 0010  8008 0000 000b abcd"
                          "000e 0000 0005 0102030405060708  0008 0000 0006 0690  0007 0000 0008 76"));
    CHECK(sccrq.protocol_version == 0x0100);
    CHECK(sccrq.host_name == "lac");
    CHECK(sccrq.framing_capabilities == 3);
    CHECK(sccrq.assigned_tunnel_id == 77);
    CHECK(sccrq.bearer_capabilities == 2);
    CHECK(sccrq.receive_window_size == 16);
    CHECK(sccrq.challenge == "\xab\xcd");
    CHECK(sccrq.tie_breaker == 0x0102030405060708);
    CHECK(sccrq.firmware_revision == 0x0690);
    CHECK(sccrq.vendor_name == hex("76"));
}

TEST_CASE("each required AVP that is missing is named, and the peer's id is found for the answer") {
    for (const auto& [gone, name] : {std::pair{0u, "Protocol Version"}, {1u, "Host Name"}, {2u, "Framing"}}) {
        CAPTURE(name);
        const Bytes parts[] = {hex("8008 0000 0002 0100"), hex("8009 0000 0007 6c6163"),
                               hex("800a 0000 0003 00000003"), hex("8008 0000 0009 004d")};
        Bytes body = kSccrqType;
        for (std::size_t i = 0; i < 4; ++i) {
            if (i != gone) body = body + parts[i];
        }
        const MessageFault fault = fault_of(body);
        CHECK(fault.type == 1);
        CHECK(fault.peer_id == 77);
        CHECK_FALSE(fault.of_session());
        CHECK(fault.fault.message.find(name) != std::string::npos);
    }
    CHECK(fault_of(kSccrqType).peer_id == 0);
}

TEST_CASE("an unknown AVP with M is a fault that names it; without M it is as if it were not there") {
    const MessageFault fault = fault_of(kSccrqType + hex("8008 0000 03e7 0001") + kSccrqRest);
    CHECK(fault.fault.error == GeneralError::unknown_avp);
    CHECK(fault.fault.message.find("999") != std::string::npos);
    CHECK(fault.peer_id == 77);
    CHECK(decode<Sccrq>(kSccrqType + hex("0008 0000 03e7 0001") + kSccrqRest).host_name == "lac");
    CHECK(decode<Sccrq>(kSccrqType + hex("0008 0009 0007 0001") + kSccrqRest).host_name == "lac");
    CHECK(fault_of(kSccrqType + hex("8008 0009 0007 0001") + kSccrqRest).fault.message.find("vendor 9") !=
          std::string::npos);
    // Known, but of another message: ignored (ACCM is SLI's).
    CHECK(decode<Sccrq>(kSccrqType + hex("8010 0000 0023 0000 00000000 00000000") + kSccrqRest).host_name ==
          "lac");
}

TEST_CASE("of an AVP that comes twice the first counts") {
    CHECK(decode<Sccrq>(kSccrqType + kSccrqRest + hex("8008 0000 0009 0001")).assigned_tunnel_id == 77);
}

TEST_CASE("the Message Type is the first AVP, or nothing is known of the message") {
    CHECK(fault_of(kSccrqRest).type == 0);
    CHECK(fault_of(hex("8007 0000 0000 01")).type == 0);
    CHECK(fault_of(hex("c008 0000 0000 0001")).type == 0);
    CHECK(fault_of(hex("8008 0001 0000 0001")).type == 0);
    CHECK(decode<Unknown>(hex("8008 0000 0000 0063")).mandatory);
    CHECK_FALSE(decode<Unknown>(hex("0008 0000 0000 0005")).mandatory);
    CHECK(std::holds_alternative<Zlb>(*decode_message({})));
}

TEST_CASE("what is encoded has the RFC's bytes") {
    Iccn iccn;
    iccn.tx_connect_speed = 1000000;
    iccn.sequencing_required = true;
    CHECK(encode_message(0x0102, 0x0304, iccn) == hex("c802 002e 0102 0304 0000 0000  8008 0000 0000 000c  "
                                                      "800a 0000 0018 000f4240  800a 0000 0013 00000001"
                                                      "8006 0000 0027"));
    CHECK(encode_message(7, 0, Hello{}) == hex("c802 0014 0007 0000 0000 0000  8008 0000 0000 0006"));
    CHECK(encode_message(7, 9, Cdn{{3, 0, "bye"}, 5, {}}) ==
          hex("c802 0029 0007 0009 0000 0000  8008 0000 0000 000e  800d 0000 0001 0003 0000 627965"
              "8008 0000 000e 0005"));
    Sccrq sccrq;
    sccrq.host_name = "lac";
    sccrq.assigned_tunnel_id = 77;
    CHECK(encode_message(0, 0, sccrq) == control({0, 0, 0, 0}, kSccrqType + kSccrqRest));
}

TEST_CASE("messages of calls, RFC 2661 6.6 to 6.14") {
    const auto icrq =
        decode<Icrq>(hex("8008 0000 0000 000a  8008 0000 000e 0005  800a 0000 000f 00000009"
                         "8009 0000 0016 313233"));
    CHECK(icrq.assigned_session_id == 5);
    CHECK(icrq.call_serial_number == 9);
    CHECK(icrq.calling_number == hex("313233"));
    const auto cdn =
        decode<Cdn>(hex("8008 0000 0000 000e  8008 0000 0001 0001  8008 0000 000e 0005"
                        "800b 0000 000c 0010 45 6f6b"));
    CHECK(cdn.q931_cause == Q931Cause{16, 0x45, "ok"});
    CHECK(fault_of(hex("8008 0000 0000 000a  800a 0000 000f 00000009")).of_session());
    static_cast<void>(decode<Sli>(hex("8008 0000 0000 0010  8010 0000 0023 0000 00000000 00000000")));
    CHECK(decode<Sli>(hex("8008 0000 0000 0010  8010 0000 0023 0000 000a0000 00000001")).accm ==
          Accm{0xa0000, 1});
    const auto wen =
        decode<Wen>(hex("8008 0000 0000 000f  8020 0000 0022 0000 00000001 00000002 00000003 00000004"
                        "00000005 00010000"));
    CHECK(wen.call_errors == CallErrors{1, 2, 3, 4, 5, 65536});
    CHECK(wen.call_errors.text() ==
          "crc 1, framing 2, hardware overruns 3, buffer overruns 4, timeouts 5, alignment 65536");
    CHECK(fault_of(hex("8008 0000 0000 000f")).fault.message ==
          "WEN: the required AVP 34 (Call Errors) is missing");
    const auto ocrq =
        decode<Ocrq>(hex("8008 0000 0000 0007  8008 0000 000e 0005  800a 0000 000f 00000009"
                         "800a 0000 0010 00002580  800a 0000 0011 0000fa00  800a 0000 0012 00000002"
                         "800a 0000 0013 00000001  8009 0000 0015 313233"));
    CHECK(ocrq.assigned_session_id == 5);
    CHECK(ocrq.minimum_bps == 9600);
    CHECK(ocrq.maximum_bps == 64000);
    CHECK(ocrq.bearer_type == 2);
    CHECK(ocrq.called_number == hex("313233"));
    CHECK(decode<Ocrp>(hex("8008 0000 0000 0008  8008 0000 000e 0005  000a 0000 0019 00000007"))
              .physical_channel_id == 7);
    CHECK(decode<Occn>(hex("8008 0000 0000 0009  800a 0000 0018 0000fa00  800a 0000 0013 00000001"))
              .tx_connect_speed == 64000);
}

TEST_CASE("no cut, flip or stretch of a message reads out of bounds or throws") {
    const Bytes whole = kSccrqType + kSccrqRest + hex("8012 0000 0001 0002 0008 0102030405060708");
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        static_cast<void>(decode_message(cut));
        static_cast<void>(read_datagram(cut));
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (int value = 0; value < 256; ++value) {
            Bytes changed = whole;
            changed[at] = static_cast<std::uint8_t>(value);
            static_cast<void>(decode_message(changed));
        }
    }
}
