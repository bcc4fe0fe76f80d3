// Endpoint's inside: where tunnels and sessions live, and what carries out the steps of their machines.
// receive.cpp: from a datagram to a step. actions.cpp and
// session_actions.cpp: from a step to messages and outputs. endpoint.cpp:
// commands, timers and status.
#pragma once

#include <deque>
#include <unordered_map>

#include "base/printable.hpp"
#include "l2tp/endpoint.hpp"
#include "l2tp/message.hpp"
#include "l2tp/reliable.hpp"
#include "l2tp/resting_ids.hpp"
#include "l2tp/session.hpp"
#include "l2tp/table.hpp"
#include "l2tp/timers.hpp"
#include "l2tp/tunnel.hpp"

namespace keel::l2tp {

// What makes a peer's SCCRQ a new one or a duplicate.
struct PeerKey {
    Path path;
    PeerTunnelId peer;
    bool operator==(const PeerKey&) const = default;
};
struct PeerKeyHash {
    std::size_t operator()(const PeerKey& key) const noexcept;
};

// A peer whichever its port and tunnel: "the given LAC-LNS pair" of 4.4.3.
[[nodiscard]] inline PeerKey pair_key(const Path& path) {
    return {Path{{}, {path.remote.ip, 0}, path.binding}, {}};
}

// What a step was caused by, for those actions that need it.
struct Cause {
    const Message* message = nullptr;
    const TunnelOptions* options = nullptr;  // open_tunnel, accept_tunnel
    const SessionOptions* call = nullptr;    // open_session
};

[[nodiscard]] inline std::string printable_text(const std::optional<Bytes>& value) {
    return value ? printable(as_text(*value)) : std::string();
}

// RFC 3308: what a request asks for, or what the answer to ours grants; an answer that nobody asked for is
// ignored.
template <class Subject>
void take_dscp(Subject& subject, const std::optional<std::uint16_t>& phb, bool request) {
    const auto told = phb ? dscp_of_phb(*phb) : std::nullopt;
    if (request) subject.dscp_asked = told.has_value();
    subject.dscp = subject.dscp_asked ? told : std::nullopt;
}
// What our answer carries: `granted`, if it was asked for.
template <class Subject>
[[nodiscard]] std::optional<std::uint16_t> grant_dscp(Subject& subject, std::optional<std::uint8_t> granted) {
    subject.dscp = subject.dscp_asked ? granted : std::nullopt;
    return subject.dscp ? std::optional(phb_of_dscp(*subject.dscp)) : std::nullopt;
}
// What our request carries.
template <class Subject>
[[nodiscard]] std::optional<std::uint16_t> ask_dscp(Subject& subject, std::optional<std::uint8_t> wanted) {
    subject.dscp_asked = wanted.has_value();
    return wanted ? std::optional(phb_of_dscp(*wanted)) : std::nullopt;
}

// Keeps what an SCCRQ or SCCRP says of the peer.
template <class M>
void learn_peer(Tunnel& tunnel, const M& message) {
    tunnel.peer = PeerTunnelId(message.assigned_tunnel_id);
    tunnel.peer_host_name = printable(message.host_name);
    tunnel.peer_vendor_name = printable_text(message.vendor_name);
    take_dscp(tunnel, message.control_connection_ds, std::is_same_v<M, Sccrq>);
    tunnel.peer_bearers = message.bearer_capabilities.value_or(0);
    tunnel.peer_sync_framing = (message.framing_capabilities & kSyncFraming) != 0;
    // 4.4.3: "If absent, the peer must assume a Window Size of 4".
    const std::uint16_t window = message.receive_window_size.value_or(4);
    tunnel.reliable.set_peer_window(tunnel.quirks.has(Quirk::one_at_a_time) ? std::uint16_t{1} : window);
}

struct Endpoint::Impl {
    Impl(EndpointConfig config_, Random& random_);

    EndpointConfig config;
    ReliableLimits limits;  // of a tunnel whose options say nothing else
    Random& random;
    Table<LocalTunnelId, Tunnel> tunnels;
    Table<LocalSessionId, Session> sessions;
    RestingIds<LocalTunnelId> resting_tunnels;
    RestingIds<LocalSessionId> resting_sessions;
    FlatIndex by_peer;            // the ids of the tunnels that peers began
    std::uint64_t hash_seed = 0;  // so that no peer can choose what falls together in by_peer
    // Tunnels of ours whose SCCRQ is unanswered, by the peer's address and SA: those that a Tie Breaker may
    // end.
    std::unordered_map<PeerKey, std::vector<LocalTunnelId>, PeerKeyHash> asking;
    // The newest tunnel of each path whose peer has the quirk zero_tunnel_id.
    std::unordered_map<PeerKey, LocalTunnelId, PeerKeyHash> zero_addressed;
    std::unordered_map<IpAddress, std::size_t> half_open_of;  // by the peer's address
    Timers timers;
    std::deque<Output> outputs;
    EndpointCounters counters;
    std::size_t half_open = 0;
    std::uint32_t next_call_serial = 0;
    std::vector<LocalSessionId> acknowledged;  // scratch of receive_for

    // ---- receive.cpp
    void receive(Time now, const Path& path, ByteView bytes);
    void receive_unaddressed(Time now, const Path& path, const Datagram& datagram, ByteView bytes);
    void receive_sccrq(Time now, const Path& path, const Datagram& datagram, const Sccrq& sccrq,
                       ByteView bytes, Incoming known_peer);
    // 4.4.3: ends those of our tunnels that lose to this SCCRQ; true if the SCCRQ loses itself.
    [[nodiscard]] bool settle_collision(Time now, const Path& path, const Sccrq& sccrq);
    // Why there is no room for another tunnel that a peer begins; nothing if there is.
    [[nodiscard]] std::optional<std::string_view> full(const Path& path) const;
    void note_half_open(const Tunnel& tunnel, bool is);
    void note_asking(Tunnel& tunnel, bool is);
    void offer_tunnel(Time now, const Path& path, const Datagram& datagram, const Sccrq& sccrq,
                      Incoming known_peer);
    [[nodiscard]] Incoming incoming(const Path& path, ByteView body) const;
    // The tunnel that a message to tunnel 0 is meant for, if its peer has that quirk.
    [[nodiscard]] Tunnel* find_zero_addressed(const Path& path);
    void on_acknowledged(Time now, Tunnel& tunnel);
    void on_acknowledged(Time now, Session& session);
    void receive_for(Time now, Tunnel& tunnel, const Datagram& datagram, ByteView bytes);
    void deliver(Time now, Tunnel& tunnel, const ControlHeader& header, ByteView body);
    void deliver_session(Time now, Tunnel& tunnel, const ControlHeader& header, const Message& message);
    void deliver_fault(Time now, Tunnel& tunnel, const ControlHeader& header, const MessageFault& fault);
    template <class M>
    void offer_session(Time now, Tunnel& tunnel, SessionKind kind, const M& request, const Message& message);
    void take_speeds(const Tunnel& tunnel, const Csun& csun);
    void answer_stray(Time now, Tunnel& tunnel, const ControlHeader& header, const Message& message);
    void refuse_tunnel(const Path& path, std::uint16_t peer_tunnel, ByteView body, DownReason reason);
    void refuse_call(Time now, Tunnel& tunnel, std::uint16_t peer_session, const ResultCode& result);
    [[nodiscard]] bool on_path(const Tunnel& tunnel, const Path& path) const;
    // RFC 2661 8.1: an SCCRP may come from another port than the SCCRQ went to, and fixes it.
    [[nodiscard]] bool moved_reply(const Tunnel& tunnel, const Path& path, const Datagram& datagram) const;
    [[nodiscard]] Session* find_session(const Tunnel& tunnel, LocalSessionId id);
    [[nodiscard]] Session* find_addressed(const Tunnel& tunnel, const ControlHeader& header,
                                          const Message& message);

    // ---- actions.cpp
    void apply(Time now, Tunnel& tunnel, const TunnelStep& step, const Cause& cause = {});
    void act(Time now, Tunnel& tunnel, TunnelAction action, const DownReason& reason, const Cause& cause);
    void apply(Time now, Session& session, const SessionStep& step, const Cause& cause = {});
    void act(Time now, Tunnel& tunnel, Session& session, SessionAction action, const DownReason& reason,
             const Cause& cause);
    void act_offer(Time now, Tunnel& tunnel, Session& session, const Message& message);
    void act_send_icrq(Tunnel& tunnel, Session& session, const SessionOptions& call);
    void act_send_ocrq(Tunnel& tunnel, Session& session, const SessionOptions& call);
    template <class M>
    void act_send_connected(Tunnel& tunnel, Session& session);
    void act_learn_peer(const Tunnel& tunnel, Session& session, const Message& message);
    void act_offer(const Tunnel& tunnel);
    void act_learn_peer(Tunnel& tunnel, const Cause& cause);
    void act_end_sessions(Time now, Tunnel& tunnel, const DownReason& reason);
    template <class M>
    void introduce(Tunnel& tunnel, const TunnelOptions* options);
    void take_options(Tunnel& tunnel, const TunnelOptions& options);
    void take_quirks(Tunnel& tunnel, Quirks quirks);
    void act_send_scccn(Tunnel& tunnel, const Sccrp& sccrp);
    void act_send_stopccn(Time now, Tunnel& tunnel, const DownReason& reason);
    void act_linger(Time now, Tunnel& tunnel);
    void send(Tunnel& tunnel, const Message& message);
    void send(Tunnel& tunnel, Session& session, const Message& message);
    // The last call of every input that touched the tunnel: sends what may go, sets its timer, or forgets it.
    void settle(Time now, Tunnel& tunnel);
    [[nodiscard]] std::optional<Time> deadline(const Tunnel& tunnel) const;
    [[nodiscard]] std::optional<Time> hello_at(const Tunnel& tunnel) const;
    void forget(Time now, Tunnel& tunnel);
    void release(Time now, Tunnel& tunnel, Session& session);

    // ---- endpoint.cpp
    void on_tunnel_timer(Time now, Tunnel& tunnel);
    void on_session_timer(Time now, Session& session);
    [[nodiscard]] Tunnel* find_tunnel(LocalTunnelId id) { return tunnels.find(id); }
    // The tunnel that a peer began and calls `peer`.
    [[nodiscard]] Tunnel* find_by_peer(const Path& path, PeerTunnelId peer);
    void index_peer(const Tunnel& tunnel, bool is);
    [[nodiscard]] std::uint32_t hash_of(const PeerKey& key) const;
    // Nothing: every id is taken.
    [[nodiscard]] Tunnel* make_tunnel(Time now, const Path& path);
    [[nodiscard]] Session* make_session(Time now, Tunnel& tunnel);
    [[nodiscard]] std::uint16_t random_id();
    [[nodiscard]] Status command(Time now, LocalTunnelId id, const TunnelEvent& event, std::string_view what,
                                 const Cause& cause = {});
    [[nodiscard]] Status command(Time now, LocalTunnelId tunnel, LocalSessionId id, const SessionEvent& event,
                                 std::string_view what);
    // A message of ours in an established session.
    [[nodiscard]] Status tell(Time now, LocalTunnelId tunnel, LocalSessionId id, const Message& message,
                              std::string_view what);
};

}  // namespace keel::l2tp
