#include "lifecycle/datapath.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lifecycle/mtu.hpp"

namespace keel::lifecycle {
namespace {

void add(Traffic& sum, const Session& session) {
    const SessionCounters& more = session.counted;
    sum.data.tx_packets += more.tx_packets;
    sum.data.tx_bytes += more.tx_bytes;
    sum.data.tx_errors += more.tx_errors;
    sum.data.rx_packets += more.rx_packets;
    sum.data.rx_bytes += more.rx_bytes;
    sum.data.rx_errors += more.rx_errors;
    sum.data.rx_out_of_sequence += more.rx_out_of_sequence;
    sum.echo.sent += session.echo.sent;
    sum.echo.received += session.echo.received;
}

template <class Map>
auto* value_at(Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

std::unexpected<Error> no_such(const char* what, std::uint32_t id) {
    return fail(ErrorCode::not_found, fmt::format("there is no {} {}", what, id));
}

}  // namespace

Status Datapath::open_tunnel(LocalTunnelId id, Role& owner, const l2tp::Path& path,
                             std::optional<SaBinding> sa, SourcePort port) {
    auto socket = ports_.datagrams.open_tunnel_socket({path.local, path.remote, sa, port});
    if (!socket) return std::unexpected(socket.error());
    Tunnel tunnel;
    tunnel.id = id;
    tunnel.owner = &owner;
    tunnel.path = path;
    tunnel.socket = *socket;
    tunnel.sa = sa;
    socket_index_.emplace(*socket, id);
    if (sa) mark_index_.emplace(sa->mark, id);
    tunnels_.emplace(id, std::move(tunnel));
    return {};
}

Status Datapath::mark_tunnel(LocalTunnelId id, std::optional<std::uint8_t> dscp) {
    Tunnel* held = tunnel(id);
    if (!held) return no_such("tunnel", id.value);
    if (!dscp || held->dscp == dscp) return {};
    if (auto marked = ports_.datagrams.set_dscp(held->socket, *dscp); !marked) return marked;
    held->dscp = dscp;
    return {};
}

Status Datapath::connect_tunnel(LocalTunnelId id, PeerTunnelId peer) {
    Tunnel* held = tunnel(id);
    if (!held) return no_such("tunnel", id.value);
    if (auto made = ports_.kernel.create_tunnel(held->socket, id, peer); !made) return made;
    held->in_kernel = true;
    return {};
}

Status Datapath::open_session(Time now, const KernelSession& ids) {
    Tunnel* held = tunnel(ids.tunnel);
    if (!held) return no_such("tunnel", ids.tunnel.value);
    auto pppox = ports_.kernel.create_session(ids);
    if (!pppox) return std::unexpected(pppox.error());
    Session session;
    session.ids = ids;
    session.in_kernel = true;
    session.pppox = std::move(*pppox);
    session.since = now;
    held->sessions.emplace(ids.session, std::move(session));
    session_index_.emplace(ids.session, ids.tunnel);
    return {};
}

Status Datapath::sequence_session(LocalSessionId id) {
    Session* held = session(id);
    if (!held) return no_such("session", id.value);
    if (auto done = ports_.kernel.sequence_session(held->ids.tunnel, id); !done) return done;
    held->ids.sequencing = true;
    return {};
}

std::uint16_t Datapath::mtu_of(const Tunnel& tunnel, const Session& session) const {
    constexpr std::uint32_t kEthernet = 1500;  // where the kernel does not know the way
    const IpAddress& peer = tunnel.path.remote.ip;
    const ChildSa* sa = tunnel.sa ? sas_.find(tunnel.sa->mark) : nullptr;
    return ppp_mtu(ports_.kernel.path_mtu(peer).value_or(kEthernet), peer.is_v4(), sa,
                   session.ids.sequencing);
}

Status Datapath::start_ppp(LocalSessionId id, PppSpec spec) {
    Session* held = session(id);
    if (!held) return no_such("session", id.value);
    held->mtu_follows = spec.mtu == 0;
    if (held->mtu_follows) spec.mtu = mtu_of(*tunnel_of(id), *held);
    auto ppp = ports_.ppp.start(spec, std::move(held->pppox));
    if (!ppp) return std::unexpected(ppp.error());
    held->ppp = *ppp;
    held->mtu = spec.mtu;
    ppp_index_.emplace(*ppp, id);
    return {};
}

void Datapath::ppp_up(LocalSessionId id, const PppUp& link) {
    Session* held = session(id);
    if (!held) return;
    held->link = link;
    held->mtu = link.mtu;
    link_index_[link.interface] = id;
    ports_.kernel.fit_link(link.interface, link.mtu);
}

std::vector<LocalSessionId> Datapath::refit(std::uint32_t mark) {
    std::vector<LocalSessionId> changed;
    for (const LocalTunnelId tunnel_id : tunnels_on(mark)) {
        Tunnel& held = *tunnel(tunnel_id);
        for (auto& [id, session] : held.sessions) {
            if (!session.link || !session.mtu_follows) continue;
            const std::uint16_t mtu = std::min(mtu_of(held, session), session.link->mtu);
            if (mtu == session.mtu) continue;
            session.mtu = mtu;
            ports_.kernel.fit_link(session.link->interface, mtu);
            changed.push_back(id);
        }
    }
    return changed;
}

// The kernel may have given the interface's name to the next session already.
void Datapath::forget_link(Session& held) {
    if (!held.link) return;
    const std::string interface = std::exchange(held.link, std::nullopt)->interface;
    const auto owner = link_index_.find(interface);
    if (owner == link_index_.end() || owner->second != held.ids.session) return;
    link_index_.erase(owner);
    ports_.kernel.forget_link(interface);
}

void Datapath::suspend(std::uint32_t mark) {
    for (const LocalTunnelId id : tunnels_on(mark)) {
        Tunnel& held = *tunnel(id);
        held.sa->reqid = 0;
        // A socket that refuses is one that the SA's end has closed already.
        (void)ports_.datagrams.rebind(held.socket, std::nullopt);
    }
}

bool Datapath::succeed(std::uint32_t mark, const SaBinding& next) {
    bool all = true;
    for (const LocalTunnelId id : tunnels_on(mark)) {
        Tunnel& held = *tunnel(id);
        const auto tied = ports_.datagrams.rebind(held.socket, next);
        if (tied) {
            mark_index_.erase({mark, id});
            mark_index_.emplace(next.mark, id);
            held.sa = next;
        }
        all = all && tied.has_value();
    }
    (void)refit(next.mark);
    return all;
}

void Datapath::close_session(LocalSessionId id) {
    Session* held = session(id);
    if (!held || held->closing) return;
    held->closing = true;
    count(id);
    if (held->ppp) ports_.ppp.stop(*held->ppp);
    remove_if_done(id);
}

void Datapath::ppp_exited(LocalSessionId id) {
    Session* held = session(id);
    if (!held || !held->ppp) return;
    ppp_index_.erase(*held->ppp);
    held->ppp.reset();
    forget_link(*held);
    remove_if_done(id);
}

void Datapath::remove_if_done(LocalSessionId id) {
    Tunnel* owner = tunnel_of(id);
    Session* held = session(id);
    if (!held || !held->closing || held->ppp) return;
    count(id);
    add(ended_[owner->owner->name()], *held);
    held->pppox.reset();
    if (held->in_kernel) ports_.kernel.delete_session(owner->id, id);
    owner->sessions.erase(id);
    session_index_.erase(id);
    release_if_done(*owner);
}

void Datapath::count(LocalSessionId id) {
    Tunnel* owner = tunnel_of(id);
    Session* held = session(id);
    if (!held || !held->in_kernel) return;
    // An Error: pppd's end has taken the kernel's session along.
    if (const auto counters = ports_.kernel.session_counters(owner->id, id)) held->counted = *counters;
}

std::map<std::string, Traffic> Datapath::traffic() {
    auto sums = ended_;
    for (auto& [tunnel_id, held] : tunnels_) {
        for (auto& [id, session] : held.sessions) {
            count(id);
            add(sums[held.owner->name()], session);
        }
    }
    return sums;
}

void Datapath::tunnel_gone(LocalTunnelId id) {
    Tunnel* held = tunnel(id);
    if (!held) return;
    held->gone = true;
    std::vector<LocalSessionId> open;
    for (const auto& [session_id, unused] : held->sessions) open.push_back(session_id);
    for (const LocalSessionId session_id : open) close_session(session_id);
    if (Tunnel* still = tunnel(id)) release_if_done(*still);
}

void Datapath::release_if_done(Tunnel& held) {
    if (!held.gone || !held.sessions.empty()) return;
    const LocalTunnelId id = held.id;
    if (held.in_kernel) ports_.kernel.delete_tunnel(id);
    ports_.datagrams.close(held.socket);
    released_.emplace_back(id, held.owner);
    socket_index_.erase(held.socket);
    if (held.sa) mark_index_.erase({held.sa->mark, id});
    tunnels_.erase(id);
}

std::vector<std::pair<LocalTunnelId, Role*>> Datapath::take_released() {
    return std::exchange(released_, {});
}

Tunnel* Datapath::tunnel(LocalTunnelId id) {
    return value_at(tunnels_, id);
}

Tunnel* Datapath::tunnel_of(LocalSessionId id) {
    const LocalTunnelId* owner = value_at(session_index_, id);
    return owner ? tunnel(*owner) : nullptr;
}

Tunnel* Datapath::tunnel_of(SocketId socket) {
    const LocalTunnelId* owner = value_at(socket_index_, socket);
    return owner ? tunnel(*owner) : nullptr;
}

Session* Datapath::session(LocalSessionId id) {
    Tunnel* owner = tunnel_of(id);
    return owner ? value_at(owner->sessions, id) : nullptr;
}

Session* Datapath::session_of(PppId ppp) {
    const LocalSessionId* id = value_at(ppp_index_, ppp);
    return id ? session(*id) : nullptr;
}

std::vector<LocalTunnelId> Datapath::tunnels_of(const Role& owner) const {
    std::vector<LocalTunnelId> ids;
    for (const auto& [id, held] : tunnels_) {
        if (held.owner == &owner) ids.push_back(id);
    }
    return ids;
}

std::vector<LocalTunnelId> Datapath::tunnels_on(std::uint32_t mark) const {
    std::vector<LocalTunnelId> ids;
    for (auto at = mark_index_.lower_bound({mark, LocalTunnelId()}); at != mark_index_.end(); ++at) {
        if (at->first != mark) break;
        ids.push_back(at->second);
    }
    return ids;
}

}  // namespace keel::lifecycle
