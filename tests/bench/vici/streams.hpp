// What charon 5.9.8 writes for many L2TP/IPsec clients, with all keys that it tells of each: list-sas with
// its answer, and a storm of child-updown.
#pragma once

#include <fmt/format.h>

#include <string>

#include "vici/message.hpp"

namespace keel::bench {

inline void append_segment(vici::Bytes& out, std::uint8_t type, const std::string& name,
                           const vici::Message& message) {
    const vici::Bytes body = *vici::encode(message);
    const std::size_t length = 1 + (name.empty() ? 0 : 1 + name.size()) + body.size();
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(length >> shift & 0xff));
    out.push_back(type);
    if (!name.empty()) {
        out.push_back(static_cast<std::uint8_t>(name.size()));
        out.insert(out.end(), name.begin(), name.end());
    }
    out.insert(out.end(), body.begin(), body.end());
}

inline vici::Message child_of(std::uint32_t n) {
    vici::Message child;
    child.add("name", "keel2tp-lns.office")
        .add("uniqueid", fmt::to_string(n))
        .add("reqid", fmt::to_string(n))
        .add("state", "INSTALLED")
        .add("mode", "TRANSPORT")
        .add("protocol", "ESP")
        .add("encap", "yes")
        .add("spi-in", fmt::format("{:08x}", 0xc0000000 + n))
        .add("spi-out", fmt::format("{:08x}", 0xd0000000 + n))
        .add("mark-in", fmt::format("{:08x}", n))
        .add("mark-mask-in", "00ffffff")
        .add("encr-alg", "AES_CBC")
        .add("encr-keysize", "256")
        .add("integ-alg", "HMAC_SHA1_96")
        .add("bytes-in", fmt::to_string(n * 1000))
        .add("packets-in", fmt::to_string(n))
        .add("use-in", "3")
        .add("bytes-out", fmt::to_string(n * 2000))
        .add("packets-out", fmt::to_string(n))
        .add("use-out", "3")
        .add("rekey-time", "2551")
        .add("life-time", "3351")
        .add("install-time", "249")
        .add("local-ts", vici::List{"192.0.2.2/32[udp/l2f]"})
        .add("remote-ts",
             vici::List{fmt::format("10.{}.{}.{}/32[udp/l2f]", n >> 16 & 255, n >> 8 & 255, n & 255)});
    return child;
}

inline vici::Message ike_of(std::uint32_t n) {
    vici::Message ike;
    ike.add("uniqueid", fmt::to_string(n))
        .add("version", "1")
        .add("state", "ESTABLISHED")
        .add("local-host", "192.0.2.2")
        .add("local-port", "4500")
        .add("local-id", "192.0.2.2")
        .add("remote-host", fmt::format("203.0.{}.{}", n >> 8 & 255, n & 255))
        .add("remote-port", fmt::to_string(1024 + n % 60000))
        .add("remote-id", fmt::format("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255))
        .add("initiator-spi", fmt::format("{:016x}", 0x1122334455660000 + n))
        .add("responder-spi", fmt::format("{:016x}", 0x6655443322110000 + n))
        .add("nat-remote", "yes")
        .add("nat-any", "yes")
        .add("encr-alg", "AES_CBC")
        .add("encr-keysize", "256")
        .add("integ-alg", "HMAC_SHA1_96")
        .add("prf-alg", "PRF_HMAC_SHA1")
        .add("dh-group", "ECP_384")
        .add("established", "249")
        .add("reauth-time", "9810")
        .add("child-sas", vici::Message().add(fmt::format("keel2tp-lns.office-{}", n), child_of(n)));
    return ike;
}

inline vici::Bytes list_sas(std::uint32_t count) {
    vici::Bytes out;
    for (std::uint32_t n = 1; n <= count; ++n)
        append_segment(out, 7, "list-sa", vici::Message().add("keel2tp-lns.office", ike_of(n)));
    append_segment(out, 1, "", {});
    return out;
}

// `clients` come up and go down in turn.
inline vici::Bytes updown_storm(std::uint32_t events, std::uint32_t clients) {
    vici::Bytes out;
    for (std::uint32_t i = 0; i < events; ++i) {
        vici::Message message;
        if (i / clients % 2 == 0) message.add("up", "yes");
        append_segment(out, 7, "child-updown", message.add("keel2tp-lns.office", ike_of(i % clients + 1)));
    }
    return out;
}

// The body of each list-sa in `wire`.
template <class Visit>
void each_body(vici::ByteView wire, Visit visit) {
    while (wire.size() > 4) {
        const std::size_t length = std::size_t{wire[1]} << 16 | std::size_t{wire[2]} << 8 | wire[3];
        const vici::ByteView packet = wire.subspan(4, length);
        visit(packet.subspan(packet[0] == 7 ? 2u + packet[1] : 1u));
        wire = wire.subspan(4 + length);
    }
}

}  // namespace keel::bench
