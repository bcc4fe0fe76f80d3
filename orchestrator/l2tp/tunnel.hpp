// Tunnel: the state of one control connection, and its state machine (RFC 2661 7.2.1) as a pure function from
// state and event to the next state and what is to be done. Owner: Endpoint, which does it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "l2tp/endpoint.hpp"
#include "l2tp/message.hpp"
#include "l2tp/reliable.hpp"
#include "l2tp/timers.hpp"

namespace keel::l2tp {

// First what every message and every timer touches: with very many tunnels each is out of the cache, and what
// it costs is the number of its cache lines.
struct Tunnel {
    LocalTunnelId local;
    PeerTunnelId peer;  // 0 until the peer has told it
    Path path;
    TunnelState state = TunnelState::idle;
    Timers::Timer timer{};
    bool initiator = false;        // we sent the SCCRQ
    bool stopped_by_peer = false;  // closing: it was the peer that sent StopCCN
    bool hide = false;             // 4.3: what we send
    Quirks quirks;                 // of the peer
    Duration hello_interval{};     // zero: no HELLO
    Time last_heard{};             // when the last control message came, 5.5
    std::optional<Time> deadline;  // of the set-up, or of what is kept while closing
    Reliable reliable;
    ReliableLimits limits;
    Secret secret;  // empty: no authentication, nothing hidden
    std::vector<LocalSessionId> sessions;

    std::uint32_t bearers = 0;                 // 4.4.3: how we can place outgoing calls
    std::uint32_t peer_bearers = 0;            // and how the peer can
    bool peer_sync_framing = true;             // 4.4.3: the peer's Framing Capabilities have the S bit
    bool dscp_asked = false;                   // RFC 3308: by the SCCRQ
    std::optional<std::uint8_t> dscp;          // asked for; once up, agreed on
    std::optional<std::uint64_t> tie_breaker;  // of our SCCRQ
    std::size_t asking_position = 0;           // while the SCCRQ is unanswered: in Endpoint's list
    Bytes challenge;                           // ours, until it is answered, 5.1.1
    std::string peer_challenge;                // the peer's, of an SCCRQ, until it is answered
    std::string peer_host_name;                // printable
    std::string peer_vendor_name;              // printable

    [[nodiscard]] bool setting_up() const {
        return state == TunnelState::wait_ctl_reply || state == TunnelState::wait_ctl_conn;
    }
    // Begun by a peer and not completed.
    [[nodiscard]] bool half_open() const;
};

namespace tunnel_event {
struct Open {};    // open_tunnel
struct Offer {};   // a valid SCCRQ of a new tunnel
struct Accept {};  // accept_tunnel
struct Stop {
    DownReason reason;
};  // end it by StopCCN: a command, or a message that cannot be accepted
struct Abandon {
    DownReason reason;
};                       // end it in silence
struct Expired {};       // its deadline passed
struct Unreachable {};   // the peer did not acknowledge
struct Acknowledged {};  // everything we sent is acknowledged
}  // namespace tunnel_event

using TunnelEvent = std::variant<tunnel_event::Open, tunnel_event::Offer, tunnel_event::Accept,
                                 tunnel_event::Stop, tunnel_event::Abandon, tunnel_event::Expired,
                                 tunnel_event::Unreachable, tunnel_event::Acknowledged>;

enum class TunnelAction : std::uint8_t {
    none,
    send_sccrq,
    offer,  // output TunnelOffered
    send_sccrp,
    note_peer,   // keep the id of an SCCRP that is refused, to address the StopCCN
    learn_peer,  // keep what the SCCRP says; output TunnelPeerKnown
    send_scccn,
    report_up,     // output TunnelUp
    end_sessions,  // each with SessionDown
    report_down,   // output TunnelDown
    send_stopccn,
    linger,   // send nothing more of our own, acknowledge the peer's StopCCN for 31 s (5.7)
    release,  // output TunnelGone; forget it
};

struct TunnelStep {
    TunnelState next = TunnelState::idle;
    std::array<TunnelAction, 4> actions{};
    DownReason reason;  // of report_down, end_sessions and send_stopccn
};

// Nothing: the event is not allowed in this state (a command out of place).
[[nodiscard]] std::optional<TunnelStep> step(const Tunnel& tunnel, const TunnelEvent& event);
// A message of the tunnel itself, in order. Messages of sessions change nothing in an established tunnel and
// are a breach of the protocol in any other.
[[nodiscard]] TunnelStep step(const Tunnel& tunnel, const Message& message);

// Why an SCCRQ or SCCRP of these contents cannot be accepted: the protocol version (4.4.3), or a Challenge
// that we have no secret to answer (5.1.1).
[[nodiscard]] std::optional<DownReason> objection(std::uint16_t protocol_version, bool challenged,
                                                  const Secret& secret);

}  // namespace keel::l2tp
