#include "linux/kernel.hpp"

#include <algorithm>

#include "linux/modules.hpp"
#include "linux/pppox.hpp"

namespace keel {
namespace {

// The part, opened now if it was not.
template <class Part>
Result<Part*> opened(std::optional<Part>& part) {
    if (!part) {
        auto open = Part::open();
        if (!open) return std::unexpected(std::move(open.error()));
        part.emplace(std::move(*open));
    }
    return &*part;
}

}  // namespace

LinuxKernel::LinuxKernel(Log& log, UdpSockets& sockets, Guard& guard)
    : log_(log), sockets_(sockets), guard_(guard) {}

Result<L2tpGenl*> LinuxKernel::l2tp() {
    auto part = opened(l2tp_);
    if (part || part.error().code != ErrorCode::unsupported) return part;
    if (auto loaded = load_module("l2tp_netlink"); !loaded) return std::unexpected(loaded.error());
    return opened(l2tp_);
}
Result<Xfrm*> LinuxKernel::xfrm() {
    return opened(xfrm_);
}
Result<Routes*> LinuxKernel::routes() {
    return opened(routes_);
}

Status LinuxKernel::install_guard(std::span<const IpAddress> protected_addresses) {
    if (!leftovers_flushed_) flush_leftovers();
    if (auto installed = guard_.install(protected_addresses); !installed) return installed;
    if (auto watched = sockets_.watch_guard(); !watched) {
        log_.warning("kernel.guard-unwatched", {{"error", watched.error().text()}});
    }
    return {};
}
void LinuxKernel::remove_guard() {
    guard_.remove();
}
Result<GuardCounters> LinuxKernel::guard_counters() {
    return guard_.counters();
}

Status LinuxKernel::create_tunnel(SocketId socket, LocalTunnelId tunnel, PeerTunnelId peer) {
    const auto fd = sockets_.descriptor(socket);
    if (!fd) return std::unexpected(fd.error());
    auto genl = l2tp();
    if (!genl) return std::unexpected(genl.error());
    if (auto made = (*genl)->create_tunnel(*fd, tunnel, peer); !made) return made;
    tunnels_.insert(tunnel);
    return {};
}

void LinuxKernel::delete_tunnel(LocalTunnelId tunnel) {
    if (tunnels_.erase(tunnel) == 0) return;
    std::erase_if(sessions_, [tunnel](const auto& session) { return session.first == tunnel; });
    auto genl = l2tp();
    if (!genl) return;
    if (auto deleted = (*genl)->delete_tunnel(tunnel);
        !deleted && deleted.error().code != ErrorCode::not_found) {
        log_.warning("kernel.tunnel-stays", {{"tunnel", tunnel.value}, {"error", deleted.error().text()}});
    }
}

Result<UniqueFd> LinuxKernel::create_session(const KernelSession& session) {
    auto genl = l2tp();
    if (!genl) return std::unexpected(genl.error());
    if (auto made = (*genl)->create_session(session); !made) return std::unexpected(made.error());
    auto pppox = connect_pppox(session);
    if (!pppox) {
        static_cast<void>((*genl)->delete_session(session.tunnel, session.session));
        return pppox;
    }
    sessions_.emplace(session.tunnel, session.session);
    return pppox;
}

Status LinuxKernel::sequence_session(LocalTunnelId tunnel, LocalSessionId session) {
    auto genl = l2tp();
    if (!genl) return std::unexpected(genl.error());
    return (*genl)->sequence_session(tunnel, session);
}

void LinuxKernel::delete_session(LocalTunnelId tunnel, LocalSessionId session) {
    if (sessions_.erase({tunnel, session}) == 0) return;
    auto genl = l2tp();
    if (!genl) return;
    const auto deleted = (*genl)->delete_session(tunnel, session);
    if (!deleted && deleted.error().code != ErrorCode::not_found) {
        log_.warning(
            "kernel.session-stays",
            {{"tunnel", tunnel.value}, {"session", session.value}, {"error", deleted.error().text()}});
    }
}

Result<SessionCounters> LinuxKernel::session_counters(LocalTunnelId tunnel, LocalSessionId session) {
    auto genl = l2tp();
    if (!genl) return std::unexpected(genl.error());
    return (*genl)->session_counters(tunnel, session);
}

Result<SaCounters> LinuxKernel::sa_counters(const IpAddress& source, const IpAddress& destination,
                                            std::uint32_t spi, std::uint32_t mark) {
    auto part = xfrm();
    if (!part) return std::unexpected(part.error());
    return (*part)->counters(source, destination, spi, mark);
}

Status LinuxKernel::add_route(const Route& route) {
    auto part = routes();
    if (!part) return std::unexpected(part.error());
    return (*part)->add(route);
}
void LinuxKernel::remove_route(const Route& route) {
    if (routes_) routes_->remove(route);
}
Status LinuxKernel::pin_path(const IpAddress& peer) {
    auto part = routes();
    if (!part) return std::unexpected(part.error());
    return (*part)->pin(peer);
}
void LinuxKernel::unpin_path(const IpAddress& peer) {
    if (routes_) routes_->unpin(peer);
}
Result<IpAddress> LinuxKernel::source_address(const IpAddress& peer) {
    auto part = routes();
    if (!part) return std::unexpected(part.error());
    return (*part)->source_address(peer);
}
Result<std::uint32_t> LinuxKernel::path_mtu(const IpAddress& peer) {
    auto part = routes();
    if (!part) return std::unexpected(part.error());
    return (*part)->path_mtu(peer);
}

void LinuxKernel::fit_link(const std::string& interface, std::uint16_t mtu) {
    auto part = routes();
    const auto set = part ? (*part)->set_mtu(interface, mtu) : Status(std::unexpected(part.error()));
    if (!set) log_.warning("kernel.mtu-stays", {{"interface", interface}, {"error", set.error().text()}});
    guard_.clamp_mss(interface, mtu);
}
void LinuxKernel::forget_link(const std::string& interface) {
    guard_.clamp_mss(interface, std::nullopt);
}

void LinuxKernel::flush_leftovers() {
    leftovers_flushed_ = true;
    const auto sockets = guard_.leftovers();
    if (auto genl = sockets.empty() ? Result<L2tpGenl*>(nullptr) : l2tp(); genl && *genl != nullptr) {
        const auto tunnels = (*genl)->tunnels();
        for (const KernelTunnelInfo& tunnel : tunnels ? *tunnels : std::vector<KernelTunnelInfo>{}) {
            if (std::ranges::find(sockets, tunnel.local) == sockets.end()) continue;
            log_.notice("kernel.leftover", {{"tunnel", tunnel.tunnel.value}, {"local", tunnel.local.text()}});
            static_cast<void>((*genl)->delete_tunnel(tunnel.tunnel));
        }
    }
    if (auto part = routes()) {
        const auto removed = (*part)->remove_leftovers();
        if (removed && *removed > 0) log_.notice("kernel.leftover", {{"routes", *removed}});
    }
}

void LinuxKernel::flush_leftover_sas() {
    auto part = xfrm();
    if (!part) return;
    const auto removed = (*part)->remove_ours();
    if (!removed) {
        log_.warning("kernel.sas-stay", {{"error", removed.error().text()}});
    } else if (*removed > 0) {
        log_.notice("kernel.leftover", {{"sas", *removed}});
    }
}

void LinuxKernel::close_all() {
    while (!sessions_.empty()) delete_session(sessions_.begin()->first, sessions_.begin()->second);
    while (!tunnels_.empty()) delete_tunnel(*tunnels_.begin());
    if (routes_) routes_->remove_all();
}

}  // namespace keel
