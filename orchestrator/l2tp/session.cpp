#include "l2tp/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/printable.hpp"
#include "l2tp/call_facts.hpp"

namespace keel::l2tp {

namespace {

using enum SessionAction;
using Actions = std::array<SessionAction, 3>;

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};

SessionStep stay(const Session& session) {
    return {session.state, {}, {}};
}

SessionStep stop(DownReason reason) {
    return {SessionState::closing, Actions{report_down, send_cdn}, std::move(reason)};
}

SessionStep forget(DownReason reason) {
    return {SessionState::idle, Actions{report_down, release}, std::move(reason)};
}

DownReason reason_of(DownReason::Cause cause, CallResult result, GeneralError error, std::string message) {
    return {cause, static_cast<std::uint16_t>(result), static_cast<std::uint16_t>(error), std::move(message),
            DownReason::Scope::session};
}

std::string_view state_name(SessionState state) {
    switch (state) {
        case SessionState::idle: return "idle";
        case SessionState::wait_offer: return "wait-offer";
        case SessionState::wait_tunnel: return "wait-tunnel";
        case SessionState::wait_reply: return "wait-reply";
        case SessionState::wait_connect: return "wait-connect";
        case SessionState::wait_answer: return "wait-cs-answer";
        case SessionState::established: return "established";
        case SessionState::closing: return "closing";
    }
    return "";
}

DownReason breach(const Session& session, MessageType type) {
    return reason_of(DownReason::Cause::protocol, CallResult::general_error, GeneralError::session_id,
                     fmt::format("{} in state {}", message_name(static_cast<std::uint16_t>(type)),
                                 state_name(session.state)));
}

// 7.4.1, 7.4.2: a message in an improper sequence ends the session, by CDN.
SessionStep out_of_place(const Session& session, MessageType type) {
    if (session.state == SessionState::closing) return stay(session);
    return stop(breach(session, type));
}

// ---- events of our own

std::optional<SessionStep> on_stop(const Session& session, const DownReason& reason) {
    switch (session.state) {
        case SessionState::wait_offer:
        case SessionState::wait_reply:
        case SessionState::wait_connect:
        case SessionState::wait_answer:
        case SessionState::established: return stop(reason);
        case SessionState::wait_tunnel: return forget(reason);
        case SessionState::idle:
        case SessionState::closing: return std::nullopt;
    }
    return std::nullopt;
}

SessionStep on_tunnel_lost(const Session& session, const DownReason& reason) {
    // A closing session has reported its end already.
    if (session.state == SessionState::closing) return {SessionState::idle, Actions{release}, {}};
    return forget(reason);
}

SessionStep on_expired(const Session& session) {
    const auto late = [](std::string message) {
        return stop(reason_of(DownReason::Cause::timeout, CallResult::too_slow, GeneralError::none,
                              std::move(message)));
    };
    const bool outgoing = session.kind == SessionKind::outgoing_call;
    switch (session.state) {
        case SessionState::wait_reply:
            return late(outgoing ? "the peer acknowledged the OCRQ but sent no OCRP"
                                 : "the peer acknowledged the ICRQ but sent no ICRP");
        case SessionState::wait_connect:
            return late(outgoing ? "the peer accepted the outgoing call but sent no OCCN"
                                 : "the peer acknowledged the ICRP but sent no ICCN");
        case SessionState::idle:
        case SessionState::wait_offer:
        case SessionState::wait_tunnel:
        case SessionState::wait_answer:
        case SessionState::established:
        case SessionState::closing: return stay(session);
    }
    return stay(session);
}

// ---- messages

bool is(const Session& session, SessionKind kind, SessionState state) {
    return session.kind == kind && session.state == state;
}

SessionStep on_icrp(const Session& session) {
    if (!is(session, SessionKind::incoming_call, SessionState::wait_reply)) {
        return out_of_place(session, MessageType::icrp);
    }
    return {SessionState::established, Actions{learn_peer, send_iccn, report_up}, {}};
}

SessionStep on_iccn(const Session& session) {
    if (is(session, SessionKind::incoming_call, SessionState::wait_connect)) {
        return {SessionState::established, Actions{connect, report_up}, {}};
    }
    // 7.4.1: "wait-reply, Receive CDN, ICCN: Clean up" and no CDN.
    if (is(session, SessionKind::incoming_call, SessionState::wait_reply)) {
        return forget(breach(session, MessageType::iccn));
    }
    return out_of_place(session, MessageType::iccn);
}

SessionStep on_ocrp(const Session& session) {
    if (!is(session, SessionKind::outgoing_call, SessionState::wait_reply)) {
        return out_of_place(session, MessageType::ocrp);
    }
    return {SessionState::wait_connect, Actions{learn_peer}, {}};
}

SessionStep on_occn(const Session& session) {
    if (!is(session, SessionKind::outgoing_call, SessionState::wait_connect)) {
        return out_of_place(session, MessageType::occn);
    }
    return {SessionState::established, Actions{connect, report_up}, {}};
}

// WEN, SLI, MDMST: of the line or of PPP; nothing that L2TP itself would act on.
SessionStep on_report(const Session& session) {
    if (session.state != SessionState::established) return stay(session);
    return {SessionState::established, Actions{note}, {}};
}

SessionStep on_cdn(const Session& session, const Cdn& cdn) {
    // Both ends may disconnect at once; our CDN still waits for its acknowledgement.
    if (session.state == SessionState::closing) return stay(session);
    std::string message = printable(cdn.result.message);
    const auto add = [&](const std::string& words) { message += (message.empty() ? "" : "; ") + words; };
    if (cdn.q931_cause) add(cdn.q931_cause->text());
    for (PppDisconnect cause : cdn.ppp_disconnect) {
        if (cause.message == cdn.result.message) cause.message.clear();  // said already
        add(cause.text());
    }
    return forget({DownReason::Cause::peer, cdn.result.result, cdn.result.error.value_or(0),
                   std::move(message), DownReason::Scope::session, cdn.ppp_disconnect});
}

}  // namespace

void keep_facts(Session& session, const Message& message) {
    for (CallFact& fact : facts_of(message)) {
        if (!session.notes) session.notes = std::make_unique<SessionNotes>();
        auto& kept = session.notes->facts;
        const auto same = std::ranges::find(kept, fact.name, &CallFact::name);
        if (same == kept.end()) {
            kept.push_back(std::move(fact));
        } else {
            *same = std::move(fact);
        }
    }
}

std::optional<SessionStep> step(const Session& session, const SessionEvent& event) {
    const bool idle = session.state == SessionState::idle;
    const bool outgoing = session.kind == SessionKind::outgoing_call;
    return std::visit(
        Overloaded{
            [&](const session_event::Open&) -> std::optional<SessionStep> {
                if (!idle) return std::nullopt;
                return SessionStep{SessionState::wait_reply, Actions{outgoing ? send_ocrq : send_icrq}, {}};
            },
            [&](const session_event::Offer&) -> std::optional<SessionStep> {
                if (!idle) return std::nullopt;
                return SessionStep{SessionState::wait_offer, Actions{offer}, {}};
            },
            [&](const session_event::Accept&) -> std::optional<SessionStep> {
                if (session.state != SessionState::wait_offer) return std::nullopt;
                if (outgoing) return SessionStep{SessionState::wait_answer, Actions{send_ocrp}, {}};
                return SessionStep{SessionState::wait_connect, Actions{send_icrp}, {}};
            },
            [&](const session_event::Answered&) -> std::optional<SessionStep> {
                if (session.state != SessionState::wait_answer) return std::nullopt;
                return SessionStep{SessionState::established, Actions{send_occn, report_up}, {}};
            },
            [&](const session_event::Stop& stop_event) { return on_stop(session, stop_event.reason); },
            [&](const session_event::TunnelLost& lost) -> std::optional<SessionStep> {
                return on_tunnel_lost(session, lost.reason);
            },
            [&](const session_event::Expired&) -> std::optional<SessionStep> { return on_expired(session); },
            [&](const session_event::Acknowledged&) -> std::optional<SessionStep> {
                if (session.state != SessionState::closing) return stay(session);
                return SessionStep{SessionState::idle, Actions{release}, {}};
            },
        },
        event);
}

SessionStep step(const Session& session, const Message& message) {
    const auto unrelated = [&](const auto&) { return stay(session); };
    return std::visit(Overloaded{
                          [&](const Icrq&) { return out_of_place(session, MessageType::icrq); },
                          [&](const Icrp&) { return on_icrp(session); },
                          [&](const Iccn&) { return on_iccn(session); },
                          [&](const Cdn& cdn) { return on_cdn(session, cdn); },
                          [&](const Ocrq&) { return out_of_place(session, MessageType::ocrq); },
                          [&](const Ocrp&) { return on_ocrp(session); },
                          [&](const Occn&) { return on_occn(session); },
                          [&](const Wen&) { return on_report(session); },
                          [&](const Sli&) { return on_report(session); },
                          [&](const Mdmst&) { return on_report(session); },
                          // Never given to a session.
                          [&](const Sccrq& other) { return unrelated(other); },
                          [&](const Sccrp& other) { return unrelated(other); },
                          [&](const Scccn& other) { return unrelated(other); },
                          [&](const Stopccn& other) { return unrelated(other); },
                          [&](const Hello& other) { return unrelated(other); },
                          [&](const Fsq& other) { return unrelated(other); },
                          [&](const Fsr& other) { return unrelated(other); },
                          [&](const Csun& other) { return unrelated(other); },
                          [&](const Csurq& other) { return unrelated(other); },
                          [&](const Zlb& other) { return unrelated(other); },
                          [&](const Unknown& other) { return unrelated(other); },
                      },
                      message);
}

}  // namespace keel::l2tp
