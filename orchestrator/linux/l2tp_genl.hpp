// L2tpGenl: tunnels and sessions of l2tp_core, by generic netlink family "l2tp". The only user of libnl.
// Requests are answered by the kernel at once, so that waiting for the answer does not stall the loop.
#pragma once

#include <netinet/in.h>  // must come before the kernel's own headers

#include <cstdint>
#include <memory>
#include <vector>

#include "base/address.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "ports.hpp"

struct nl_sock;
struct nl_msg;

namespace keel {

struct KernelTunnelInfo {
    LocalTunnelId tunnel;
    PeerTunnelId peer_tunnel;
    std::uint8_t version = 0;  // 2 or 3
    SocketAddress local, remote;
};
struct KernelSessionInfo {
    LocalTunnelId tunnel;
    LocalSessionId session;
    PeerSessionId peer_session;
    SessionCounters counters;
};

class L2tpGenl {
public:
    // `unsupported` when the kernel has no such family (module l2tp_netlink).
    [[nodiscard]] static Result<L2tpGenl> open();
    ~L2tpGenl();
    L2tpGenl(L2tpGenl&&) noexcept;
    L2tpGenl& operator=(L2tpGenl&&) noexcept;

    // The kernel takes `udp_socket` (connected) over: L2TPv2 over UDP.
    [[nodiscard]] Status create_tunnel(int udp_socket, LocalTunnelId tunnel, PeerTunnelId peer);
    // Asynchronous in the kernel: the id may be in use for a moment longer.
    [[nodiscard]] Status delete_tunnel(LocalTunnelId tunnel);
    [[nodiscard]] Status create_session(const KernelSession& session);
    // Turns sequence numbers on, both ways.
    [[nodiscard]] Status sequence_session(LocalTunnelId tunnel, LocalSessionId session);
    [[nodiscard]] Status delete_session(LocalTunnelId tunnel, LocalSessionId session);
    [[nodiscard]] Result<SessionCounters> session_counters(LocalTunnelId tunnel, LocalSessionId session);
    [[nodiscard]] Result<std::vector<KernelTunnelInfo>> tunnels();
    [[nodiscard]] Result<std::vector<KernelSessionInfo>> sessions();

private:
    struct FreeSocket {
        void operator()(nl_sock* socket) const;
    };
    struct FreeMessage {
        void operator()(nl_msg* message) const;
    };
    using Message = std::unique_ptr<nl_msg, FreeMessage>;

    L2tpGenl(nl_sock* socket, int family);
    [[nodiscard]] Message make(std::uint8_t command, int flags) const;
    [[nodiscard]] bool has_tunnel(LocalTunnelId tunnel);
    [[nodiscard]] bool has_session(LocalTunnelId tunnel, LocalSessionId session);

    std::unique_ptr<nl_sock, FreeSocket> socket_;
    int family_ = 0;
};

}  // namespace keel
