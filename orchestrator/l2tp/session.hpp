// Session: the state of one call within a tunnel, and its state machine for incoming calls (RFC 2661 7.4.1 as
// LAC, 7.4.2 as LNS) and outgoing calls (7.5.1 as LAC, 7.5.2 as LNS) as a pure function, like the tunnel's.
// Owner: Endpoint.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "l2tp/endpoint.hpp"
#include "l2tp/message.hpp"
#include "l2tp/timers.hpp"

namespace keel::l2tp {

// What few sessions have: what was told of the call, and the peer's reports of the line.
struct SessionNotes {
    std::vector<CallFact> facts;
    std::optional<CallErrors> call_errors;
    std::optional<Accm> accm;
    std::optional<std::uint16_t> modem_on_hold;
};

struct Session {
    LocalTunnelId tunnel;
    LocalSessionId local;
    PeerSessionId peer;  // 0 until the peer has told it
    SessionState state = SessionState::idle;
    SessionKind kind = SessionKind::incoming_call;
    bool sequencing = false;     // Sequencing Required, 4.4.6
    std::uint32_t tx_speed = 0;  // bit/s
    std::uint32_t rx_speed = 0;  // bit/s; 0: not told
    std::uint32_t call_serial = 0;
    std::uint32_t unacknowledged = 0;  // messages of ours that the peer has not acknowledged
    std::size_t position = 0;          // in its tunnel's list
    bool dscp_asked = false;           // RFC 3308: by the ICRQ or OCRQ
    std::optional<std::uint8_t> dscp;  // asked for; once up, agreed on
    std::unique_ptr<SessionNotes> notes;
    Timers::Timer timer{};  // of the set-up, from the acknowledgement of our part in it

    [[nodiscard]] bool setting_up() const {
        return state == SessionState::wait_reply || state == SessionState::wait_connect;
    }
};

// Keeps what the message tells of the call, in the place of what was told of the same before.
void keep_facts(Session& session, const Message& message);

namespace session_event {
struct Open {};      // open_session
struct Offer {};     // a valid ICRQ or OCRQ
struct Accept {};    // accept_session
struct Answered {};  // connect_session: the outgoing call that we placed is answered
struct Stop {
    DownReason reason;
};  // end it by CDN: a command, or a message that cannot be accepted
struct TunnelLost {
    DownReason reason;
};
struct Expired {};       // the set-up took too long
struct Acknowledged {};  // the peer acknowledged all that we sent
}  // namespace session_event

using SessionEvent = std::variant<session_event::Open, session_event::Offer, session_event::Accept,
                                  session_event::Answered, session_event::Stop, session_event::TunnelLost,
                                  session_event::Expired, session_event::Acknowledged>;

enum class SessionAction : std::uint8_t {
    none,
    send_icrq,
    send_ocrq,
    offer,  // output SessionOffered
    send_icrp,
    send_ocrp,
    learn_peer,  // keep what the ICRP or OCRP says; output SessionPeerKnown
    send_iccn,
    send_occn,
    connect,      // keep what the ICCN or OCCN says
    note,         // keep what a WEN, SLI or MDMST says
    report_up,    // output SessionUp
    report_down,  // output SessionDown
    send_cdn,
    release,  // its id may be used again
};

struct SessionStep {
    SessionState next = SessionState::idle;
    std::array<SessionAction, 3> actions{};
    DownReason reason;  // of report_down and send_cdn
};

// Nothing: the event is not allowed in this state (a command out of place).
[[nodiscard]] std::optional<SessionStep> step(const Session& session, const SessionEvent& event);
// A message for this session, in order.
[[nodiscard]] SessionStep step(const Session& session, const Message& message);

}  // namespace keel::l2tp
