// The state tables of RFC 2661, row by row: state, event -> state, actions.
#include <doctest/doctest.h>

#include <ostream>

#include "l2tp/session.hpp"
#include "l2tp/tunnel.hpp"

using namespace keel;
using namespace keel::l2tp;

namespace {

Tunnel tunnel_in(TunnelState state) {
    Tunnel tunnel;
    tunnel.state = state;
    return tunnel;
}
Session session_in(SessionState state) {
    Session session;
    session.state = state;
    return session;
}

Session outgoing_in(SessionState state) {
    Session session = session_in(state);
    session.kind = SessionKind::outgoing_call;
    return session;
}

bool does(const TunnelStep& step, TunnelState next, std::vector<TunnelAction> actions) {
    actions.resize(step.actions.size());
    return step.next == next && std::ranges::equal(step.actions, actions);
}
bool does(const SessionStep& step, SessionState next, std::vector<SessionAction> actions) {
    actions.resize(step.actions.size());
    return step.next == next && std::ranges::equal(step.actions, actions);
}
// "Send StopCCN, Clean up": with the sessions, told to the user, and by these codes.
bool stops(const TunnelStep& step, StopResult result) {
    using enum TunnelAction;
    return does(step, TunnelState::closing, {end_sessions, report_down, send_stopccn}) &&
           step.reason.result == static_cast<std::uint16_t>(result) &&
           step.reason.cause == DownReason::Cause::protocol;
}
bool stays(const TunnelStep& step, TunnelState state) {
    return does(step, state, {});
}
bool sends_cdn(const SessionStep& step) {
    using enum SessionAction;
    return does(step, SessionState::closing, {report_down, send_cdn}) &&
           step.reason.cause == DownReason::Cause::protocol;
}
bool cleans_up(const SessionStep& step) {
    using enum SessionAction;
    return does(step, SessionState::idle, {report_down, release});
}

}  // namespace

TEST_CASE("7.2.1 Control Connection Establishment") {
    using enum TunnelAction;
    using State = TunnelState;
    // idle: open request; SCCRQ (which is offered, and answered when accepted)
    CHECK(does(*step(tunnel_in(State::idle), tunnel_event::Open{}), State::wait_ctl_reply, {send_sccrq}));
    CHECK(does(*step(tunnel_in(State::idle), tunnel_event::Offer{}), State::wait_offer, {offer}));
    CHECK(does(*step(tunnel_in(State::wait_offer), tunnel_event::Accept{}), State::wait_ctl_conn,
               {send_sccrp}));
    // wait-ctl-reply
    const Tunnel reply = tunnel_in(State::wait_ctl_reply);
    CHECK(does(step(reply, Sccrp{}), State::established, {learn_peer, send_scccn, report_up}));
    Sccrp version;
    version.protocol_version = 0x0200;
    const TunnelStep refused = step(reply, version);
    CHECK(does(refused, State::closing, {note_peer, end_sessions, report_down, send_stopccn}));
    CHECK(refused.reason.result == 5);
    CHECK(refused.reason.error == 0x0100);
    Sccrp challenge;
    challenge.challenge = "c";
    CHECK(step(reply, challenge).reason.result == 4);
    CHECK(stops(step(reply, Scccn{}), StopResult::state_machine));
    CHECK(stops(step(reply, Sccrq{}), StopResult::state_machine));
    // wait-ctl-conn
    const Tunnel connect = tunnel_in(State::wait_ctl_conn);
    CHECK(does(step(connect, Scccn{}), State::established, {report_up}));
    CHECK(stops(step(connect, Sccrp{}), StopResult::state_machine));
    CHECK(stops(step(connect, Sccrq{}), StopResult::state_machine));
    CHECK(stops(step(connect, Icrq{}), StopResult::state_machine));
    // established
    const Tunnel up = tunnel_in(State::established);
    CHECK(stops(step(up, Sccrq{}), StopResult::state_machine));
    CHECK(stops(step(up, Sccrp{}), StopResult::state_machine));
    CHECK(stops(step(up, Scccn{}), StopResult::state_machine));
    CHECK(does(*step(up, tunnel_event::Stop{}), State::closing, {end_sessions, report_down, send_stopccn}));
    CHECK(stays(step(up, Hello{}), State::established));
    CHECK(stays(step(up, Icrq{}), State::established));
    // StopCCN in every state
    for (const State state :
         {State::wait_offer, State::wait_ctl_reply, State::wait_ctl_conn, State::established}) {
        CHECK(does(step(tunnel_in(state), Stopccn{}), State::closing, {end_sessions, report_down, linger}));
    }
}

TEST_CASE("a closing tunnel hears nothing but StopCCN, and ends once") {
    using enum TunnelAction;
    using State = TunnelState;
    Tunnel tunnel = tunnel_in(State::closing);
    for (const Message& message : {Message(Sccrq{}), Message(Sccrp{}), Message(Scccn{}), Message(Hello{}),
                                   Message(Icrq{}), Message(Cdn{}), Message(Unknown{99, true})}) {
        CHECK(stays(step(tunnel, message), State::closing));
    }
    CHECK(does(step(tunnel, Stopccn{}), State::closing, {linger}));
    CHECK_FALSE(step(tunnel, tunnel_event::Stop{}).has_value());
    CHECK_FALSE(step(tunnel, tunnel_event::Accept{}).has_value());
    CHECK(does(*step(tunnel, tunnel_event::Acknowledged{}), State::idle, {release}));
    CHECK(does(*step(tunnel, tunnel_event::Expired{}), State::idle, {release}));
    CHECK(does(*step(tunnel, tunnel_event::Unreachable{}), State::idle, {release}));
    CHECK(does(*step(tunnel, tunnel_event::Abandon{}), State::idle, {release}));
    tunnel.stopped_by_peer = true;
    CHECK(stays(*step(tunnel, tunnel_event::Acknowledged{}), State::closing));
}

TEST_CASE("4.4.1: an unknown message ends the tunnel only with M") {
    const Tunnel up = tunnel_in(TunnelState::established);
    CHECK(stops(step(up, Unknown{99, true}), StopResult::general_error));
    CHECK(stays(step(up, Unknown{99, false}), TunnelState::established));
}

TEST_CASE("a tunnel whose peer is silent is forgotten without a StopCCN") {
    using enum TunnelAction;
    for (const auto state :
         {TunnelState::wait_ctl_reply, TunnelState::wait_ctl_conn, TunnelState::established}) {
        const auto lost = step(tunnel_in(state), tunnel_event::Unreachable{});
        CHECK(does(*lost, TunnelState::idle, {end_sessions, report_down, release}));
        CHECK(lost->reason.cause == DownReason::Cause::timeout);
    }
}

TEST_CASE("7.4.1 LAC Incoming Call States") {
    using enum SessionAction;
    using State = SessionState;
    CHECK(does(*step(session_in(State::idle), session_event::Open{}), State::wait_reply, {send_icrq}));
    const Session reply = session_in(State::wait_reply);
    CHECK(does(step(reply, Icrp{}), State::established, {learn_peer, send_iccn, report_up}));
    CHECK(sends_cdn(step(reply, Icrq{})));
    CHECK(cleans_up(step(reply, Cdn{})));
    CHECK(cleans_up(step(reply, Iccn{})));
    CHECK(does(*step(reply, session_event::Stop{}), State::closing, {report_down, send_cdn}));
    const Session up = session_in(State::established);
    CHECK(cleans_up(step(up, Cdn{})));
    CHECK(sends_cdn(step(up, Icrq{})));
    CHECK(sends_cdn(step(up, Icrp{})));
    CHECK(sends_cdn(step(up, Iccn{})));
    CHECK(does(*step(up, session_event::Stop{}), State::closing, {report_down, send_cdn}));
}

TEST_CASE("7.4.2 LNS Incoming Call States") {
    using enum SessionAction;
    using State = SessionState;
    CHECK(does(*step(session_in(State::idle), session_event::Offer{}), State::wait_offer, {offer}));
    const Session offered = session_in(State::wait_offer);
    CHECK(does(*step(offered, session_event::Accept{}), State::wait_connect, {send_icrp}));
    CHECK(does(*step(offered, session_event::Stop{}), State::closing, {report_down, send_cdn}));
    CHECK(cleans_up(step(offered, Cdn{})));
    const Session waiting = session_in(State::wait_connect);
    CHECK(does(step(waiting, Iccn{}), State::established, {connect, report_up}));
    CHECK(sends_cdn(step(waiting, Icrq{})));
    CHECK(sends_cdn(step(waiting, Icrp{})));
    CHECK(cleans_up(step(waiting, Cdn{})));
    CHECK_FALSE(step(waiting, session_event::Accept{}).has_value());
}

TEST_CASE("a closing session waits for its acknowledgement, whatever still comes") {
    using enum SessionAction;
    const Session session = session_in(SessionState::closing);
    for (const Message& message : {Message(Icrq{}), Message(Icrp{}), Message(Iccn{}), Message(Cdn{})}) {
        CHECK(does(step(session, message), SessionState::closing, {}));
    }
    CHECK_FALSE(step(session, session_event::Stop{}).has_value());
    CHECK(does(*step(session, session_event::Acknowledged{}), SessionState::idle, {release}));
    CHECK(does(*step(session, session_event::TunnelLost{}), SessionState::idle, {release}));
    CHECK(cleans_up(*step(session_in(SessionState::established), session_event::TunnelLost{})));
}

TEST_CASE("reasons are told in words") {
    DownReason reason{DownReason::Cause::peer, 6, 0, "bye"};
    CHECK(reason.text() == "peer sent StopCCN: requester is being shut down (result 6): bye");
    reason = {DownReason::Cause::peer, 2, 4, "", DownReason::Scope::session};
    CHECK(
        reason.text() ==
        "peer sent CDN: call disconnected for the reason in the error code (result 2, error 4: insufficient "
        "resources now)");
    reason = {DownReason::Cause::peer, 5, 0x0100, ""};
    CHECK(reason.text() ==
          "peer sent StopCCN: the protocol version of the requester is not supported (result 5, highest "
          "version 1.0)");
    reason = {DownReason::Cause::peer, 4711, 99, ""};
    CHECK(reason.text() == "peer sent StopCCN: unknown (result 4711, error 99: unknown)");
    reason = {DownReason::Cause::local, 0, 0, "the SA died"};
    CHECK(reason.text() == "closed here: the SA died");
    reason = {DownReason::Cause::timeout, 0, 0, ""};
    CHECK(reason.text() == "the peer stopped acknowledging");
}

TEST_CASE("7.5.1 LAC Outgoing Call States") {
    using enum SessionAction;
    using State = SessionState;
    CHECK(does(*step(outgoing_in(State::idle), session_event::Offer{}), State::wait_offer, {offer}));
    CHECK(does(*step(outgoing_in(State::wait_offer), session_event::Accept{}), State::wait_answer,
               {send_ocrp}));
    CHECK(does(*step(outgoing_in(State::wait_offer), session_event::Stop{}), State::closing,
               {report_down, send_cdn}));
    const Session dialling = outgoing_in(State::wait_answer);
    CHECK(does(*step(dialling, session_event::Answered{}), State::established, {send_occn, report_up}));
    CHECK(does(*step(dialling, session_event::Stop{}), State::closing, {report_down, send_cdn}));
    CHECK(sends_cdn(step(dialling, Ocrq{})));
    CHECK(sends_cdn(step(dialling, Ocrp{})));
    CHECK(sends_cdn(step(dialling, Occn{})));
    CHECK(cleans_up(step(dialling, Cdn{})));
    const Session up = outgoing_in(State::established);
    CHECK(sends_cdn(step(up, Ocrq{})));
    CHECK(sends_cdn(step(up, Ocrp{})));
    CHECK(sends_cdn(step(up, Occn{})));
    CHECK(cleans_up(step(up, Cdn{})));
    CHECK(does(*step(up, session_event::Stop{}), State::closing, {report_down, send_cdn}));
    CHECK_FALSE(step(up, session_event::Answered{}).has_value());
}

TEST_CASE("7.5.2 LNS Outgoing Call States") {
    using enum SessionAction;
    using State = SessionState;
    CHECK(does(*step(outgoing_in(State::idle), session_event::Open{}), State::wait_reply, {send_ocrq}));
    const Session reply = outgoing_in(State::wait_reply);
    CHECK(does(step(reply, Ocrp{}), State::wait_connect, {learn_peer}));
    CHECK(sends_cdn(step(reply, Occn{})));
    CHECK(sends_cdn(step(reply, Ocrq{})));
    CHECK(sends_cdn(step(reply, Icrp{})));
    CHECK(cleans_up(step(reply, Cdn{})));
    const Session waiting = outgoing_in(State::wait_connect);
    CHECK(does(step(waiting, Occn{}), State::established, {connect, report_up}));
    CHECK(sends_cdn(step(waiting, Ocrq{})));
    CHECK(sends_cdn(step(waiting, Ocrp{})));
    CHECK(sends_cdn(step(waiting, Iccn{})));
    CHECK(cleans_up(step(waiting, Cdn{})));
    for (const State state : {State::wait_reply, State::wait_connect, State::established}) {
        CHECK(
            does(*step(outgoing_in(state), session_event::Stop{}), State::closing, {report_down, send_cdn}));
    }
    CHECK(cleans_up(*step(outgoing_in(State::wait_tunnel), session_event::Stop{})));
    // 7.5: a set-up that does not go on is ended, in words that name the message.
    CHECK(step(waiting, session_event::Expired{})->reason.message.find("OCCN") != std::string::npos);
}

TEST_CASE("WEN, SLI and MDMST are noted in an established session, and nowhere else out of place") {
    using enum SessionAction;
    for (const Message& message : {Message(Wen{}), Message(Sli{}), Message(Mdmst{})}) {
        CHECK(does(step(session_in(SessionState::established), message), SessionState::established, {note}));
        CHECK(does(step(session_in(SessionState::wait_connect), message), SessionState::wait_connect, {}));
        CHECK(does(step(session_in(SessionState::closing), message), SessionState::closing, {}));
    }
}
