#include <fmt/format.h>

#include <charconv>
#include <ctime>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "cli/trace.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

constexpr std::uint32_t kMagic = 0xa1b2c3d4;  // big-endian, microseconds
constexpr std::uint32_t kSnapLength = 65535, kLinkTypeRaw = 101;
constexpr std::uint8_t kUdp = 17, kTtl = 64;
constexpr std::size_t kUdpHeader = 8, kIp4Header = 20;

struct Packet {
    std::uint32_t seconds = 0, microseconds = 0;
    SocketAddress from, to;
    Bytes payload;
};

std::optional<SocketAddress> parse_socket_address(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto ip = IpAddress::parse(host);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (!ip || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return SocketAddress{*ip, port};
}

std::optional<Bytes> parse_hex(const std::string& text) {
    if (text.empty() || text.size() % 2 != 0) return std::nullopt;
    Bytes out;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        std::uint8_t octet = 0;
        const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, octet, 16);
        if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
        out.push_back(octet);
    }
    return out;
}

void read_time(const std::string& text, Packet& packet) {
    std::tm parts{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) return;
    packet.seconds = static_cast<std::uint32_t>(::timegm(&parts));
    std::uint32_t scale = 100000;
    if (*rest != '.') return;
    for (++rest; *rest >= '0' && *rest <= '9' && scale > 0; ++rest, scale /= 10)
        packet.microseconds += static_cast<std::uint32_t>(*rest - '0') * scale;
}

Result<Packet> packet_of(const json& message) {
    const auto local = parse_socket_address(text_in(message, "local"));
    const auto remote = parse_socket_address(text_in(message, "remote"));
    auto payload = parse_hex(text_in(message, "octets"));
    if (!local || !remote || !payload || local->ip.is_v4() != remote->ip.is_v4())
        return fail(ErrorCode::invalid, "keel2tpd's trace has a message without addresses or octets",
                    "use keel2tp and keel2tpd of one version");
    const bool sent = message.value("direction", json()) == "sent";
    Packet packet{
        .from = sent ? *local : *remote, .to = sent ? *remote : *local, .payload = std::move(*payload)};
    read_time(text_in(message, "time"), packet);
    return packet;
}

// RFC 1071.
std::uint16_t checksum(ByteView bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

void put_udp(Writer& out, const Packet& packet, std::uint16_t sum) {
    out.u16(packet.from.port);
    out.u16(packet.to.port);
    out.u16(static_cast<std::uint16_t>(kUdpHeader + packet.payload.size()));
    out.u16(sum);
    out.bytes(packet.payload);
}

// RFC 768, RFC 8200 8.1: over a pseudo header, too.
Bytes udp_octets(const Packet& packet) {
    Writer pseudo;
    pseudo.bytes(packet.from.ip.bytes());
    pseudo.bytes(packet.to.ip.bytes());
    pseudo.u16(kUdp);
    pseudo.u16(static_cast<std::uint16_t>(kUdpHeader + packet.payload.size()));
    put_udp(pseudo, packet, 0);
    const std::uint16_t sum = checksum(pseudo.view());
    Writer out;
    put_udp(out, packet, sum == 0 ? 0xffff : sum);
    return out.take();
}

Bytes ip_header(const Packet& packet, std::size_t payload, std::uint16_t sum) {
    Writer out;
    if (packet.from.ip.is_v4()) {
        out.u16(0x4500);
        out.u16(static_cast<std::uint16_t>(kIp4Header + payload));
        out.u32(0);
        out.u8(kTtl);
        out.u8(kUdp);
        out.u16(sum);
    } else {
        out.u32(0x60000000);
        out.u16(static_cast<std::uint16_t>(payload));
        out.u8(kUdp);
        out.u8(kTtl);
    }
    out.bytes(packet.from.ip.bytes());
    out.bytes(packet.to.ip.bytes());
    return out.take();
}

Bytes ip_octets(const Packet& packet) {
    const Bytes udp = udp_octets(packet);
    Bytes out = ip_header(packet, udp.size(), 0);
    if (packet.from.ip.is_v4()) out = ip_header(packet, udp.size(), checksum(out));
    out.insert(out.end(), udp.begin(), udp.end());
    return out;
}

}  // namespace

Result<std::string> trace_pcap(const json& messages) {
    Writer out;
    out.u32(kMagic);
    out.u16(2);  // version 2.4
    out.u16(4);
    out.u64(0);
    out.u32(kSnapLength);
    out.u32(kLinkTypeRaw);
    for (const json& message : messages) {
        const auto packet = packet_of(message);
        if (!packet) return std::unexpected(packet.error());
        constexpr std::size_t kLongest = 65000;
        if (packet->payload.size() > kLongest) continue;  // no UDP datagram
        const Bytes octets = ip_octets(*packet);
        out.u32(packet->seconds);
        out.u32(packet->microseconds);
        out.u32(static_cast<std::uint32_t>(octets.size()));
        out.u32(static_cast<std::uint32_t>(octets.size()));
        out.bytes(octets);
    }
    return std::string(as_text(out.view()));
}

}  // namespace keel::cli
