// From a step of a tunnel's machine to messages, outputs, timers and tables; and what sends.
#include "l2tp/actions.hpp"

#include <algorithm>

namespace keel::l2tp {

namespace {

constexpr Duration kLinger = seconds(31);  // RFC 2661 5.7: the peer's full retransmission cycle
constexpr std::uint16_t kFirmwareRevision = 1;
constexpr std::uint16_t kLenientWindow = 64;  // of the quirk lenient_window

// 5.1.1; nothing if there was no challenge.
std::optional<Bytes> answer_challenge(const Tunnel& tunnel, MessageType type, const std::string& challenge) {
    if (challenge.empty()) return std::nullopt;
    return challenge_response(static_cast<std::uint8_t>(type), tunnel.secret, as_bytes(challenge));
}

}  // namespace

std::size_t PeerKeyHash::operator()(const PeerKey& key) const noexcept {
    const auto mix = [](std::size_t seed, std::size_t value) {
        return seed ^ (value + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
    };
    std::size_t seed = std::hash<SocketAddress>{}(key.path.remote);
    seed = mix(seed, std::hash<IpAddress>{}(key.path.local));
    seed = mix(seed, key.path.binding);
    return mix(seed, key.peer.value);
}

// ---- tunnels

void Endpoint::Impl::apply(Time now, Tunnel& tunnel, const TunnelStep& step, const Cause& cause) {
    const bool was_half_open = tunnel.half_open();
    const bool was_asking = tunnel.state == TunnelState::wait_ctl_reply;
    tunnel.state = step.next;
    if (tunnel.half_open() != was_half_open) note_half_open(tunnel, !was_half_open);
    if ((tunnel.state == TunnelState::wait_ctl_reply) != was_asking) note_asking(tunnel, !was_asking);
    if (tunnel.state == TunnelState::established) {
        tunnel.deadline.reset();
        tunnel.challenge = {};
    }
    for (const TunnelAction action : step.actions) act(now, tunnel, action, step.reason, cause);
}

void Endpoint::Impl::note_half_open(const Tunnel& tunnel, bool is) {
    const IpAddress& source = tunnel.path.remote.ip;
    if (is) {
        ++half_open;
        ++half_open_of[source];
    } else {
        --half_open;
        if (const auto found = half_open_of.find(source); --found->second == 0) half_open_of.erase(found);
    }
}

std::uint32_t Endpoint::Impl::hash_of(const PeerKey& key) const {
    return static_cast<std::uint32_t>(((PeerKeyHash{}(key) ^ hash_seed) * 0x9e3779b97f4a7c15ULL) >> 32);
}

Tunnel* Endpoint::Impl::find_by_peer(const Path& path, PeerTunnelId peer) {
    const std::uint32_t found = by_peer.find(hash_of({path, peer}), [&](std::uint32_t id) {
        const Tunnel& tunnel = tunnels.at(LocalTunnelId(id));
        return tunnel.peer == peer && tunnel.path == path;
    });
    return found == FlatIndex::kNone ? nullptr : &tunnels.at(LocalTunnelId(found));
}

void Endpoint::Impl::index_peer(const Tunnel& tunnel, bool is) {
    const std::uint32_t hash = hash_of({tunnel.path, tunnel.peer});
    is ? by_peer.insert(hash, tunnel.local.value) : by_peer.erase(hash, tunnel.local.value);
}

void Endpoint::Impl::note_asking(Tunnel& tunnel, bool is) {
    const PeerKey key = pair_key(tunnel.path);
    if (is) {
        auto& list = asking[key];
        tunnel.asking_position = list.size();
        list.push_back(tunnel.local);
        return;
    }
    const auto found = asking.find(key);
    auto& list = found->second;
    const LocalTunnelId last = list.back();
    tunnels.at(last).asking_position = tunnel.asking_position;
    list[tunnel.asking_position] = last;
    list.pop_back();
    if (list.empty()) asking.erase(found);
}

void Endpoint::Impl::act(Time now, Tunnel& tunnel, TunnelAction action, const DownReason& reason,
                         const Cause& cause) {
    switch (action) {
        case TunnelAction::none: return;
        case TunnelAction::send_sccrq: return introduce<Sccrq>(tunnel, cause.options);
        case TunnelAction::offer: return act_offer(tunnel);
        case TunnelAction::send_sccrp: return introduce<Sccrp>(tunnel, cause.options);
        case TunnelAction::note_peer:
            tunnel.peer = PeerTunnelId(std::get<Sccrp>(*cause.message).assigned_tunnel_id);
            return;
        case TunnelAction::learn_peer: return act_learn_peer(tunnel, cause);
        case TunnelAction::send_scccn: return act_send_scccn(tunnel, std::get<Sccrp>(*cause.message));
        case TunnelAction::report_up:
            outputs.emplace_back(TunnelUp{tunnel.local, tunnel.peer, tunnel.peer_host_name,
                                          tunnel.peer_vendor_name, tunnel.dscp});
            return;
        case TunnelAction::end_sessions: return act_end_sessions(now, tunnel, reason);
        case TunnelAction::report_down: outputs.emplace_back(TunnelDown{tunnel.local, reason}); return;
        case TunnelAction::send_stopccn: return act_send_stopccn(now, tunnel, reason);
        case TunnelAction::linger: return act_linger(now, tunnel);
        case TunnelAction::release: outputs.emplace_back(TunnelGone{tunnel.local}); return;
    }
}

// SCCRQ and SCCRP: what we say of ourselves is alike in both.
template <class M>
void Endpoint::Impl::introduce(Tunnel& tunnel, const TunnelOptions* options) {
    M message;
    message.host_name = config.host_name;
    if (options != nullptr && !options->host_name.empty()) message.host_name = options->host_name;
    if (options != nullptr) take_options(tunnel, *options);
    message.assigned_tunnel_id = wire(tunnel.local);
    message.receive_window_size = config.receive_window;
    const bool talkative = !tunnel.quirks.has(Quirk::required_avps_only);
    if (talkative || tunnel.bearers != 0) message.bearer_capabilities = tunnel.bearers;
    if (talkative) {
        message.firmware_revision = kFirmwareRevision;
        message.vendor_name = to_bytes(config.vendor_name);
    }
    // 5.1.1: who shares a secret with us shall prove it.
    if (!tunnel.secret.empty()) {
        tunnel.challenge.resize(kChallengeSize);
        random.fill(tunnel.challenge);
        message.challenge = as_text(tunnel.challenge);
    }
    const auto dscp = options != nullptr ? wanted_dscp(tunnel, options->dscp) : std::nullopt;
    if constexpr (std::is_same_v<M, Sccrq>) {
        if (talkative && (options == nullptr || options->tie_breaker)) {
            tunnel.tie_breaker = std::uint64_t{random.u32()} << 32 | random.u32();
        }
        message.tie_breaker = tunnel.tie_breaker;
        message.control_connection_ds = ask_dscp(tunnel, dscp);
    }
    if constexpr (std::is_same_v<M, Sccrp>) {
        message.control_connection_ds = grant_dscp(tunnel, dscp);
        message.challenge_response = answer_challenge(tunnel, MessageType::sccrp, tunnel.peer_challenge);
        tunnel.peer_challenge = {};
    }
    send(tunnel, message);
}

void Endpoint::Impl::take_options(Tunnel& tunnel, const TunnelOptions& options) {
    if (options.hello_interval) tunnel.hello_interval = *options.hello_interval;
    if (!options.secret.empty()) tunnel.secret = options.secret;
    tunnel.hide = options.hide && !tunnel.secret.empty();
    tunnel.bearers = options.bearer_capabilities.value_or(tunnel.bearers);
    tunnel.limits.initial = options.retransmit_initial.value_or(tunnel.limits.initial);
    tunnel.limits.retransmissions = options.retransmit_limit.value_or(tunnel.limits.retransmissions);
    if (tunnel.initiator) take_quirks(tunnel, options.quirks);
}

void Endpoint::Impl::take_quirks(Tunnel& tunnel, Quirks quirks) {
    tunnel.quirks = quirks;
    if (quirks.has(Quirk::lenient_window)) {
        tunnel.limits.receive_window = std::max(tunnel.limits.receive_window, kLenientWindow);
    }
    if (quirks.has(Quirk::zero_tunnel_id) && !tunnel.initiator) {
        zero_addressed[PeerKey{tunnel.path, {}}] = tunnel.local;
    }
}

void Endpoint::Impl::act_send_scccn(Tunnel& tunnel, const Sccrp& sccrp) {
    Scccn scccn;
    if (sccrp.challenge)
        scccn.challenge_response = answer_challenge(tunnel, MessageType::scccn, *sccrp.challenge);
    send(tunnel, scccn);
}

void Endpoint::Impl::act_offer(const Tunnel& tunnel) {
    outputs.emplace_back(TunnelOffered{tunnel.local, tunnel.peer, tunnel.path, tunnel.peer_host_name,
                                       tunnel.peer_vendor_name, tunnel.dscp});
}

void Endpoint::Impl::act_learn_peer(Tunnel& tunnel, const Cause& cause) {
    learn_peer(tunnel, std::get<Sccrp>(*cause.message));
    outputs.emplace_back(TunnelPeerKnown{tunnel.local, tunnel.peer, tunnel.path});
}

void Endpoint::Impl::act_end_sessions(Time now, Tunnel& tunnel, const DownReason& reason) {
    if (tunnel.sessions.empty()) return;
    const DownReason lost{DownReason::Cause::tunnel_down, 0, 0, reason.text(), DownReason::Scope::session};
    while (!tunnel.sessions.empty()) {
        Session& session = sessions.at(tunnel.sessions.back());
        if (const auto next = step(session, session_event::TunnelLost{lost})) apply(now, session, *next);
    }
}

void Endpoint::Impl::act_send_stopccn(Time now, Tunnel& tunnel, const DownReason& reason) {
    // What has no Ns yet is without object now; what was sent must still arrive before the StopCCN.
    tunnel.reliable.drop_unsent();
    send(tunnel, Stopccn{wire(tunnel.local), result_code(reason)});
    tunnel.deadline = now + tunnel.limits.cycle();
}

void Endpoint::Impl::act_linger(Time now, Tunnel& tunnel) {
    tunnel.stopped_by_peer = true;
    tunnel.reliable.drop_outgoing();
    tunnel.deadline = now + kLinger;
}

// ---- sending

void Endpoint::Impl::send(Tunnel& tunnel, const Message& message) {
    const Hiding hiding{tunnel.secret, random};
    tunnel.reliable.queue(encode_message(wire(tunnel.peer), 0, message, tunnel.hide ? &hiding : nullptr));
}

void Endpoint::Impl::send(Tunnel& tunnel, Session& session, const Message& message) {
    ++session.unacknowledged;
    const Hiding hiding{tunnel.secret, random};
    tunnel.reliable.queue(
        encode_message(wire(tunnel.peer), wire(session.peer), message, tunnel.hide ? &hiding : nullptr),
        session.local);
}

void Endpoint::Impl::settle(Time now, Tunnel& tunnel) {
    if (tunnel.state == TunnelState::idle) return forget(now, tunnel);
    const std::uint64_t retransmitted = tunnel.reliable.state().retransmitted;
    while (auto datagram = tunnel.reliable.poll_transmit(now, wire(tunnel.peer), tunnel.limits)) {
        ++counters.sent;
        outputs.emplace_back(Send{tunnel.local, tunnel.path, std::move(*datagram)});
    }
    counters.retransmitted += tunnel.reliable.state().retransmitted - retransmitted;
    timers.set(tunnel.timer, deadline(tunnel));
}

std::optional<Time> Endpoint::Impl::hello_at(const Tunnel& tunnel) const {
    const bool wanted = tunnel.state == TunnelState::established && tunnel.hello_interval > Duration{} &&
                        tunnel.reliable.all_acknowledged();
    if (!wanted) return std::nullopt;
    return tunnel.last_heard + tunnel.hello_interval;
}

std::optional<Time> Endpoint::Impl::deadline(const Tunnel& tunnel) const {
    std::optional<Time> earliest;
    for (const auto& at : {tunnel.reliable.next_timeout(), hello_at(tunnel), tunnel.deadline}) {
        if (at && (!earliest || *at < *earliest)) earliest = at;
    }
    return earliest;
}

void Endpoint::Impl::forget(Time now, Tunnel& tunnel) {
    timers.remove(tunnel.timer);
    if (!tunnel.initiator) index_peer(tunnel, false);
    if (tunnel.quirks.has(Quirk::zero_tunnel_id)) {
        const auto entry = zero_addressed.find(PeerKey{tunnel.path, {}});
        if (entry != zero_addressed.end() && entry->second == tunnel.local) zero_addressed.erase(entry);
    }
    resting_tunnels.add(now, tunnel.local);
    tunnels.erase(tunnel.local);
}

}  // namespace keel::l2tp
