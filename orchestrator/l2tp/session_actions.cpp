// From a step of a session's machine to messages, outputs and tables.
#include "base/printable.hpp"
#include "l2tp/actions.hpp"

namespace keel::l2tp {

namespace {

// RFC 3145.
std::vector<PppDisconnect> told_causes(const Tunnel& tunnel, const DownReason& reason) {
    if (tunnel.quirks.has(Quirk::required_avps_only)) return {};
    return reason.ppp;
}

void take_connected(Session& session, const Message& message) {
    const auto take = [&](const auto& connected) {
        session.sequencing = connected.sequencing_required;
        session.tx_speed = connected.tx_connect_speed;
        // 4.4.4: without it the speed is the same both ways.
        session.rx_speed = connected.rx_connect_speed.value_or(connected.tx_connect_speed);
    };
    keep_facts(session, message);
    if (const auto* iccn = std::get_if<Iccn>(&message)) take(*iccn);
    if (const auto* occn = std::get_if<Occn>(&message)) take(*occn);
}

void take_note(Session& session, const Message& message) {
    if (!session.notes) session.notes = std::make_unique<SessionNotes>();
    keep_facts(session, message);
    if (const auto* wen = std::get_if<Wen>(&message)) session.notes->call_errors = wen->call_errors;
    if (const auto* sli = std::get_if<Sli>(&message); sli != nullptr && sli->accm)
        session.notes->accm = sli->accm;
    if (const auto* mdmst = std::get_if<Mdmst>(&message))
        session.notes->modem_on_hold = mdmst->modem_on_hold_status;
}

}  // namespace

void Endpoint::Impl::apply(Time now, Session& session, const SessionStep& step, const Cause& cause) {
    Tunnel& tunnel = tunnels.at(session.tunnel);
    session.state = step.next;
    if (!session.setting_up()) timers.set(session.timer, std::nullopt);
    for (const SessionAction action : step.actions) act(now, tunnel, session, action, step.reason, cause);
}

void Endpoint::Impl::act(Time now, Tunnel& tunnel, Session& session, SessionAction action,
                         const DownReason& reason, const Cause& cause) {
    switch (action) {
        case SessionAction::none: return;
        case SessionAction::send_icrq: return act_send_icrq(tunnel, session, *cause.call);
        case SessionAction::send_ocrq: return act_send_ocrq(tunnel, session, *cause.call);
        case SessionAction::offer: return act_offer(now, tunnel, session, *cause.message);
        case SessionAction::send_icrp:
            return send(tunnel, session, Icrp{wire(session.local), grant_dscp(session, session.dscp)});
        case SessionAction::send_ocrp:
            return send(tunnel, session,
                        Ocrp{wire(session.local), {}, {}, grant_dscp(session, session.dscp)});
        case SessionAction::learn_peer: return act_learn_peer(tunnel, session, *cause.message);
        case SessionAction::send_iccn: return act_send_connected<Iccn>(tunnel, session);
        case SessionAction::send_occn: return act_send_connected<Occn>(tunnel, session);
        case SessionAction::connect: return take_connected(session, *cause.message);
        case SessionAction::note: return take_note(session, *cause.message);
        case SessionAction::report_up:
            outputs.emplace_back(
                SessionUp{tunnel.local, session.local, session.peer, session.sequencing, session.dscp});
            return;
        case SessionAction::report_down:
            outputs.emplace_back(SessionDown{tunnel.local, session.local, reason});
            return;
        case SessionAction::send_cdn:
            return send(tunnel, session,
                        Cdn{result_code(reason), wire(session.local), {}, told_causes(tunnel, reason)});
        case SessionAction::release: return release(now, tunnel, session);
    }
}

void Endpoint::Impl::act_send_icrq(Tunnel& tunnel, Session& session, const SessionOptions& call) {
    Icrq icrq;
    icrq.assigned_session_id = wire(session.local);
    icrq.call_serial_number = session.call_serial;
    icrq.bearer_type = 0;  // 4.4.4: not over a physical link
    icrq.session_ds = ask_dscp(session, wanted_dscp(tunnel, call.dscp));
    send(tunnel, session, icrq);
}

void Endpoint::Impl::act_send_ocrq(Tunnel& tunnel, Session& session, const SessionOptions& call) {
    Ocrq ocrq;
    ocrq.assigned_session_id = wire(session.local);
    ocrq.call_serial_number = session.call_serial;
    ocrq.minimum_bps = call.minimum_bps;
    ocrq.maximum_bps = call.maximum_bps;
    ocrq.bearer_type = call.bearer_type;
    ocrq.framing_type = tunnel.peer_sync_framing ? kSyncFraming : kAsyncFraming;
    ocrq.called_number = to_bytes(call.called_number);
    ocrq.session_ds = ask_dscp(session, wanted_dscp(tunnel, call.dscp));
    if (!call.sub_address.empty()) ocrq.sub_address = to_bytes(call.sub_address);
    keep_facts(session, ocrq);
    send(tunnel, session, ocrq);
}

void Endpoint::Impl::act_offer(Time now, Tunnel& tunnel, Session& session, const Message& message) {
    SessionOffered offered{tunnel.local, session.local, session.peer, session.kind, session.call_serial, {}};
    if (const auto* icrq = std::get_if<Icrq>(&message)) {
        offered.calling_number = printable_text(icrq->calling_number);
        offered.called_number = printable_text(icrq->called_number);
        offered.sub_address = printable_text(icrq->sub_address);
        offered.access_line = icrq->line.text();
        offered.bearer_type = icrq->bearer_type.value_or(0);
        take_dscp(session, icrq->session_ds, true);
    } else if (const auto* ocrq = std::get_if<Ocrq>(&message)) {
        offered.called_number = printable(as_text(ocrq->called_number));
        offered.sub_address = printable_text(ocrq->sub_address);
        offered.bearer_type = ocrq->bearer_type;
        offered.minimum_bps = ocrq->minimum_bps;
        offered.maximum_bps = ocrq->maximum_bps;
        take_dscp(session, ocrq->session_ds, true);
    }
    offered.dscp = session.dscp;
    keep_facts(session, message);
    // The ICRP or OCRP will carry the acknowledgement, if it comes soon.
    tunnel.reliable.delay_acknowledgement(now + milliseconds(50));
    outputs.emplace_back(std::move(offered));
}

void Endpoint::Impl::act_learn_peer(const Tunnel& tunnel, Session& session, const Message& message) {
    const auto learn = [&](const auto& reply) {
        session.peer = PeerSessionId(reply.assigned_session_id);
        take_dscp(session, reply.session_ds, false);
    };
    if (const auto* icrp = std::get_if<Icrp>(&message)) learn(*icrp);
    if (const auto* ocrp = std::get_if<Ocrp>(&message)) learn(*ocrp);
    keep_facts(session, message);
    outputs.emplace_back(SessionPeerKnown{tunnel.local, session.local, session.peer});
}

// ICCN and OCCN, from the LAC.
template <class M>
void Endpoint::Impl::act_send_connected(Tunnel& tunnel, Session& session) {
    M message;
    message.tx_connect_speed = session.tx_speed;
    // 4.4.3: only a framing that the peer's Framing Capabilities have.
    message.framing_type = tunnel.peer_sync_framing ? kSyncFraming : kAsyncFraming;
    message.sequencing_required = session.sequencing;
    send(tunnel, session, message);
}

void Endpoint::Impl::release(Time now, Tunnel& tunnel, Session& session) {
    timers.remove(session.timer);
    const LocalSessionId last = tunnel.sessions.back();
    sessions.at(last).position = session.position;
    tunnel.sessions[session.position] = last;
    tunnel.sessions.pop_back();
    if (session.unacknowledged > 0) tunnel.reliable.disown(session.local);
    resting_sessions.add(now, session.local);
    sessions.erase(session.local);
}

}  // namespace keel::l2tp
