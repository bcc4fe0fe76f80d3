#include "pcap.hpp"

#include <fstream>
#include <iterator>

namespace keel::lab {
namespace {

constexpr std::uint32_t kMagic = 0xa1b2c3d4, kMagicSwapped = 0xd4c3b2a1;
constexpr std::uint32_t kEthernet = 1;
constexpr std::uint16_t kIpv4 = 0x0800, kL2tpPort = 1701;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kIpHeader = 20, kUdpHeader = 8;

std::uint32_t swapped(std::uint32_t value) {
    return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
}

// The UDP packet in an Ethernet frame, if it holds one.
std::optional<UdpPacket> udp_in(ByteView bytes) {
    Reader frame(bytes);
    if (!frame.take(12) || frame.u16() != kIpv4) return std::nullopt;
    const auto start = frame.take(kIpHeader);
    if (!start) return std::nullopt;
    const ByteView ip = *start;
    const std::size_t header = std::size_t{ip[0]} % 16 * 4;
    const bool fragment = (ip[6] & 0x3f) != 0 || ip[7] != 0;
    if (ip[0] >> 4 != 4 || header < kIpHeader || ip[9] != kUdp || fragment) return std::nullopt;
    if (!frame.take(header - kIpHeader)) return std::nullopt;
    const auto from = frame.u16(), to = frame.u16(), length = frame.u16(), checksum = frame.u16();
    if (!checksum || *length < kUdpHeader) return std::nullopt;
    const auto payload = frame.take(*length - kUdpHeader);
    if (!payload) return std::nullopt;
    return UdpPacket{.frame = 0, .from = *from, .to = *to, .payload = {payload->begin(), payload->end()}};
}

Bytes frame_of(ByteView payload) {
    Writer out;
    out.bytes(Bytes(12, 2));  // Ethernet addresses
    out.u16(kIpv4);
    const std::size_t ip = out.size();
    const auto udp_length = static_cast<std::uint16_t>(kUdpHeader + payload.size());
    out.u16(0x4500);
    out.u16(static_cast<std::uint16_t>(kIpHeader + udp_length));
    out.u32(0);
    out.u16(64 << 8 | kUdp);
    out.u16(0);
    out.u32(0xc0000201);
    out.u32(0xc0000202);
    std::uint32_t sum = 0;
    for (std::size_t at = ip; at < out.size(); at += 2) {
        sum += static_cast<std::uint32_t>(out.view()[at] << 8 | out.view()[at + 1]);
    }
    out.patch_u16(ip + 10, static_cast<std::uint16_t>(~((sum & 0xffff) + (sum >> 16))));
    out.u16(kL2tpPort);
    out.u16(kL2tpPort);
    out.u16(udp_length);
    out.u16(0);  // no checksum
    out.bytes(payload);
    return out.take();
}

}  // namespace

std::optional<std::vector<UdpPacket>> read_pcap(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const Bytes all{std::istreambuf_iterator<char>(file), {}};
    Reader reader(all);
    const auto magic = reader.u32();
    if (magic != kMagic && magic != kMagicSwapped) return std::nullopt;
    const auto number = [&reader, swap = magic == kMagicSwapped]() -> std::optional<std::uint32_t> {
        const auto value = reader.u32();
        return value && swap ? std::optional(swapped(*value)) : value;
    };
    if (!reader.take(16) || number() != kEthernet) return std::nullopt;
    std::vector<UdpPacket> packets;
    for (std::size_t frame = 1; !reader.empty(); ++frame) {
        if (!reader.take(8)) return std::nullopt;  // the time
        const auto captured = number(), whole = number();
        if (!whole || *captured != *whole) return std::nullopt;
        const auto bytes = reader.take(*captured);
        if (!bytes) return std::nullopt;
        if (auto packet = udp_in(*bytes)) {
            packet->frame = frame;
            packets.push_back(std::move(*packet));
        }
    }
    return packets;
}

bool write_pcap(const std::string& path, const std::vector<Bytes>& payloads) {
    Writer out;
    out.u32(kMagic);
    out.u16(2);  // version 2.4
    out.u16(4);
    out.u64(0);
    out.u32(0xffff);
    out.u32(kEthernet);
    std::uint32_t second = 1'700'000'000;
    for (const Bytes& payload : payloads) {
        const Bytes frame = frame_of(payload);
        out.u32(second++);
        out.u32(0);
        out.u32(static_cast<std::uint32_t>(frame.size()));
        out.u32(static_cast<std::uint32_t>(frame.size()));
        out.bytes(frame);
    }
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(out.view().data()), static_cast<std::streamsize>(out.size()));
    return static_cast<bool>(file.flush());
}

}  // namespace keel::lab
