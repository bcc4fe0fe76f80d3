// Datapath: what tunnels and sessions have in the world (socket, kernel tunnel, kernel session, pppd), and
// the order in which it goes. Up: socket, tunnel, session, pppd. Down: pppd, session, tunnel, and the socket
// last: the kernel's tunnel lives as long as its socket, and a packet that outlived its socket's policy would
// leave in clear.
//
// Owner: Orchestrator. Sessions are named by their local id alone, which is unique in the endpoint.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lifecycle/role.hpp"
#include "lifecycle/sa_table.hpp"
#include "lifecycle/status.hpp"

namespace keel::lifecycle {

struct Session {
    KernelSession ids;
    bool in_kernel = false;
    bool closing = false;
    UniqueFd pppox;            // until pppd has it
    std::optional<PppId> ppp;  // until it exited
    // For the status, and for the role's own book-keeping:
    std::string user;
    std::string refused;  // why we did not let the peer in
    std::string ending;   // why we end it
    std::optional<IpAddress> lease;
    PppPhase phase = PppPhase::starting;
    std::optional<PppUp> link;
    std::uint16_t mtu = 0;     // of the link; until it is up, what we ask for
    bool mtu_follows = false;  // the encapsulation; otherwise it is configured
    Time since;
    std::optional<Time> lcp_at, authenticate_at, network_at;  // when PPP first came to them
    EchoCounters echo;
    SessionCounters counted;  // the kernel's, when they were last read
};

struct Tunnel {
    LocalTunnelId id;
    Role* owner = nullptr;
    l2tp::Path path;
    SocketId socket;
    std::optional<SaBinding> sa;       // reqid 0: it died; its mark still names it
    std::optional<std::uint8_t> dscp;  // marks what we send
    bool in_kernel = false;
    Time since;         // the peer's request came; of a server's tunnels only
    bool gone = false;  // the endpoint has forgotten it: release as soon as the sessions are gone
    std::map<LocalSessionId, Session> sessions;
};

class Datapath {
public:
    Datapath(Ports& ports, const SaTable& sas) : ports_(ports), sas_(sas) {}

    // ---- traffic
    void count(LocalSessionId session);  // keeps the kernel's counters, which end with the session
    // By the owner's name, since the daemon's start; never falls.
    [[nodiscard]] std::map<std::string, Traffic> traffic();

    // ---- up. An Error has changed nothing.
    [[nodiscard]] Status open_tunnel(LocalTunnelId tunnel, Role& owner, const l2tp::Path& path,
                                     std::optional<SaBinding> sa, SourcePort port = SourcePort::usual);
    // Nothing: leaves the marks as they are.
    [[nodiscard]] Status mark_tunnel(LocalTunnelId tunnel, std::optional<std::uint8_t> dscp);
    [[nodiscard]] Status connect_tunnel(LocalTunnelId tunnel, PeerTunnelId peer);
    [[nodiscard]] Status open_session(Time now, const KernelSession& ids);
    // Data messages carry sequence numbers from now on, both ways.
    [[nodiscard]] Status sequence_session(LocalSessionId session);
    // `spec.mtu` 0: as large as the encapsulation allows.
    [[nodiscard]] Status start_ppp(LocalSessionId session, PppSpec spec);
    void ppp_up(LocalSessionId session, const PppUp& link);
    // The SA of this mark changed, and perhaps what it puts around a packet: the MTU of links that follows it
    // is set anew, never above what PPP agreed on. Returns the sessions whose MTU is another now.
    std::vector<LocalSessionId> refit(std::uint32_t mark);

    // The SA of this mark died: nothing leaves its tunnels until they are tied to another.
    void suspend(std::uint32_t mark);
    // Ties the tunnels of a suspended SA to its successor. False: one would not be tied.
    [[nodiscard]] bool succeed(std::uint32_t mark, const SaBinding& next);

    // ---- down
    // Ends pppd (with LCP's farewell where the peer is still there), then the kernel's session.
    void close_session(LocalSessionId session);
    // The endpoint has forgotten the tunnel.
    void tunnel_gone(LocalTunnelId tunnel);
    // pppd ended; the session goes if it was waiting for that.
    void ppp_exited(LocalSessionId session);
    // The tunnels that have nothing left in the world since the last call, each with its owner.
    [[nodiscard]] std::vector<std::pair<LocalTunnelId, Role*>> take_released();

    // ---- look-up; null when there is none
    [[nodiscard]] Tunnel* tunnel(LocalTunnelId id);
    [[nodiscard]] Tunnel* tunnel_of(LocalSessionId session);
    [[nodiscard]] Tunnel* tunnel_of(SocketId socket);
    [[nodiscard]] Session* session(LocalSessionId id);
    [[nodiscard]] Session* session_of(PppId ppp);
    [[nodiscard]] const std::map<LocalTunnelId, Tunnel>& tunnels() const { return tunnels_; }
    [[nodiscard]] std::vector<LocalTunnelId> tunnels_of(const Role& owner) const;
    [[nodiscard]] std::vector<LocalTunnelId> tunnels_on(std::uint32_t mark) const;

private:
    [[nodiscard]] std::uint16_t mtu_of(const Tunnel& tunnel, const Session& session) const;
    void forget_link(Session& session);
    void remove_if_done(LocalSessionId session);
    void release_if_done(Tunnel& tunnel);

    Ports& ports_;
    const SaTable& sas_;
    std::map<LocalTunnelId, Tunnel> tunnels_;
    std::map<LocalSessionId, LocalTunnelId> session_index_;
    std::map<SocketId, LocalTunnelId> socket_index_;
    std::set<std::pair<std::uint32_t, LocalTunnelId>> mark_index_;  // by the mark of their SA
    std::map<PppId, LocalSessionId> ppp_index_;
    std::map<std::string, LocalSessionId> link_index_;  // by the interface
    std::vector<std::pair<LocalTunnelId, Role*>> released_;
    std::map<std::string, Traffic> ended_;  // by owner: of sessions that are gone
};

}  // namespace keel::lifecycle
