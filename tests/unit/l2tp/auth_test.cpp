// Tunnel authentication (RFC 2661 5.1.1) and hidden AVPs (4.3). The vectors were computed from the RFC's
// formulas by another program (Python's hashlib).
#include "l2tp/auth.hpp"

#include <doctest/doctest.h>

#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::control;
using keel::l2tp::test::hex;
using keel::l2tp::test::Line;
using keel::l2tp::test::operator+;

namespace {

const Secret kSecret{std::string_view("tunnel secret")};
const Bytes kVector = hex("000102030405060708090a0b0c0d0e0f");
const std::string kChallenge = "\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x2e\x2f";

class PaddingOfEe final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, 0xee); }
};

EndpointConfig with_secret(const Secret& secret) {
    EndpointConfig config;
    config.incoming = [secret](const Path&, std::string_view) { return secret; };
    return config;
}

// A Random Vector AVP of kVector.
const Bytes kVectorAvp = hex("8016 0000 0024") + kVector;
// What becomes of a StopCCN (type 4) whose Assigned Tunnel ID is `avps`.
std::expected<Message, MessageFault> decode_stopccn(const Bytes& avps) {
    return decode_message(hex("8008 0000 0000 0004  8008 0000 0001 0006") + avps, kSecret);
}

// We ask, with the secret; the SCCRQ that we sent.
struct Asking : Line {
    Sccrq sccrq;
    explicit Asking(TunnelOptions options = {}) {
        options.secret = kSecret;
        tunnel = endpoint.open_tunnel(now, path, options).value();
        drain();
        const Bytes bytes = take();
        sccrq = std::get<Sccrq>(decode_message(read_datagram(bytes).body, kSecret).value());
        ours = sccrq.assigned_tunnel_id;
    }
    [[nodiscard]] Sccrp reply() const {
        Sccrp message;
        message.host_name = "lns";
        message.assigned_tunnel_id = 88;
        message.challenge_response = challenge_response(2, kSecret, as_bytes(sccrq.challenge.value_or("")));
        return message;
    }
};

}  // namespace

TEST_CASE("5.1.1: the Challenge Response is MD5 over message type, secret and challenge") {
    CHECK(challenge_response(2, kSecret, as_bytes(kChallenge)) == hex("17daabd7d8f4e0813149130b3a9178f8"));
    CHECK(challenge_response(3, kSecret, as_bytes(kChallenge)) == hex("29a9973f69054bae83aadbccfdbe5cc4"));
    CHECK(same_octets(hex("0102"), hex("0102")));
    CHECK_FALSE(same_octets(hex("0102"), hex("0103")));
    CHECK_FALSE(same_octets(hex("0102"), hex("010200")));
}

TEST_CASE("4.3: values of one block and of several are hidden and found again") {
    PaddingOfEe padding;
    const auto both_ways = [&](std::uint16_t type, const Bytes& value, const Bytes& hidden) {
        CHECK(hide_value(type, value, kSecret, kVector, padding) == hidden);
        CHECK(unhide_value(type, hidden, kSecret, kVector) == value);
    };
    both_ways(9, hex("004d"), hex("9b7ae9667dd06df6b3665e24a812c8fc"));
    const ByteView vendor = as_bytes("a vendor name of more than one block");
    both_ways(8, Bytes(vendor.begin(), vendor.end()),
              hex("8869a9c46cd0a4bc62bdac84bc7a53b8e9ac8bd1244497e8cb41f9849ea7fc3f"
                  "4ff19eebd15e45b38f819a7323f21e7c"));
    // Padding is the sender's choice; none is a choice.
    CHECK(unhide_value(9, hex("9b7ae966"), kSecret, kVector) == hex("004d"));
    CHECK(unhide_value(9, hex("9b7ae966"), Secret(std::string_view("other")), kVector) != hex("004d"));
    for (std::size_t size = 0; size < 1100; ++size) {
        const Bytes value(size, 0x5a);
        const Bytes hidden = hide_value(11, value, kSecret, kVector, padding);
        CHECK(hidden.size() <= kMaxAvpSize - kAvpHeaderSize);
        CHECK(hidden.size() % 16 == 0);
        if (size <= 1006) CHECK(unhide_value(11, hidden, kSecret, kVector) == value);
    }
}

TEST_CASE("4.3: hostile lengths inside a hidden AVP") {
    CHECK_FALSE(unhide_value(9, {}, kSecret, kVector).has_value());
    CHECK_FALSE(unhide_value(9, hex("9b"), kSecret, kVector).has_value());
    CHECK_FALSE(unhide_value(9, hex("9b7be966"), kSecret, kVector).has_value());  // 3 of 2 octets
    CHECK_FALSE(unhide_value(9, hex("6487e966"), kSecret, kVector).has_value());  // 65535 of 2 octets

    const auto fault = [](const Bytes& avps) {
        const auto message = decode_stopccn(avps);
        REQUIRE_FALSE(message.has_value());
        return message.error().fault.error;
    };
    REQUIRE(decode_stopccn(kVectorAvp + hex("c00a 0000 0009 9b7ae966")).has_value());
    CHECK(fault(kVectorAvp + hex("c00a 0000 0009 9b7be966")) == GeneralError::value);  // beyond
    CHECK(fault(kVectorAvp + hex("c00a 0000 0009 6487e966")) == GeneralError::value);  // far beyond
    CHECK(fault(kVectorAvp + hex("c006 0000 0009")) == GeneralError::value);           // not even a length
    CHECK(fault(kVectorAvp + hex("c009 0000 0009 9b79a4")) ==
          GeneralError::length);  // one octet, an id has two
    CHECK(fault(kVectorAvp + hex("c00a 0000 0009 9b7ae92b")) == GeneralError::value);  // the id 0
    CHECK(fault(hex("c00a 0000 0009 9b7ae966") + kVectorAvp) ==
          GeneralError::value);  // the vector comes too late
    CHECK(fault(kVectorAvp + hex("c00a 0000 0001 9b7ae966")) ==
          GeneralError::value);  // Result Code is never hidden
    CHECK(fault(kVectorAvp + hex("c00a 0000 03e7 9b7ae966")) == GeneralError::unknown_avp);
    // Without M all this is ignored: here the firmware revision of a StopCCN that is whole.
    const Bytes id = hex("8008 0000 0009 004d");
    for (const auto* avp : {"400a 0000 0006 9b7be966", "4006 0000 0006", "400a 0000 03e7 9b7ae966"}) {
        CHECK(decode_stopccn(id + kVectorAvp + hex(avp)).has_value());
    }
}

TEST_CASE("4.3: a new Random Vector is for what follows it") {
    const Bytes sccrq = hex("8008 0000 0000 0001  8008 0000 0002 0100  8009 0000 0007 6c6163"
                            "800a 0000 0003 00000003") +
                        kVectorAvp + hex("c00a 0000 0009 9b7ae966") +
                        hex("8014 0000 0024 616e6f7468657220766563746f72  400a 0000 0006 df1edf08");
    const auto message = decode_message(sccrq, kSecret);
    REQUIRE(message.has_value());
    CHECK(std::get<Sccrq>(*message).assigned_tunnel_id == 77);
    CHECK(std::get<Sccrq>(*message).firmware_revision == 0x0690);
    CHECK(peek_host_name(sccrq) == "lac");
}

TEST_CASE(
    "4.3: what is sent hidden has one Random Vector, before the first hidden AVP, and nothing clear that may "
    "hide but the id by which we can be refused") {
    keel::l2tp::test::FixedRandom random;
    Sccrq sccrq = Line::sccrq();
    sccrq.challenge = kChallenge;
    sccrq.vendor_name = hex("616263");
    const Hiding hiding{kSecret, random};
    const Bytes bytes = encode_message(0, 0, sccrq, &hiding);
    const Datagram datagram = read_datagram(bytes);
    Reader reader(datagram.body);
    std::size_t vectors = 0, hidden = 0, position = 0;
    while (!reader.empty()) {
        const auto avp = read_avp(reader);
        REQUIRE(avp.has_value());
        const AvpRow* row = find_avp(avp->type);
        if (position++ == 0) CHECK(avp->type == 0);
        if (avp->type == 36) ++vectors;
        CHECK(avp->hidden == (row->may_hide && row->type != AvpType::assigned_tunnel_id));
        if (avp->hidden) {
            ++hidden;
            CHECK(vectors == 1);
        }
    }
    CHECK(vectors == 1);
    CHECK(hidden == 3);  // Framing Capabilities, Challenge, Vendor Name
    const auto back = decode_message(datagram.body, kSecret);
    REQUIRE(back.has_value());
    CHECK(std::get<Sccrq>(*back).assigned_tunnel_id == 77);
    CHECK(std::get<Sccrq>(*back).challenge == kChallenge);
    CHECK_FALSE(decode_message(datagram.body).has_value());
}

TEST_CASE("tunnel authentication as the one that asks") {
    SUBCASE("both sides prove themselves") {
        Asking line;
        REQUIRE(line.sccrq.challenge.has_value());
        CHECK(line.sccrq.challenge->size() == 16);
        Sccrp reply = line.reply();
        reply.challenge = kChallenge;
        line.send(reply);
        static_cast<void>(line.output<TunnelPeerKnown>());
        static_cast<void>(line.output<TunnelUp>());
        CHECK(line.expect<Scccn>().challenge_response == hex("29a9973f69054bae83aadbccfdbe5cc4"));
    }
    SUBCASE("a peer that does not challenge gets no response") {
        Asking line;
        line.send(line.reply());
        static_cast<void>(line.output<TunnelPeerKnown>());
        static_cast<void>(line.output<TunnelUp>());
        CHECK_FALSE(line.expect<Scccn>().challenge_response.has_value());
    }
    SUBCASE("no response, one of another secret, one for another message type") {
        for (int way = 0; way < 3; ++way) {
            CAPTURE(way);
            Asking line;
            Sccrp reply = line.reply();
            const ByteView challenge = as_bytes(*line.sccrq.challenge);
            if (way == 0) reply.challenge_response.reset();
            if (way == 1)
                reply.challenge_response = challenge_response(2, Secret(std::string_view("no")), challenge);
            if (way == 2) reply.challenge_response = challenge_response(3, kSecret, challenge);
            line.send(reply);
            const auto down = line.output<TunnelDown>();
            CHECK(down.reason.cause == DownReason::Cause::protocol);
            CHECK(down.reason.result == 4);
            CHECK(line.expect<Stopccn>().result.result == 4);
            CHECK(line.last_header.tunnel == 88);
        }
    }
}

TEST_CASE("tunnel authentication as the one that is asked") {
    std::string asked_host;
    EndpointConfig config;
    config.incoming = [&](const Path& path, std::string_view host) {
        asked_host = host;
        return path.binding == 5 ? kSecret : Secret();
    };
    Line line(config);
    Sccrq sccrq = Line::sccrq();
    sccrq.challenge = kChallenge;
    line.send(sccrq);
    CHECK(asked_host == "peer");
    line.tunnel = line.output<TunnelOffered>().tunnel;
    line.accept();
    const auto reply = line.expect<Sccrp>();
    line.ours = reply.assigned_tunnel_id;
    CHECK(reply.challenge_response == hex("17daabd7d8f4e0813149130b3a9178f8"));
    REQUIRE(reply.challenge.has_value());
    SUBCASE("the peer proves itself") {
        line.send(Scccn{challenge_response(3, kSecret, as_bytes(*reply.challenge))});
        static_cast<void>(line.output<TunnelUp>());
    }
    SUBCASE("it says nothing") {
        line.send(Scccn{});
        CHECK(line.output<TunnelDown>().reason.result == 4);
        CHECK(line.expect<Stopccn>().result.result == 4);
    }
    SUBCASE("it sends our own response back") {
        line.send(Scccn{reply.challenge_response});
        CHECK(line.output<TunnelDown>().reason.result == 4);
    }
}

TEST_CASE("the secret may be given when the offer is accepted, and no secret means no challenge") {
    Line line;
    line.send(Line::sccrq());
    line.tunnel = line.output<TunnelOffered>().tunnel;
    TunnelOptions options;
    options.secret = kSecret;
    REQUIRE(line.endpoint.accept_tunnel(line.now, line.tunnel, options).has_value());
    line.drain();
    CHECK(line.expect<Sccrp>().challenge.has_value());
    Line open;
    open.send(Line::sccrq());
    open.tunnel = open.output<TunnelOffered>().tunnel;
    open.accept();
    CHECK_FALSE(open.expect<Sccrp>().challenge.has_value());
}

TEST_CASE("a hidden SCCRQ makes a tunnel only where the secret is the same") {
    keel::l2tp::test::FixedRandom random;
    const Hiding hiding{kSecret, random};
    const Bytes sccrq = encode_message(0, 0, Line::sccrq(), &hiding);
    Line same(with_secret(kSecret));
    same.inject(sccrq);
    CHECK(same.output<TunnelOffered>().peer_tunnel == PeerTunnelId(77));
    for (const Secret& secret : {Secret(std::string_view("other")), Secret()}) {
        Line line(with_secret(secret));
        line.inject(sccrq);
        CHECK(line.expect<Stopccn>().result.result == 4);
        CHECK(line.last_header.tunnel == 77);
        const auto refused = line.output<TunnelRefused>();
        CHECK(refused.path == line.path);
        CHECK(refused.host_name == "peer");
        CHECK(refused.reason.result == 4);
        CHECK(line.quiet());
        CHECK(line.endpoint.counters().malformed == 1);
        CHECK(line.endpoint.tunnel_count() == 0);
    }
}

TEST_CASE("a whole tunnel and session with everything hidden, both directions") {
    Asking line({.host_name = {}, .hello_interval = {}, .hide = true});
    const auto sent = [&]<class M>(std::type_identity<M>) {
        const Bytes bytes = line.take();
        const Datagram datagram = read_datagram(bytes);
        auto message = decode_message(datagram.body, kSecret);
        REQUIRE(message.has_value());
        REQUIRE(std::holds_alternative<M>(*message));
        return std::get<M>(*message);
    };
    const Hiding hiding{kSecret, line.random};
    line.send(encode_message(line.ours, 0, line.reply(), &hiding));
    CHECK(line.output<TunnelPeerKnown>().peer_tunnel == PeerTunnelId(88));
    static_cast<void>(line.output<TunnelUp>());
    static_cast<void>(sent(std::type_identity<Scccn>{}));
    const auto session = line.endpoint.open_session(line.now, line.tunnel);
    REQUIRE(session.has_value());
    line.drain();
    line.acknowledge();
    CHECK(sent(std::type_identity<Icrq>{}).assigned_session_id == session->value);
    line.send(encode_message(line.ours, static_cast<std::uint16_t>(session->value), Icrp{600}, &hiding));
    CHECK(line.output<SessionPeerKnown>().peer_session == PeerSessionId(600));
    CHECK(sent(std::type_identity<Iccn>{}).tx_connect_speed == 1'000'000'000);
}
