// Socket addresses and the options of recipe S on a UDP socket, one call each.
#pragma once

#include <netinet/in.h>  // must come before the kernel's own headers
#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace keel {

struct RawAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};
[[nodiscard]] RawAddress raw_address(const SocketAddress& address);
[[nodiscard]] std::optional<SocketAddress> parse_raw_address(const RawAddress& raw);

// Non-blocking, close-on-exec; IPv6 sockets are IPv6 only, because cleartext to a v4-mapped address would
// pass by the socket's policy.
[[nodiscard]] Result<UniqueFd> udp_socket(bool v4);

// `exists` when the address is taken.
[[nodiscard]] Status bind_to(int fd, const SocketAddress& local);
[[nodiscard]] Status connect_to(int fd, const SocketAddress& remote);
// `asked`, with the address that the kernel chose for a part that was left open.
[[nodiscard]] SocketAddress bound_address(int fd, const SocketAddress& asked);

[[nodiscard]] Status set_reuse_address(int fd);
// The SO_MARK of what the socket sends.
[[nodiscard]] Status set_send_mark(int fd, std::uint32_t mark);
// The DSCP (0..63) of what the socket sends; ECN stays 0.
[[nodiscard]] Status set_dscp(int fd, bool v4, std::uint8_t dscp);
// Received datagrams tell their destination (IP_PKTINFO), or their mark (SO_RCVMARK, Linux 5.19).
[[nodiscard]] Status tell_destination(int fd, bool v4);
[[nodiscard]] Status tell_mark(int fd);

enum class PolicyDirection { in, out };
// What passes the socket in this direction must be under ESP in transport mode; `reqid` 0: under any SA,
// otherwise under one with this reqid. No cleartext ever.
[[nodiscard]] Status require_esp(int fd, bool v4, PolicyDirection direction, std::uint32_t reqid);

// What tell_mark() and tell_destination() asked for, of a received message.
struct Ancillary {
    std::uint32_t mark = 0;
    std::optional<IpAddress> local;
};
[[nodiscard]] Ancillary ancillary(msghdr& message);

// Drops what is not a control message (T bit 0, RFC 2661 3.1) before it is queued.
[[nodiscard]] Status keep_control_messages_only(int fd);
// What the IPv4 socket sends, data of kernel L2TP too, has no UDP checksum.
[[nodiscard]] Status send_without_checksum(int fd);
// IPv6 accepts a zero checksum: the guard clears it on what came under ESP.
[[nodiscard]] Status accept_zero_checksum6(int fd);

}  // namespace keel
