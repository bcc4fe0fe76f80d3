#include "l2tp/call_facts.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::hex;
using keel::l2tp::test::Line;

namespace {

Bytes bytes(std::string_view text) {
    return {as_bytes(text).begin(), as_bytes(text).end()};
}

std::string fact(const std::vector<CallFact>& facts, std::string_view name) {
    const auto found = std::ranges::find(facts, name, &CallFact::name);
    return found == facts.end() ? "-" : found->text;
}

std::uint16_t wire(LocalSessionId id) {
    return static_cast<std::uint16_t>(id.value);
}

}  // namespace

TEST_CASE("what an ICRQ tells: numbers, channel, service, line (RFC 2661 6.6, 3301, 5515)") {
    Icrq icrq;
    icrq.calling_number = bytes("555\n1");
    icrq.calling_sub_address = bytes("a");
    icrq.called_number = bytes("5552");
    icrq.sub_address = bytes("b");
    icrq.bearer_type = kAnalogBearer;
    icrq.physical_channel_id = 7;
    icrq.vpi_vci = 0x10020;
    icrq.service_name = "gold";
    icrq.service_category = 1;
    icrq.line.agent_circuit_id = "dslam 1/2";
    const auto facts = facts_of(icrq);
    CHECK(fact(facts, "calling_number") == "555?1");
    CHECK(fact(facts, "calling_sub_address") == "a");
    CHECK(fact(facts, "called_number") == "5552");
    CHECK(fact(facts, "sub_address") == "b");
    CHECK(fact(facts, "bearer") == "analog");
    CHECK(fact(facts, "physical_channel") == "7");
    CHECK(fact(facts, "vpi_vci") == "65568");
    CHECK(fact(facts, "service_name") == "gold");
    CHECK(fact(facts, "service_category") == "real time");
    CHECK(fact(facts, "access_line") == "circuit-id=\"dslam 1/2\"");
    CHECK(facts.size() == 10);
    CHECK(facts_of(Icrq{}).empty());
    CHECK(facts_of(Hello{}).empty());
}

TEST_CASE("4.4.5: that proxy LCP and authentication came and from whom, and nothing that is secret") {
    Iccn iccn;
    iccn.initial_received_lcp_confreq = hex("010405d4 0305c22305 0506deadbeef 0702 0802");
    iccn.last_sent_lcp_confreq = hex("0304c023");
    iccn.last_received_lcp_confreq = Bytes{};
    iccn.proxy_authen_type = 3;
    iccn.proxy_authen_name = bytes("alice");
    iccn.proxy_authen_id = 9;
    iccn.proxy_authen_challenge = bytes("challenge-octets");
    iccn.proxy_authen_response = bytes("wonderland");
    iccn.private_group_id = bytes("vpn7");
    const auto facts = facts_of(iccn);
    CHECK(
        fact(facts, "proxy_lcp_first_received") ==
        "MRU 1492, authentication CHAP (MD5), magic number, protocol field compression, address and control "
        "field compression");
    CHECK(fact(facts, "proxy_lcp_last_sent") == "authentication PAP");
    CHECK(fact(facts, "proxy_lcp_last_received") == "no option");
    CHECK(fact(facts, "proxy_authentication") == "PAP, name \"alice\", id 9, challenge, response");
    CHECK(fact(facts, "private_group") == "vpn7");
    for (const CallFact& held : facts) {
        CHECK(held.text.find("wonderland") == std::string::npos);
        CHECK(held.text.find("challenge-octets") == std::string::npos);
        CHECK(held.text.find("deadbeef") == std::string::npos);
    }
    CHECK(fact(facts_of(Iccn{}), "proxy_authentication") == "-");
}

TEST_CASE("RFC 3437: the LCP options that the LAC wants and allows, and what the LNS agreed on") {
    Occn occn;
    occn.lcp_want_options = hex("010405dc 0206000a0000");
    occn.lcp_allow_options = hex("0702 0903 02");
    const auto facts = facts_of(occn);
    CHECK(fact(facts, "lcp_wanted") == "MRU 1500, ACCM 0x000a0000");
    CHECK(fact(facts, "lcp_allowed") == "protocol field compression, FCS alternatives");
    Sli sli;
    sli.lns_last_sent_lcp_confreq = hex("0305c22381");
    CHECK(fact(facts_of(sli), "lns_lcp_last_sent") == "authentication MS-CHAPv2");
}

TEST_CASE("LCP options from a hostile peer: cut off, too short, unknown, of a wrong size") {
    CHECK(lcp_options_text(hex("0104")) == "not readable");
    CHECK(lcp_options_text(hex("010405dc01")) == "MRU 1500, not readable");
    CHECK(lcp_options_text(hex("0101")) == "not readable");
    CHECK(lcp_options_text(hex("0100")) == "not readable");
    CHECK(lcp_options_text(hex("010305")) == "option 1");
    CHECK(lcp_options_text(hex("0302")) == "option 3");
    CHECK(lcp_options_text(hex("ff02")) == "option 255");
}

TEST_CASE("an outgoing call tells its number, bearer and speeds (RFC 2661 6.9, 3301)") {
    Ocrq ocrq;
    ocrq.called_number = bytes("555");
    ocrq.sub_address = bytes("7");
    ocrq.bearer_type = kDigitalBearer | kAnalogBearer;
    ocrq.minimum_bps = 9600;
    ocrq.maximum_bps = 64000;
    ocrq.rx_minimum_bps = 1;
    ocrq.rx_maximum_bps = 2;
    const auto facts = facts_of(ocrq);
    CHECK(fact(facts, "called_number") == "555");
    CHECK(fact(facts, "sub_address") == "7");
    CHECK(fact(facts, "bearer") == "digital or analog");
    CHECK(fact(facts, "minimum_bps") == "9600");
    CHECK(fact(facts, "maximum_bps") == "64000");
    CHECK(fact(facts, "rx_minimum_bps") == "1");
    CHECK(fact(facts, "rx_maximum_bps") == "2");
    Ocrp ocrp;
    ocrp.physical_channel_id = 3;
    CHECK(fact(facts_of(ocrp), "physical_channel") == "3");
}

TEST_CASE("a session's status has all that was told in its course, each thing once") {
    Line line;
    line.establish();
    Icrq icrq;
    icrq.assigned_session_id = 500;
    icrq.calling_number = bytes("5551");
    line.send(icrq);
    const LocalSessionId session = line.output<SessionOffered>().session;
    REQUIRE(line.endpoint.accept_session(line.now, line.tunnel, session).has_value());
    Iccn iccn;
    iccn.proxy_authen_type = 4;
    line.send(iccn, wire(session));
    for (const std::uint32_t crc : {1u, 2u}) line.send(Wen{{crc, 0, 0, 0, 0, 0}}, wire(session));
    line.send(Sli{Accm{0xa0000, 0}, {}, {}}, wire(session));
    line.send(Mdmst{0x8005}, wire(session));
    const auto facts = line.endpoint.session_status(line.tunnel, session)->facts;
    CHECK(fact(facts, "calling_number") == "5551");
    CHECK(fact(facts, "proxy_authentication") == "none");
    CHECK(fact(facts, "call_errors").starts_with("crc 2,"));
    CHECK(fact(facts, "accm") == "send 0x000a0000, receive 0x00000000");
    CHECK(fact(facts, "modem") == "on hold for at most 1 minute");
    CHECK(facts.size() == 5);
}
