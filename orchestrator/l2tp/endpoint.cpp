#include "l2tp/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "l2tp/endpoint_impl.hpp"

namespace keel::l2tp {

namespace {

constexpr std::size_t kIds = 65535;  // 16 bits, but for 0

// A free id: random, because the kernel may find a session by its id alone and old data may still be on its
// way; counted on from there when many are taken. One that rests is taken only when there is no other.
template <class IdType, class T>
std::optional<IdType> free_id(Time now, std::uint16_t start, const Table<IdType, T>& taken,
                              RestingIds<IdType>& resting) {
    if (taken.size() >= kIds) return std::nullopt;
    resting.expire(now);
    while (taken.size() + resting.size() >= kIds) resting.release_oldest();
    IdType id(start);
    while (!id || taken.contains(id) || resting.contains(id)) id = IdType((id.value + 1) & 0xffff);
    return id;
}

DownReason local_reason(std::uint16_t result, std::uint16_t error, std::string message,
                        DownReason::Scope scope) {
    return {DownReason::Cause::local, result, error, std::move(message), scope};
}

}  // namespace

Endpoint::Impl::Impl(EndpointConfig config_, Random& random_) : config(std::move(config_)), random(random_) {
    // 4.4.3: a Receive Window Size of 0 and an empty Host Name are invalid.
    config.receive_window = std::max<std::uint16_t>(config.receive_window, 1);
    if (config.host_name.empty()) config.host_name = "keel2tp";
    limits = {config.retransmit_initial, config.retransmit_cap, config.retransmit_limit,
              config.receive_window};
    next_call_serial = random.u32();
    hash_seed = std::uint64_t{random.u32()} << 32 | random.u32();
}

std::uint16_t Endpoint::Impl::random_id() {
    std::uint16_t id = 0;
    while (id == 0) id = static_cast<std::uint16_t>(random.u32() & 0xffff);
    return id;
}

Tunnel* Endpoint::Impl::make_tunnel(Time now, const Path& path) {
    const auto id = free_id(now, random_id(), tunnels, resting_tunnels);
    if (!id) return nullptr;
    Tunnel& tunnel = tunnels.insert(*id);
    tunnel.local = *id;
    tunnel.path = path;
    tunnel.hello_interval = config.hello_interval;
    tunnel.limits = limits;
    tunnel.bearers = config.bearer_capabilities;
    tunnel.last_heard = now;
    tunnel.timer = timers.add({*id, {}});
    return &tunnel;
}

Session* Endpoint::Impl::make_session(Time now, Tunnel& tunnel) {
    const auto id = free_id(now, random_id(), sessions, resting_sessions);
    if (!id) return nullptr;
    Session& session = sessions.insert(*id);
    session.tunnel = tunnel.local;
    session.local = *id;
    session.position = tunnel.sessions.size();
    session.timer = timers.add({tunnel.local, *id});
    tunnel.sessions.push_back(*id);
    return &session;
}

Status Endpoint::Impl::command(Time now, LocalTunnelId id, const TunnelEvent& event, std::string_view what,
                               const Cause& cause) {
    Tunnel* tunnel = find_tunnel(id);
    if (tunnel == nullptr) {
        return fail(ErrorCode::not_found, fmt::format("{}: there is no tunnel {}", what, id.value));
    }
    const auto next = step(*tunnel, event);
    if (!next) {
        return fail(ErrorCode::invalid,
                    fmt::format("{}: tunnel {} is not in a state for it", what, id.value));
    }
    apply(now, *tunnel, *next, cause);
    settle(now, *tunnel);
    return {};
}

Status Endpoint::Impl::command(Time now, LocalTunnelId tunnel_id, LocalSessionId id,
                               const SessionEvent& event, std::string_view what) {
    Tunnel* tunnel = find_tunnel(tunnel_id);
    Session* session = tunnel == nullptr ? nullptr : find_session(*tunnel, id);
    if (session == nullptr) {
        return fail(ErrorCode::not_found,
                    fmt::format("{}: there is no session {} in tunnel {}", what, id.value, tunnel_id.value));
    }
    const auto next = step(*session, event);
    if (!next) {
        return fail(ErrorCode::invalid, fmt::format("{}: session {} of tunnel {} is not in a state for it",
                                                    what, id.value, tunnel_id.value));
    }
    apply(now, *session, *next);
    settle(now, *tunnel);
    return {};
}

void Endpoint::Impl::on_tunnel_timer(Time now, Tunnel& tunnel) {
    const auto happen = [&](const TunnelEvent& event) {
        if (const auto next = step(tunnel, event)) apply(now, tunnel, *next);
    };
    if (!tunnel.reliable.on_timeout(now, tunnel.limits)) happen(tunnel_event::Unreachable{});
    if (tunnel.deadline && *tunnel.deadline <= now) {
        tunnel.deadline.reset();
        happen(tunnel_event::Expired{});
    }
    // RFC 2661 6.5: a HELLO after a time of silence; what is unacknowledged already probes the peer as well.
    if (const auto hello = hello_at(tunnel); hello && *hello <= now) send(tunnel, Hello{});
    settle(now, tunnel);
}

void Endpoint::Impl::on_session_timer(Time now, Session& session) {
    Tunnel* tunnel = find_tunnel(session.tunnel);
    if (const auto next = step(session, session_event::Expired{})) apply(now, session, *next);
    if (tunnel != nullptr) settle(now, *tunnel);
}

// ---- the public side

Duration retransmission_cycle(Duration initial, unsigned limit) {
    return ReliableLimits{.initial = initial, .retransmissions = limit}.cycle();
}

Endpoint::Endpoint(EndpointConfig config, Random& random)
    : impl_(std::make_unique<Impl>(std::move(config), random)) {}
Endpoint::~Endpoint() = default;
Endpoint::Endpoint(Endpoint&&) noexcept = default;
Endpoint& Endpoint::operator=(Endpoint&&) noexcept = default;

void Endpoint::receive(Time now, const Path& path, ByteView datagram) {
    impl_->receive(now, path, datagram);
}

void Endpoint::on_timeout(Time now) {
    while (const auto due = impl_->timers.take_due(now)) {
        if (due->session) {
            impl_->on_session_timer(now, impl_->sessions.at(due->session));
        } else {
            impl_->on_tunnel_timer(now, impl_->tunnels.at(due->tunnel));
        }
    }
}

std::optional<Time> Endpoint::next_timeout() const {
    return impl_->timers.next();
}

std::optional<Output> Endpoint::poll_output() {
    if (impl_->outputs.empty()) return std::nullopt;
    Output output = std::move(impl_->outputs.front());
    impl_->outputs.pop_front();
    return output;
}

Result<LocalTunnelId> Endpoint::open_tunnel(Time now, const Path& path, const TunnelOptions& options) {
    if (impl_->tunnels.size() >= impl_->config.max_tunnels) {
        return fail(ErrorCode::busy,
                    fmt::format("the limit of {} tunnels is reached", impl_->config.max_tunnels),
                    "raise the limit or close a tunnel");
    }
    Tunnel* tunnel = impl_->make_tunnel(now, path);
    if (tunnel == nullptr) return fail(ErrorCode::busy, "every tunnel id is taken", "close a tunnel");
    tunnel->initiator = true;
    const LocalTunnelId id = tunnel->local;
    const auto next = step(*tunnel, tunnel_event::Open{});
    if (!next) return fail(ErrorCode::internal, "a new tunnel cannot be opened");
    impl_->apply(now, *tunnel, *next, Cause{nullptr, &options});
    impl_->settle(now, *tunnel);
    return id;
}

Status Endpoint::accept_tunnel(Time now, LocalTunnelId tunnel, const TunnelOptions& options) {
    return impl_->command(now, tunnel, tunnel_event::Accept{}, "accept_tunnel", Cause{nullptr, &options});
}

Status Endpoint::reject_tunnel(Time now, LocalTunnelId tunnel, std::uint16_t result, std::uint16_t error,
                               std::string message) {
    Tunnel* found = impl_->find_tunnel(tunnel);
    if (found != nullptr && found->state != TunnelState::wait_offer) {
        return fail(ErrorCode::invalid, fmt::format("reject_tunnel: tunnel {} is not offered", tunnel.value));
    }
    return impl_->command(
        now, tunnel,
        tunnel_event::Stop{local_reason(result, error, std::move(message), DownReason::Scope::tunnel)},
        "reject_tunnel");
}

Status Endpoint::close_tunnel(Time now, LocalTunnelId tunnel, std::uint16_t result, std::string message) {
    return impl_->command(
        now, tunnel,
        tunnel_event::Stop{local_reason(result, 0, std::move(message), DownReason::Scope::tunnel)},
        "close_tunnel");
}

Status Endpoint::abandon_tunnel(Time now, LocalTunnelId tunnel, std::string message) {
    return impl_->command(
        now, tunnel, tunnel_event::Abandon{local_reason(0, 0, std::move(message), DownReason::Scope::tunnel)},
        "abandon_tunnel");
}

Result<LocalSessionId> Endpoint::open_session(Time now, LocalTunnelId tunnel_id,
                                              const SessionOptions& options) {
    Tunnel* tunnel = impl_->find_tunnel(tunnel_id);
    if (tunnel == nullptr) {
        return fail(ErrorCode::not_found,
                    fmt::format("open_session: there is no tunnel {}", tunnel_id.value));
    }
    if (tunnel->state != TunnelState::established) {
        return fail(ErrorCode::invalid,
                    fmt::format("open_session: tunnel {} is not established", tunnel_id.value),
                    "wait for TunnelUp");
    }
    const bool outgoing = options.kind == SessionKind::outgoing_call;
    // 4.4.3: without Bearer Capabilities the peer cannot place outgoing calls.
    if (outgoing && (tunnel->peer_bearers == 0 || (options.bearer_type & ~tunnel->peer_bearers) != 0)) {
        return fail(
            ErrorCode::unsupported,
            fmt::format("open_session: the peer of tunnel {} cannot place this outgoing call: its bearer "
                        "capabilities are {}",
                        tunnel_id.value, tunnel->peer_bearers),
            "ask for a bearer type that the peer announces");
    }
    Session* session = impl_->make_session(now, *tunnel);
    if (session == nullptr) return fail(ErrorCode::busy, "every session id is taken", "close a session");
    session->kind = options.kind;
    session->sequencing = options.sequencing;
    session->tx_speed = options.tx_speed;
    session->call_serial = impl_->next_call_serial++;
    const LocalSessionId id = session->local;
    const auto next = step(*session, session_event::Open{});
    if (!next) return fail(ErrorCode::internal, "a new session cannot be opened");
    impl_->apply(now, *session, *next, Cause{nullptr, nullptr, &options});
    impl_->settle(now, *tunnel);
    return id;
}

Status Endpoint::accept_session(Time now, LocalTunnelId tunnel, LocalSessionId session,
                                std::optional<std::uint8_t> dscp) {
    Session* found = impl_->sessions.find(session);
    if (found != nullptr && found->tunnel == tunnel && found->state == SessionState::wait_offer) {
        found->dscp = dscp;
    }
    return impl_->command(now, tunnel, session, session_event::Accept{}, "accept_session");
}

Status Endpoint::reject_session(Time now, LocalTunnelId tunnel, LocalSessionId session, std::uint16_t result,
                                std::uint16_t error, std::string message) {
    Session* found = impl_->sessions.find(session);
    if (found != nullptr && found->tunnel == tunnel && found->state != SessionState::wait_offer) {
        return fail(ErrorCode::invalid,
                    fmt::format("reject_session: session {} is not offered", session.value));
    }
    return impl_->command(
        now, tunnel, session,
        session_event::Stop{local_reason(result, error, std::move(message), DownReason::Scope::session)},
        "reject_session");
}

Status Endpoint::close_session(Time now, LocalTunnelId tunnel, LocalSessionId session, std::uint16_t result,
                               std::string message, std::vector<PppDisconnect> ppp) {
    DownReason reason = local_reason(result, 0, std::move(message), DownReason::Scope::session);
    reason.ppp = std::move(ppp);
    return impl_->command(now, tunnel, session, session_event::Stop{std::move(reason)}, "close_session");
}

Status Endpoint::connect_session(Time now, LocalTunnelId tunnel, LocalSessionId id, std::uint32_t tx_speed,
                                 bool sequencing) {
    Session* found = impl_->sessions.find(id);
    if (found != nullptr && found->tunnel == tunnel && found->state == SessionState::wait_answer) {
        found->tx_speed = tx_speed;
        found->sequencing = sequencing;
    }
    return impl_->command(now, tunnel, id, session_event::Answered{}, "connect_session");
}

Status Endpoint::Impl::tell(Time now, LocalTunnelId tunnel_id, LocalSessionId id, const Message& message,
                            std::string_view what) {
    Tunnel* tunnel = find_tunnel(tunnel_id);
    Session* session = tunnel == nullptr ? nullptr : find_session(*tunnel, id);
    if (session == nullptr) {
        return fail(ErrorCode::not_found,
                    fmt::format("{}: there is no session {} in tunnel {}", what, id.value, tunnel_id.value));
    }
    if (session->state != SessionState::established) {
        return fail(ErrorCode::invalid, fmt::format("{}: session {} of tunnel {} is not established", what,
                                                    id.value, tunnel_id.value));
    }
    send(*tunnel, *session, message);
    settle(now, *tunnel);
    return {};
}

Status Endpoint::report_errors(Time now, LocalTunnelId tunnel, LocalSessionId session,
                               const CallErrors& errors) {
    return impl_->tell(now, tunnel, session, Wen{errors}, "report_errors");
}

Status Endpoint::set_link_info(Time now, LocalTunnelId tunnel, LocalSessionId session, const Accm& accm) {
    return impl_->tell(now, tunnel, session, Sli{accm, {}, {}}, "set_link_info");
}

const EndpointCounters& Endpoint::counters() const {
    return impl_->counters;
}

std::optional<TunnelStatus> Endpoint::tunnel_status(LocalTunnelId id) const {
    const Tunnel* tunnel = impl_->find_tunnel(id);
    if (tunnel == nullptr) return std::nullopt;
    const ReliableState& reliable = tunnel->reliable.state();
    const auto live = [&](LocalSessionId session) {
        return impl_->sessions.at(session).state != SessionState::closing;
    };
    return TunnelStatus{
        .tunnel = tunnel->local,
        .peer_tunnel = tunnel->peer,
        .path = tunnel->path,
        .state = tunnel->state,
        .peer_host_name = tunnel->peer_host_name,
        .peer_vendor_name = tunnel->peer_vendor_name,
        // What could not prove itself did not get this far.
        .authenticated = tunnel->state == TunnelState::established && !tunnel->secret.empty(),
        .hiding = tunnel->hide,
        .dscp = tunnel->dscp,
        .quirks = tunnel->quirks,
        .ns = tunnel->reliable.next_ns(),
        .nr = reliable.nr,
        .unacknowledged = reliable.numbered,
        .queued = reliable.outgoing.size() - reliable.numbered,
        .retransmitted = reliable.retransmitted,
        .sessions = static_cast<std::size_t>(std::ranges::count_if(tunnel->sessions, live)),
    };
}

std::optional<SessionStatus> Endpoint::session_status(LocalTunnelId tunnel, LocalSessionId id) const {
    const Session* found = impl_->sessions.find(id);
    if (found == nullptr || found->tunnel != tunnel) return std::nullopt;
    const Session& session = *found;
    SessionStatus status{tunnel,
                         id,
                         session.peer,
                         session.kind,
                         session.state,
                         session.sequencing,
                         session.tx_speed,
                         session.rx_speed,
                         {},
                         {},
                         {},
                         {}};
    if (session.notes) {
        status.facts = session.notes->facts;
        status.call_errors = session.notes->call_errors;
        status.accm = session.notes->accm;
        if (session.notes->modem_on_hold) status.modem = modem_on_hold_text(*session.notes->modem_on_hold);
    }
    return status;
}

std::size_t Endpoint::tunnel_count() const {
    return impl_->tunnels.size();
}

}  // namespace keel::l2tp
