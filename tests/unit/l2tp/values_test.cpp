// The AVPs of the RFCs beyond 2661: hexadecimal vectors written from their figures, and their words.
#include <doctest/doctest.h>

#include "l2tp/avp_values.hpp"
#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::hex;
using keel::l2tp::test::operator+;

namespace {

template <class M>
M decode(const Bytes& body) {
    const auto message = decode_message(body);
    REQUIRE(message.has_value());
    REQUIRE(std::holds_alternative<M>(*message));
    return std::get<M>(*message);
}

const Bytes kIcrq = hex("8008 0000 0000 000a  8008 0000 000e 0005  800a 0000 000f 00000009");
const Bytes kSccrq =
    hex("8008 0000 0000 0001  8008 0000 0002 0100  8009 0000 0007 6c6163"
        "800a 0000 0003 00000003  8008 0000 0009 004d");

}  // namespace

TEST_CASE("RFC 3145: PPP Disconnect Cause Code, one or several, in words") {
    const auto cdn =
        decode<Cdn>(hex("8008 0000 0000 000e  8008 0000 0001 0003  8008 0000 000e 0005"
                        "000e 0000 002e 0010 c223 01 626164  000b 0000 002e 0013 8021 00"));
    REQUIRE(cdn.ppp_disconnect.size() == 2);
    CHECK(cdn.ppp_disconnect[0] == PppDisconnect{16, 0xc223, 1, "bad"});
    CHECK(cdn.ppp_disconnect[0].text() ==
          "PPP: authentication failed (bad name, password or secret) (code 16, protocol 0xc223, the reporter "
          "did not "
          "accept its peer): bad");
    CHECK(cdn.ppp_disconnect[1].text() ==
          "PPP: no acceptable addresses were agreed on (code 19, protocol 0x8021)");
    CHECK(PppDisconnect{99, 0, 7, "\n"}.text() == "PPP: unknown (code 99, direction 7): ?");
    // Too short: ignored, as its M bit is clear.
    CHECK(decode<Cdn>(
              hex("8008 0000 0000 000e  8008 0000 0001 0003  8008 0000 000e 0005  000a 0000 002e 0010 c223"))
              .ppp_disconnect.empty());
}

TEST_CASE("RFC 3308: DiffServ AVPs and PHB codes") {
    CHECK(decode<Sccrq>(kSccrq + hex("0008 0000 002f b800")).control_connection_ds == 0xb800);
    CHECK(decode<Icrq>(kIcrq + hex("0008 0000 0030 2800")).session_ds == 0x2800);
    CHECK(dscp_of_phb(0xb800) == 46);
    CHECK(phb_of_dscp(46) == 0xb800);
    CHECK_FALSE(dscp_of_phb(0xb802).has_value());  // RFC 3140: a set of PHBs, or one that is not standard
}

TEST_CASE("RFC 3301: ATM access networks") {
    const auto icrq =
        decode<Icrq>(kIcrq + hex("0008 0000 002a 0001  0009 0000 002b 706f70  000a 0000 002d 00010020"
                                 "001a 0000 002c 000102030405060708090a0b0c0d0e0f10111213"));
    CHECK(icrq.service_category == 1);
    CHECK(service_category_text(*icrq.service_category) == "real time");
    CHECK(icrq.service_name == "pop");
    CHECK(icrq.vpi_vci == 0x10020);
    CHECK(icrq.calling_sub_address->size() == 20);
    const auto ocrq = decode<Ocrq>(
        hex("8008 0000 0000 0007  8008 0000 000e 0005  800a 0000 000f 00000009  800a 0000 0010 00002580"
            "800a 0000 0011 0000fa00  800a 0000 0012 00000004  800a 0000 0013 00000001  8006 0000 0015"
            "000a 0000 0028 00000001  000a 0000 0029 00000002"));
    CHECK(ocrq.rx_minimum_bps == 1);
    CHECK(ocrq.rx_maximum_bps == 2);
    CHECK(ocrq.called_number.empty());
}

TEST_CASE("RFC 3437: LCP options, and what the LNS negotiated") {
    const auto iccn =
        decode<Iccn>(hex("8008 0000 0000 000c  800a 0000 0018 000f4240  800a 0000 0013 00000001"
                         "000a 0000 0031 010405dc  0008 0000 0032 0702  000a 0000 001a 010405d4"));
    CHECK(iccn.lcp_want_options == hex("010405dc"));
    CHECK(iccn.lcp_allow_options == hex("0702"));
    CHECK(iccn.initial_received_lcp_confreq == hex("010405d4"));
    const auto sli = decode<Sli>(hex("8008 0000 0000 0010  000a 0000 0033 010405dc  0008 0000 0034 0702"));
    CHECK(sli.lns_last_sent_lcp_confreq == hex("010405dc"));
    CHECK(sli.lns_last_received_lcp_confreq == hex("0702"));
    CHECK_FALSE(sli.accm.has_value());
}

TEST_CASE("RFC 3573: modem on hold") {
    CHECK(decode<Sccrq>(kSccrq + hex("0006 0000 0035")).modem_on_hold_capable);
    CHECK(decode<Mdmst>(hex("0008 0000 0000 0011  0008 0000 0036 8005")).modem_on_hold_status == 0x8005);
    CHECK(modem_on_hold_text(0x8005) == "on hold for at most 1 minute");
    CHECK(modem_on_hold_text(0x800d) == "on hold without limit");
    CHECK(modem_on_hold_text(0x800f) == "on hold");
    CHECK(modem_on_hold_text(0x7ff5) == "online");
    // Without its status it is ignored, as it may be; with M it would not be.
    CHECK_FALSE(decode<Unknown>(hex("0008 0000 0000 0011")).mandatory);
    CHECK_FALSE(decode_message(hex("8008 0000 0000 0011")).has_value());
    // Its Message Type has the M bit clear.
    CHECK(encode_message(7, 9, Mdmst{0x8005}) ==
          hex("c802 001c 0007 0009 0000 0000  0008 0000 0000 0011  0008 0000 0036 8005"));
}

TEST_CASE("RFC 4951: failover") {
    const auto sccrq = decode<Sccrq>(kSccrq + hex("000c 0000 004c 0003 00002710"
                                                  "8010 0000 004d 0000 0000 1234 0000 5678"));
    CHECK(sccrq.failover_capability == FailoverCapability{3, 10000});
    CHECK(sccrq.failover_capability->text() == "control and data channels, recovery time 10000 ms");
    CHECK(sccrq.tunnel_recovery == TunnelRecovery{0x1234, 0x5678});
    const auto fsq =
        decode<Fsq>(hex("0008 0000 0000 0015  8010 0000 004f 0000 0000 0001 0000 0002"
                        "8010 0000 004f 0000 0000 0003 0000 0004"));
    CHECK(fsq.sessions == std::vector{FailoverSession{1, 2}, FailoverSession{3, 4}});
    const auto sccrp =
        decode<Sccrp>(hex("8008 0000 0000 0002  8008 0000 0002 0100  8009 0000 0007 6c6163"
                          "800a 0000 0003 00000003  8008 0000 0009 004d  000c 0000 004e 0000 0007 0008"));
    CHECK(sccrp.suggested_control_sequence == ControlSequence{7, 8});
}

TEST_CASE("RFC 5515: the access line, and its speed") {
    const auto icrq = decode<Icrq>(
        kIcrq +
        hex("000a 0de9 0001 61202262  000e 0de9 0081 0000000000989680  000e 0de9 0082 0000000005f5e100"
            "000a 0de9 008c 00000008  0009 0de9 0090 010100  000a 0de9 0091 05000000  000a 0de9 00fe 00000000"
            "0006 0000 0062"));
    CHECK(icrq.connect_speed_update_enable);
    CHECK(icrq.line.actual_rate_up == 10'000'000);
    CHECK(icrq.line.text() ==
          "circuit-id=\"a \"b\" down=100000000 up=10000000 delay-up=8 encapsulation=\"Ethernet, untagged "
          "Ethernet\" "
          "type=VDSL2 interworking=no");
    CHECK(AccessLine{}.text().empty());
    // Agent-Circuit-Id is 2 to 63 octets long.
    CHECK_FALSE(decode<Icrq>(kIcrq + hex("0007 0de9 0001 61")).line.agent_circuit_id.has_value());
    const auto csun =
        decode<Csun>(hex("0008 0000 0000 001c  0012 0000 0061 0000 0005 00000064 0000000a"
                         "0012 0000 0061 0000 0006 00000065 0000000b"));
    CHECK(csun.speeds == std::vector{ConnectSpeed{5, 100, 10}, ConnectSpeed{6, 101, 11}});
}
