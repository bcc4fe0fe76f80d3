// From a datagram to a step of a machine: demultiplexing, admission of SCCRQs, delivery in order.
#include <fmt/format.h>

#include <algorithm>

#include "base/printable.hpp"
#include "l2tp/endpoint_impl.hpp"

namespace keel::l2tp {

namespace {

// Answers that may pile up for a peer that keeps calling and does not acknowledge.
constexpr std::size_t kMaxBacklog = 4096;

// For a peer that acknowledges but does not carry on with a set-up.
constexpr Duration kSetupTime = seconds(120);

DownReason fault_reason(const Fault& fault, DownReason::Scope scope) {
    // Who cannot hide by our secret does not have it: 5.1.1.
    if (fault.secret && scope == DownReason::Scope::tunnel) {
        return {DownReason::Cause::protocol, static_cast<std::uint16_t>(StopResult::not_authorized), 0,
                fault.message, scope};
    }
    // 4.4.2: result 2, "general error", is the same number in StopCCN and CDN.
    return {DownReason::Cause::protocol, static_cast<std::uint16_t>(StopResult::general_error),
            static_cast<std::uint16_t>(fault.error), fault.message, scope};
}

ResultCode call_failure(GeneralError error, std::string message) {
    return {static_cast<std::uint16_t>(CallResult::general_error), static_cast<std::uint16_t>(error),
            std::move(message)};
}

// 7.5.1: why an outgoing call cannot be placed here.
std::optional<ResultCode> refuse_outgoing(const Ocrq& ocrq, std::uint32_t bearers) {
    const auto no = [](std::string why) {
        return ResultCode{static_cast<std::uint16_t>(CallResult::no_facilities), 0, std::move(why)};
    };
    if (bearers == 0) return no("outgoing calls are not supported");
    // 4.4.3: the LNS must not ask for what our Bearer Capabilities do not have.
    if ((ocrq.bearer_type & ~bearers) != 0) return no("the bearer type is not among our bearer capabilities");
    return std::nullopt;
}

bool is_session_message(const Message& message) {
    return std::holds_alternative<Icrq>(message) || std::holds_alternative<Icrp>(message) ||
           std::holds_alternative<Iccn>(message) || std::holds_alternative<Cdn>(message) ||
           std::holds_alternative<Ocrq>(message) || std::holds_alternative<Ocrp>(message) ||
           std::holds_alternative<Occn>(message) || std::holds_alternative<Wen>(message) ||
           std::holds_alternative<Sli>(message) || std::holds_alternative<Mdmst>(message);
}

}  // namespace

void Endpoint::Impl::receive(Time now, const Path& path, ByteView bytes) {
    const Datagram datagram = read_datagram(bytes);
    switch (datagram.kind) {
        case Datagram::Kind::data:
        case Datagram::Kind::other_version: return;  // RFC 2661 3.1: an unknown version is discarded
        case Datagram::Kind::malformed: ++counters.received, ++counters.malformed; return;
        case Datagram::Kind::control: break;
    }
    ++counters.received;
    if (datagram.header.tunnel == 0) return receive_unaddressed(now, path, datagram, bytes);
    Tunnel* tunnel = find_tunnel(LocalTunnelId(datagram.header.tunnel));
    if (tunnel == nullptr) {
        ++counters.unknown_tunnel;
        return;
    }
    if (!on_path(*tunnel, path)) {
        if (!moved_reply(*tunnel, path, datagram)) {
            ++counters.unknown_tunnel;
            return;
        }
        tunnel->path.remote.port = path.remote.port;
    }
    receive_for(now, *tunnel, datagram, bytes);
}

bool Endpoint::Impl::on_path(const Tunnel& tunnel, const Path& path) const {
    return tunnel.path.remote == path.remote && tunnel.path.binding == path.binding;
}

bool Endpoint::Impl::moved_reply(const Tunnel& tunnel, const Path& path, const Datagram& datagram) const {
    if (tunnel.state != TunnelState::wait_ctl_reply || datagram.header.ns != 0) return false;
    if (tunnel.path.remote.ip != path.remote.ip || tunnel.path.binding != path.binding) return false;
    const auto message = decode_message(datagram.body, tunnel.secret, tunnel.quirks);
    return message && std::holds_alternative<Sccrp>(*message);
}

// Tunnel id 0: an SCCRQ; or the StopCCN of a peer that does not know our id yet (4.4.3).
void Endpoint::Impl::receive_unaddressed(Time now, const Path& path, const Datagram& datagram,
                                         ByteView bytes) {
    Incoming known_peer = incoming(path, datagram.body);
    const auto message = decode_message(datagram.body, known_peer.secret, known_peer.quirks);
    if (message && std::holds_alternative<Sccrq>(*message)) {
        return receive_sccrq(now, path, datagram, std::get<Sccrq>(*message), bytes, std::move(known_peer));
    }
    if (Tunnel* tunnel = find_zero_addressed(path)) return receive_for(now, *tunnel, datagram, bytes);
    if (!message) {
        ++counters.malformed;
        const MessageFault& fault = message.error();
        if (fault.type == static_cast<std::uint16_t>(MessageType::sccrq)) {
            refuse_tunnel(path, fault.peer_id, datagram.body,
                          fault_reason(fault.fault, DownReason::Scope::tunnel));
        }
        return;
    }
    if (const auto* stopccn = std::get_if<Stopccn>(&*message)) {
        if (Tunnel* known = find_by_peer(path, PeerTunnelId(stopccn->assigned_tunnel_id)))
            return receive_for(now, *known, datagram, bytes);
    }
    ++counters.unknown_tunnel;
}

Incoming Endpoint::Impl::incoming(const Path& path, ByteView body) const {
    return config.incoming ? config.incoming(path, peek_host_name(body)) : Incoming();
}

Tunnel* Endpoint::Impl::find_zero_addressed(const Path& path) {
    const auto found = zero_addressed.find(PeerKey{path, {}});
    return found == zero_addressed.end() ? nullptr : find_tunnel(found->second);
}

void Endpoint::Impl::receive_sccrq(Time now, const Path& path, const Datagram& datagram, const Sccrq& sccrq,
                                   ByteView bytes, Incoming known_peer) {
    if (Tunnel* known = find_by_peer(path, PeerTunnelId(sccrq.assigned_tunnel_id))) {
        Tunnel& tunnel = *known;
        if (tunnel.state == TunnelState::wait_offer) {
            ++counters.duplicates;
            return;
        }
        // A peer that has ended the tunnel may begin a new one with the same id at once.
        if (!tunnel.stopped_by_peer) return receive_for(now, tunnel, datagram, bytes);
        index_peer(tunnel, false);
    }
    // 5.8: sequence numbers begin at 0.
    if (datagram.header.ns != 0 || datagram.header.nr != 0) {
        ++counters.malformed;
        return;
    }
    const auto refuse = [&](DownReason reason) {
        refuse_tunnel(path, sccrq.assigned_tunnel_id, datagram.body, std::move(reason));
    };
    if (auto reason = objection(sccrq.protocol_version, sccrq.challenge.has_value(), known_peer.secret)) {
        return refuse(std::move(*reason));
    }
    // RFC 4951 5.2: what only a peer that can recover tunnels may accept.
    if (sccrq.tunnel_recovery) {
        return refuse(fault_reason({GeneralError::unknown_avp, "recovery of a tunnel is not supported"},
                                   DownReason::Scope::tunnel));
    }
    if (settle_collision(now, path, sccrq)) return;
    if (const auto why = full(path)) {
        ++counters.refused;
        return refuse(fault_reason({GeneralError::resources, std::string(*why)}, DownReason::Scope::tunnel));
    }
    offer_tunnel(now, path, datagram, sccrq, std::move(known_peer));
}

std::optional<std::string_view> Endpoint::Impl::full(const Path& path) const {
    if (tunnels.size() >= config.max_tunnels) return "the limit of tunnels is reached";
    if (half_open >= config.max_half_open) return "too many tunnels are half open";
    const std::size_t most = config.max_half_open_per_source != 0
                                 ? config.max_half_open_per_source
                                 : std::max<std::size_t>(config.max_half_open / 4, 1);
    const auto found = half_open_of.find(path.remote.ip);
    if (found != half_open_of.end() && found->second >= most)
        return "too many tunnels of yours are half open";
    return std::nullopt;
}

bool Endpoint::Impl::settle_collision(Time now, const Path& path, const Sccrq& sccrq) {
    const auto found = asking.find(pair_key(path));
    if (found == asking.end()) return false;
    bool beaten = false;
    for (const LocalTunnelId id : std::vector(found->second)) {
        Tunnel& ours = tunnels.at(id);
        if (!ours.tie_breaker && !sccrq.tie_breaker) continue;
        const bool we_lose =
            sccrq.tie_breaker && (!ours.tie_breaker || *sccrq.tie_breaker <= *ours.tie_breaker);
        const bool peer_loses =
            ours.tie_breaker && (!sccrq.tie_breaker || *ours.tie_breaker <= *sccrq.tie_breaker);
        beaten = beaten || peer_loses;
        if (!we_lose) continue;
        const DownReason reason{DownReason::Cause::collision, 0, 0,
                                peer_loses ? "the tie breakers are equal" : "the peer's is kept"};
        if (const auto next = step(ours, tunnel_event::Abandon{reason})) apply(now, ours, *next);
        settle(now, ours);
    }
    if (beaten) ++counters.refused;
    return beaten;
}

void Endpoint::Impl::offer_tunnel(Time now, const Path& path, const Datagram& datagram, const Sccrq& sccrq,
                                  Incoming known_peer) {
    Tunnel* tunnel = make_tunnel(now, path);
    if (tunnel == nullptr) {
        ++counters.refused;
        return;
    }
    take_quirks(*tunnel, known_peer.quirks);
    learn_peer(*tunnel, sccrq);
    tunnel->secret = std::move(known_peer.secret);
    tunnel->peer_challenge = sccrq.challenge.value_or("");
    // Nothing is acknowledged before it is decided; the SCCRP or StopCCN will do it.
    static_cast<void>(
        tunnel->reliable.receive(now, datagram.header, {}, false, tunnel->limits, acknowledged));
    tunnel->reliable.delay_acknowledgement(std::nullopt);
    index_peer(*tunnel, true);
    if (const auto next = step(*tunnel, tunnel_event::Offer{})) apply(now, *tunnel, *next);
    settle(now, *tunnel);
}

void Endpoint::Impl::receive_for(Time now, Tunnel& tunnel, const Datagram& datagram, ByteView bytes) {
    acknowledged.clear();
    const auto verdict = tunnel.reliable.receive(now, datagram.header, bytes, datagram.body.empty(),
                                                 tunnel.limits, acknowledged);
    if (verdict == Reliable::Verdict::impossible_nr) {
        ++counters.malformed;
        return;
    }
    tunnel.last_heard = now;
    for (const LocalSessionId id : acknowledged) {
        if (Session* session = find_session(tunnel, id)) on_acknowledged(now, *session);
    }
    switch (verdict) {
        case Reliable::Verdict::deliver:
            deliver(now, tunnel, datagram.header, datagram.body);
            while (auto early = tunnel.reliable.take_early(now)) {
                const Datagram kept = read_datagram(*early);
                deliver(now, tunnel, kept.header, kept.body);
            }
            break;
        case Reliable::Verdict::duplicate: ++counters.duplicates; break;
        case Reliable::Verdict::nothing:
        case Reliable::Verdict::dropped:
        case Reliable::Verdict::impossible_nr: break;
    }
    if (tunnel.reliable.all_acknowledged()) on_acknowledged(now, tunnel);
    settle(now, tunnel);
}

void Endpoint::Impl::on_acknowledged(Time now, Tunnel& tunnel) {
    // From here on the peer alone is to blame for a delay.
    if (tunnel.setting_up() && !tunnel.deadline) tunnel.deadline = now + kSetupTime;
    if (const auto next = step(tunnel, tunnel_event::Acknowledged{})) apply(now, tunnel, *next);
}

void Endpoint::Impl::on_acknowledged(Time now, Session& session) {
    if (--session.unacknowledged > 0) return;
    if (session.setting_up()) timers.set(session.timer, now + kSetupTime);
    if (const auto next = step(session, session_event::Acknowledged{})) apply(now, session, *next);
}

void Endpoint::Impl::deliver(Time now, Tunnel& tunnel, const ControlHeader& header, ByteView body) {
    const auto message = decode_message(body, tunnel.secret, tunnel.quirks);
    if (!message) return deliver_fault(now, tunnel, header, message.error());
    const TunnelStep next = step(tunnel, *message);
    apply(now, tunnel, next, Cause{&*message});
    if (const auto* csun = std::get_if<Csun>(&*message)) take_speeds(tunnel, *csun);
    if (tunnel.state == TunnelState::established && is_session_message(*message)) {
        deliver_session(now, tunnel, header, *message);
    }
}

void Endpoint::Impl::deliver_session(Time now, Tunnel& tunnel, const ControlHeader& header,
                                     const Message& message) {
    if (Session* session = find_addressed(tunnel, header, message)) {
        const SessionStep next = step(*session, message);
        return apply(now, *session, next, Cause{&message});
    }
    if (const auto* icrq = std::get_if<Icrq>(&message)) {
        return offer_session(now, tunnel, SessionKind::incoming_call, *icrq, message);
    }
    if (const auto* ocrq = std::get_if<Ocrq>(&message)) {
        if (const auto refusal = refuse_outgoing(*ocrq, tunnel.bearers)) {
            return refuse_call(now, tunnel, ocrq->assigned_session_id, *refusal);
        }
        return offer_session(now, tunnel, SessionKind::outgoing_call, *ocrq, message);
    }
    answer_stray(now, tunnel, header, message);
}

// RFC 5515 4.1: the line's speed has changed.
void Endpoint::Impl::take_speeds(const Tunnel& tunnel, const Csun& csun) {
    for (const ConnectSpeed& speed : csun.speeds) {
        Session* session = find_session(tunnel, LocalSessionId(speed.session));
        if (session == nullptr || session->state != SessionState::established) continue;
        session->tx_speed = speed.tx;
        session->rx_speed = speed.rx;
    }
}

// 4.1, 7.1: what cannot be accepted ends the session that it belongs to, else the tunnel.
void Endpoint::Impl::deliver_fault(Time now, Tunnel& tunnel, const ControlHeader& header,
                                   const MessageFault& fault) {
    if (tunnel.state == TunnelState::closing) return;
    if (!fault.of_session() || tunnel.state != TunnelState::established) {
        // An SCCRP that cannot be accepted has told the peer's id nevertheless: the StopCCN goes there.
        if (fault.type == static_cast<std::uint16_t>(MessageType::sccrp) && !tunnel.peer) {
            tunnel.peer = PeerTunnelId(fault.peer_id);
        }
        const auto next =
            step(tunnel, tunnel_event::Stop{fault_reason(fault.fault, DownReason::Scope::tunnel)});
        if (next) apply(now, tunnel, *next);
        return;
    }
    if (Session* session = find_session(tunnel, LocalSessionId(header.session))) {
        const auto next =
            step(*session, session_event::Stop{fault_reason(fault.fault, DownReason::Scope::session)});
        if (next) apply(now, *session, *next);
        return;
    }
    // A call that was never begun: refused, if the peer told its id; else there is nobody to tell.
    const bool request = fault.type == static_cast<std::uint16_t>(MessageType::icrq) ||
                         fault.type == static_cast<std::uint16_t>(MessageType::ocrq);
    if (request && fault.peer_id != 0) {
        refuse_call(now, tunnel, fault.peer_id, call_failure(fault.fault.error, fault.fault.message));
    }
}

template <class M>
void Endpoint::Impl::offer_session(Time now, Tunnel& tunnel, SessionKind kind, const M& request,
                                   const Message& message) {
    Session* session =
        tunnel.reliable.state().outgoing.size() < kMaxBacklog ? make_session(now, tunnel) : nullptr;
    if (session == nullptr) {
        return refuse_call(now, tunnel, request.assigned_session_id,
                           call_failure(GeneralError::resources, "no session id is free"));
    }
    session->kind = kind;
    session->peer = PeerSessionId(request.assigned_session_id);
    session->call_serial = request.call_serial_number;
    if (const auto next = step(*session, session_event::Offer{}))
        apply(now, *session, *next, Cause{&message});
}

// A message of a session that does not exist. 7.4.1, 7.5.1: an ICRP or OCRP out of nowhere is answered by
// CDN, the others are of no effect (they may have crossed our CDN).
void Endpoint::Impl::answer_stray(Time now, Tunnel& tunnel, const ControlHeader& header,
                                  const Message& message) {
    if (const auto* icrp = std::get_if<Icrp>(&message)) {
        refuse_call(
            now, tunnel, icrp->assigned_session_id,
            call_failure(GeneralError::session_id, fmt::format("no session {} here", header.session)));
    } else if (const auto* ocrp = std::get_if<Ocrp>(&message)) {
        refuse_call(
            now, tunnel, ocrp->assigned_session_id,
            call_failure(GeneralError::session_id, fmt::format("no session {} here", header.session)));
    }
}

// A StopCCN without a tunnel: nothing is kept, so that it costs no more than the SCCRQ did. It is not
// retransmitted; the peer's next SCCRQ brings another one.
void Endpoint::Impl::refuse_tunnel(const Path& path, std::uint16_t peer_tunnel, ByteView body,
                                   DownReason reason) {
    if (peer_tunnel != 0) {
        Bytes message = encode_message(peer_tunnel, 0,
                                       Stopccn{random_id(), {reason.result, reason.error, reason.message}});
        set_sequence(message, 0, 1);
        ++counters.sent;
        outputs.emplace_back(Send{LocalTunnelId(), path, std::move(message)});
    }
    if (reason.result == static_cast<std::uint16_t>(StopResult::not_authorized)) {
        outputs.emplace_back(TunnelRefused{path, printable(peek_host_name(body)), std::move(reason)});
    }
}

// A CDN for a call that has no session; the id that it names stays taken until it is acknowledged.
void Endpoint::Impl::refuse_call(Time now, Tunnel& tunnel, std::uint16_t peer_session,
                                 const ResultCode& result) {
    if (tunnel.reliable.state().outgoing.size() >= kMaxBacklog) return;
    Session* session = make_session(now, tunnel);
    if (session == nullptr) return;
    session->peer = PeerSessionId(peer_session);
    session->state = SessionState::closing;
    send(tunnel, *session, Cdn{result, static_cast<std::uint16_t>(session->local.value)});
}

Session* Endpoint::Impl::find_session(const Tunnel& tunnel, LocalSessionId id) {
    Session* found = sessions.find(id);
    return found == nullptr || found->tunnel != tunnel.local ? nullptr : found;
}

Session* Endpoint::Impl::find_addressed(const Tunnel& tunnel, const ControlHeader& header,
                                        const Message& message) {
    if (header.session != 0) return find_session(tunnel, LocalSessionId(header.session));
    // 4.4.4: the CDN of a peer that does not know our id yet names its own.
    const auto* cdn = std::get_if<Cdn>(&message);
    if (cdn == nullptr) return nullptr;
    const auto same = [&](LocalSessionId id) {
        return sessions.at(id).peer.value == cdn->assigned_session_id;
    };
    const auto found = std::ranges::find_if(tunnel.sessions, same);
    return found == tunnel.sessions.end() ? nullptr : &sessions.at(*found);
}

}  // namespace keel::l2tp
