#include "l2tp/tunnel.hpp"

#include <fmt/format.h>

#include "base/printable.hpp"

namespace keel::l2tp {

namespace {

using enum TunnelAction;
using Actions = std::array<TunnelAction, 4>;

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};

TunnelStep stay(const Tunnel& tunnel) {
    return {tunnel.state, {}, {}};
}

TunnelStep stop(DownReason reason) {
    return {TunnelState::closing, Actions{end_sessions, report_down, send_stopccn}, std::move(reason)};
}

TunnelStep forget(DownReason reason) {
    return {TunnelState::idle, Actions{end_sessions, report_down, release}, std::move(reason)};
}

DownReason protocol_error(StopResult result, std::uint16_t error, std::string message) {
    return {DownReason::Cause::protocol, static_cast<std::uint16_t>(result), error, std::move(message)};
}

DownReason timeout(std::string message) {
    return {DownReason::Cause::timeout, static_cast<std::uint16_t>(StopResult::clear), 0, std::move(message)};
}

std::string_view state_name(TunnelState state) {
    switch (state) {
        case TunnelState::idle: return "idle";
        case TunnelState::wait_offer: return "wait-offer";
        case TunnelState::wait_ctl_reply: return "wait-ctl-reply";
        case TunnelState::wait_ctl_conn: return "wait-ctl-conn";
        case TunnelState::established: return "established";
        case TunnelState::closing: return "closing";
    }
    return "";
}

// 7.2.1: a message in an improper sequence clears the tunnel.
TunnelStep out_of_place(const Tunnel& tunnel, MessageType type) {
    if (tunnel.state == TunnelState::closing) return stay(tunnel);
    return stop(protocol_error(StopResult::state_machine, 0,
                               fmt::format("{} in state {}", message_name(static_cast<std::uint16_t>(type)),
                                           state_name(tunnel.state))));
}

// ---- events of our own

std::optional<TunnelStep> on_stop(const Tunnel& tunnel, const DownReason& reason) {
    switch (tunnel.state) {
        case TunnelState::wait_offer:
        case TunnelState::wait_ctl_reply:
        case TunnelState::wait_ctl_conn:
        case TunnelState::established: return stop(reason);
        case TunnelState::idle:
        case TunnelState::closing: return std::nullopt;
    }
    return std::nullopt;
}

TunnelStep on_expired(const Tunnel& tunnel) {
    switch (tunnel.state) {
        case TunnelState::wait_ctl_reply:
            return stop(timeout("the peer acknowledged the SCCRQ but sent no SCCRP"));
        case TunnelState::wait_ctl_conn:
            return stop(timeout("the peer acknowledged the SCCRP but sent no SCCCN"));
        case TunnelState::closing: return {TunnelState::idle, Actions{release}, {}};
        case TunnelState::idle:
        case TunnelState::wait_offer:
        case TunnelState::established: return stay(tunnel);
    }
    return stay(tunnel);
}

TunnelStep on_unreachable(const Tunnel& tunnel) {
    switch (tunnel.state) {
        case TunnelState::wait_ctl_reply:
            return forget(timeout(fmt::format("no answer to SCCRQ from {}", tunnel.path.remote.text())));
        case TunnelState::wait_ctl_conn:
        case TunnelState::wait_offer:
        case TunnelState::established:
            return forget(timeout(fmt::format("{} stopped acknowledging", tunnel.path.remote.text())));
        case TunnelState::closing: return {TunnelState::idle, Actions{release}, {}};
        case TunnelState::idle: return stay(tunnel);
    }
    return stay(tunnel);
}

// ---- messages

// 5.1.1: why the answer to our Challenge is not the peer's that we share the secret with.
std::optional<DownReason> mistrust(const Tunnel& tunnel, MessageType type,
                                   const std::optional<Bytes>& response) {
    if (tunnel.challenge.empty()) return std::nullopt;
    if (!response) {
        return protocol_error(StopResult::not_authorized, 0,
                              "the peer did not answer our Challenge: it may have no "
                              "tunnel secret configured");
    }
    const Bytes right = challenge_response(static_cast<std::uint8_t>(type), tunnel.secret, tunnel.challenge);
    if (same_octets(*response, right)) return std::nullopt;
    return protocol_error(StopResult::not_authorized, 0,
                          "tunnel authentication failed: the tunnel secrets of the two ends differ");
}

TunnelStep on_sccrp(const Tunnel& tunnel, const Sccrp& sccrp) {
    if (tunnel.state != TunnelState::wait_ctl_reply) return out_of_place(tunnel, MessageType::sccrp);
    auto reason = objection(sccrp.protocol_version, sccrp.challenge.has_value(), tunnel.secret);
    if (!reason) reason = mistrust(tunnel, MessageType::sccrp, sccrp.challenge_response);
    if (reason) {
        return {TunnelState::closing, Actions{note_peer, end_sessions, report_down, send_stopccn},
                std::move(*reason)};
    }
    return {TunnelState::established, Actions{learn_peer, send_scccn, report_up}, {}};
}

TunnelStep on_scccn(const Tunnel& tunnel, const Scccn& scccn) {
    if (tunnel.state != TunnelState::wait_ctl_conn) return out_of_place(tunnel, MessageType::scccn);
    if (auto reason = mistrust(tunnel, MessageType::scccn, scccn.challenge_response))
        return stop(std::move(*reason));
    return {TunnelState::established, Actions{report_up}, {}};
}

TunnelStep on_stopccn(const Tunnel& tunnel, const Stopccn& message) {
    // Both ends may stop at once; ours is then without object.
    if (tunnel.state == TunnelState::closing) return {TunnelState::closing, Actions{linger}, {}};
    return {TunnelState::closing, Actions{end_sessions, report_down, linger},
            DownReason{DownReason::Cause::peer, message.result.result, message.result.error.value_or(0),
                       printable(message.result.message)}};
}

TunnelStep on_session_message(const Tunnel& tunnel, MessageType type) {
    return tunnel.state == TunnelState::established ? stay(tunnel) : out_of_place(tunnel, type);
}

TunnelStep on_unknown(const Tunnel& tunnel, const Unknown& message) {
    // 4.4.1: the M bit of the Message Type AVP says whether the message may be ignored.
    if (!message.mandatory || tunnel.state == TunnelState::closing) return stay(tunnel);
    return stop(protocol_error(StopResult::general_error,
                               static_cast<std::uint16_t>(GeneralError::unknown_avp),
                               fmt::format("unknown message type {} with the M bit set", message.type)));
}

}  // namespace

bool Tunnel::half_open() const {
    return !initiator && (state == TunnelState::wait_offer || state == TunnelState::wait_ctl_conn);
}

std::optional<DownReason> objection(std::uint16_t protocol_version, bool challenged, const Secret& secret) {
    if ((protocol_version >> 8) != (kProtocolVersion >> 8)) {
        return protocol_error(StopResult::version, kProtocolVersion,
                              fmt::format("protocol version {}.{} is not supported", protocol_version >> 8,
                                          protocol_version & 0xff));
    }
    if (challenged && secret.empty()) {
        return protocol_error(
            StopResult::not_authorized, 0,
            "the peer asks for tunnel authentication, but no tunnel secret is configured here");
    }
    return std::nullopt;
}

std::optional<TunnelStep> step(const Tunnel& tunnel, const TunnelEvent& event) {
    const bool idle = tunnel.state == TunnelState::idle;
    return std::visit(
        Overloaded{
            [&](const tunnel_event::Open&) -> std::optional<TunnelStep> {
                if (!idle) return std::nullopt;
                return TunnelStep{TunnelState::wait_ctl_reply, Actions{send_sccrq}, {}};
            },
            [&](const tunnel_event::Offer&) -> std::optional<TunnelStep> {
                if (!idle) return std::nullopt;
                return TunnelStep{TunnelState::wait_offer, Actions{offer}, {}};
            },
            [&](const tunnel_event::Accept&) -> std::optional<TunnelStep> {
                if (tunnel.state != TunnelState::wait_offer) return std::nullopt;
                return TunnelStep{TunnelState::wait_ctl_conn, Actions{send_sccrp}, {}};
            },
            [&](const tunnel_event::Stop& stop_event) { return on_stop(tunnel, stop_event.reason); },
            [&](const tunnel_event::Abandon& abandon) -> std::optional<TunnelStep> {
                if (idle) return std::nullopt;
                if (tunnel.state == TunnelState::closing)
                    return TunnelStep{TunnelState::idle, Actions{release}, {}};
                return forget(abandon.reason);
            },
            [&](const tunnel_event::Expired&) -> std::optional<TunnelStep> { return on_expired(tunnel); },
            [&](const tunnel_event::Unreachable&) -> std::optional<TunnelStep> {
                return on_unreachable(tunnel);
            },
            [&](const tunnel_event::Acknowledged&) -> std::optional<TunnelStep> {
                if (tunnel.state != TunnelState::closing || tunnel.stopped_by_peer) return stay(tunnel);
                return TunnelStep{TunnelState::idle, Actions{release}, {}};
            },
        },
        event);
}

TunnelStep step(const Tunnel& tunnel, const Message& message) {
    return std::visit(Overloaded{
                          [&](const Sccrq&) { return out_of_place(tunnel, MessageType::sccrq); },
                          [&](const Sccrp& sccrp) { return on_sccrp(tunnel, sccrp); },
                          [&](const Scccn& scccn) { return on_scccn(tunnel, scccn); },
                          [&](const Stopccn& stopccn) { return on_stopccn(tunnel, stopccn); },
                          [&](const Hello&) { return stay(tunnel); },
                          [&](const Icrq&) { return on_session_message(tunnel, MessageType::icrq); },
                          [&](const Icrp&) { return on_session_message(tunnel, MessageType::icrp); },
                          [&](const Iccn&) { return on_session_message(tunnel, MessageType::iccn); },
                          [&](const Cdn&) { return on_session_message(tunnel, MessageType::cdn); },
                          [&](const Ocrq&) { return on_session_message(tunnel, MessageType::ocrq); },
                          [&](const Ocrp&) { return on_session_message(tunnel, MessageType::ocrp); },
                          [&](const Occn&) { return on_session_message(tunnel, MessageType::occn); },
                          [&](const Wen&) { return on_session_message(tunnel, MessageType::wen); },
                          [&](const Sli&) { return on_session_message(tunnel, MessageType::sli); },
                          // Beyond RFC 2661, and never out of place: who does not know them ignores them.
                          [&](const Mdmst&) { return stay(tunnel); },
                          [&](const Fsq&) { return stay(tunnel); },
                          [&](const Fsr&) { return stay(tunnel); },
                          [&](const Csun&) { return stay(tunnel); },
                          [&](const Csurq&) { return stay(tunnel); },
                          [&](const Zlb&) { return stay(tunnel); },
                          [&](const Unknown& unknown) { return on_unknown(tunnel, unknown); },
                      },
                      message);
}

}  // namespace keel::l2tp
