// What /proc tells of others: who holds a UDP port. Reading is apart from parsing, so that the parser is
// tested with text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"

namespace keel {

struct UdpSocketEntry {
    SocketAddress local;
    bool connected = false;
    std::uint64_t inode = 0;  // 0: the socket belongs to the kernel or has lost its last file
};

// One line of /proc/net/udp or /proc/net/udp6; nothing for the heading and for what is malformed.
[[nodiscard]] std::optional<UdpSocketEntry> parse_udp_line(std::string_view line);

enum class Conflict { any, listening };  // listening: unconnected sockets only

// The first entry in the text of /proc/net/udp{,6} that stands in the way of binding `wanted`: the same port
// on the same address or on the wildcard address of either family.
[[nodiscard]] std::optional<UdpSocketEntry> conflicting_socket(std::string_view table,
                                                               const SocketAddress& wanted,
                                                               Conflict conflict);

// Who holds `wanted` in this network namespace: "xl2tpd (process 812)", "a socket of the kernel", or nothing.
[[nodiscard]] std::optional<std::string> port_holder(const SocketAddress& wanted, Conflict conflict);

struct HoldingProcess {
    int pid = 0;
    std::string name;
};
// The process that has the socket with this inode; nothing where it is not visible from here.
[[nodiscard]] std::optional<HoldingProcess> process_holding(std::uint64_t inode);

// A whole small file as text; empty when it cannot be read.
[[nodiscard]] std::string read_small_file(const std::string& path);

}  // namespace keel
