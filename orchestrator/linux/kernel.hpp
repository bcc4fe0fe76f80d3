// LinuxKernel: the Kernel port over its parts (guard, l2tp_genl, pppox, xfrm, routes). Thin: it opens each
// part when it is first needed, and remembers what it made so that it can be undone.
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "linux/guard.hpp"
#include "linux/l2tp_genl.hpp"
#include "linux/routes.hpp"
#include "linux/udp.hpp"
#include "linux/xfrm.hpp"
#include "ports.hpp"

namespace keel {

class LinuxKernel final : public Kernel {
public:
    LinuxKernel(Log& log, UdpSockets& sockets, Guard& guard);

    // The first call removes the kernel tunnels of an earlier run of ours (see flush_leftovers) before it
    // replaces that run's guard, so that there is no moment without one.
    [[nodiscard]] Status install_guard(std::span<const IpAddress> protected_addresses) override;
    void remove_guard() override;
    [[nodiscard]] Result<GuardCounters> guard_counters() override;

    [[nodiscard]] Status create_tunnel(SocketId socket, LocalTunnelId tunnel, PeerTunnelId peer) override;
    // Before the tunnel's UDP socket is closed, and after its pppd's have let their PPPoX sockets go.
    void delete_tunnel(LocalTunnelId tunnel) override;
    [[nodiscard]] Result<UniqueFd> create_session(const KernelSession& session) override;
    Status sequence_session(LocalTunnelId tunnel, LocalSessionId session) override;
    void delete_session(LocalTunnelId tunnel, LocalSessionId session) override;
    [[nodiscard]] Result<SessionCounters> session_counters(LocalTunnelId tunnel,
                                                           LocalSessionId session) override;
    [[nodiscard]] Result<SaCounters> sa_counters(const IpAddress& source, const IpAddress& destination,
                                                 std::uint32_t spi, std::uint32_t mark) override;

    [[nodiscard]] Status add_route(const Route& route) override;
    void remove_route(const Route& route) override;
    [[nodiscard]] Status pin_path(const IpAddress& peer) override;
    void unpin_path(const IpAddress& peer) override;
    [[nodiscard]] Result<IpAddress> source_address(const IpAddress& peer) override;
    [[nodiscard]] Result<std::uint32_t> path_mtu(const IpAddress& peer) override;
    void fit_link(const std::string& interface, std::uint16_t mtu) override;
    void forget_link(const std::string& interface) override;

    // What an earlier run left when it was killed: kernel tunnels whose socket stands in the guard's table,
    // and routes of our protocol number.
    void flush_leftovers();
    // What a killed charon left: SAs of ours (xfrm.hpp, select_ours). Call it when charon came back, before
    // the connections are loaded: its marks begin at 1 again.
    void flush_leftover_sas();
    // Deletes all sessions, tunnels, routes and pins made here. The order of a shutdown: pppd's and PPPoX
    // sockets, this, the UDP sockets, the guard.
    void close_all();

private:
    [[nodiscard]] Result<L2tpGenl*> l2tp();
    [[nodiscard]] Result<Xfrm*> xfrm();
    [[nodiscard]] Result<Routes*> routes();

    Log& log_;
    UdpSockets& sockets_;
    Guard& guard_;
    bool leftovers_flushed_ = false;
    std::optional<L2tpGenl> l2tp_;
    std::optional<Xfrm> xfrm_;
    std::optional<Routes> routes_;
    std::set<LocalTunnelId> tunnels_;
    std::set<std::pair<LocalTunnelId, LocalSessionId>> sessions_;
};

}  // namespace keel
