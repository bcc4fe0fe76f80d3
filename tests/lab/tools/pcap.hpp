// Captures of UDP over IPv4 over Ethernet in the classic pcap format, as tcpdump -w writes it and tshark
// reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace keel::lab {

struct UdpPacket {
    std::size_t frame = 0;           // its number in the capture, from 1, as tshark counts
    std::uint16_t from = 0, to = 0;  // ports
    Bytes payload;
};

// The unfragmented UDP packets of a capture; nothing if the file is no such capture.
[[nodiscard]] std::optional<std::vector<UdpPacket>> read_pcap(const std::string& path);

// Writes one packet after another from 192.0.2.1 to 192.0.2.2, port 1701 at both; false if the file cannot be
// written.
[[nodiscard]] bool write_pcap(const std::string& path, const std::vector<Bytes>& payloads);

}  // namespace keel::lab
