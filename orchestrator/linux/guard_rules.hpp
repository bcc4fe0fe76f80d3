// The guard's nftables text: what is written is decided here, purely; guard.cpp hands it to the kernel.
// Recipe S in short: the inbound SA sets a mark (1..0x00ffffff); a marked udp/1701 packet is rewritten to the
// local port of the tunnel that the mark stands for; a tunnel socket's packets carry 0x4c...... and get
// source port 1701 again, or are dropped when they found no SA.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "ports.hpp"

namespace keel {

inline constexpr std::string_view kGuardTable = "keel2tp";  // family inet
inline constexpr std::uint16_t kL2tpPort = 1701;
inline constexpr std::uint16_t kFirstTunnelPort = 20000;
inline constexpr std::uint16_t kLastTunnelPort = 39999;
inline constexpr std::uint32_t kSaMarkMask = 0x00ffffff;  // the bits of set_mark_in in charon's connections
inline constexpr std::uint32_t kSocketMark = 0x4c000000;  // 'L': a tunnel socket's packets
inline constexpr std::uint32_t kOwnPortSocketMark = 0x4d000000;  // that keep their own source port
inline constexpr std::uint32_t kSocketMarkMask = 0xff000000;

// A tunnel as the guard knows it: packets under `mark` go to `local`.
struct GuardedTunnel {
    std::uint32_t mark = 0;
    SocketAddress local;    // the tunnel's own port
    bool own_port = false;  // it is seen on the wire: nothing is rewritten
    bool offers = false;    // no tunnel: where the SCCRQs under the mark go instead of the listener

    auto operator<=>(const GuardedTunnel&) const = default;
};

// What to carry over when the table is made anew: the counters go on, the open tunnels stay.
struct GuardState {
    GuardCounters counters;
    std::set<GuardedTunnel> tunnels;
    std::map<std::uint32_t, std::uint16_t> ports_by_mark;  // the newest tunnel of each mark
    std::map<std::string, std::uint16_t> links;            // MTUs of PPP interfaces
};

// One transaction that makes the table anew, whatever was in a table of that name before.
[[nodiscard]] std::string guard_install_text(std::span<const IpAddress> protected_addresses,
                                             const GuardState& state = {});
[[nodiscard]] std::string guard_remove_text();
// One transaction that uses what the table's rules use of the kernel, and leaves nothing.
[[nodiscard]] std::string guard_probe_text();
// The port's entry in the guard's set, and the mark's way to it; one transaction. With `replaces` the mark
// leads elsewhere at present and is bent.
[[nodiscard]] std::string guard_add_text(const GuardedTunnel& tunnel, std::optional<std::uint16_t> replaces);
// `owns_mark`: the mark leads to this tunnel and not to a newer one.
[[nodiscard]] std::string guard_delete_text(const GuardedTunnel& tunnel, bool owns_mark);
// A PPP link's entry in the map of MSS: `old` is its MTU so far, `mtu` from now on; either may be none.
[[nodiscard]] std::string guard_link_text(const std::string& interface, std::optional<std::uint16_t> old,
                                          std::optional<std::uint16_t> mtu);

// From `list counters table`.
[[nodiscard]] std::optional<GuardCounters> parse_guard_counters(std::string_view listing);
// From `list set`: the addr . port elements of tunnels4 or tunnels6.
[[nodiscard]] std::vector<SocketAddress> parse_guard_ports(std::string_view listing);

}  // namespace keel
