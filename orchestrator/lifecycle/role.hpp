// Role: what the owner of tunnels (a Lac or an Lns) is told about them. The Orchestrator calls it; each call
// may use the ports and the endpoint, none calls back.
#pragma once

#include "l2tp/endpoint.hpp"
#include "lifecycle/trace.hpp"
#include "ports.hpp"

namespace keel::lifecycle {

class Role {
public:
    virtual ~Role() = default;
    [[nodiscard]] virtual const std::string& name() const = 0;
    [[nodiscard]] Trace& trace() { return trace_; }
    [[nodiscard]] const Trace& trace() const { return trace_; }

    // By hand, or since the configuration has no place for it any more: `why` is told to the peer.
    virtual void drop(Time now, LocalSessionId session, const std::string& why) = 0;

    virtual void on_tunnel_peer_known(Time now, const l2tp::TunnelPeerKnown& event) = 0;
    virtual void on_tunnel_up(Time now, const l2tp::TunnelUp& event) = 0;
    virtual void on_tunnel_down(Time now, const l2tp::TunnelDown& event) = 0;
    // The tunnel and all it had in the kernel are gone.
    virtual void on_tunnel_released(Time now, LocalTunnelId tunnel) = 0;

    virtual void on_session_offered(Time now, const l2tp::SessionOffered& event) = 0;
    virtual void on_session_peer_known(Time now, const l2tp::SessionPeerKnown& event) = 0;
    virtual void on_session_up(Time now, const l2tp::SessionUp& event) = 0;
    virtual void on_session_down(Time now, const l2tp::SessionDown& event) = 0;

    virtual void on_login(Time now, LocalSessionId session, const LoginRequest& request) = 0;
    virtual void on_address_wanted(Time now, LocalSessionId session) = 0;
    virtual void on_ppp_phase(Time now, LocalSessionId session, PppPhase phase) = 0;
    virtual void on_ppp_up(Time now, LocalSessionId session, const PppUp& link) = 0;
    virtual void on_ppp_exited(Time now, LocalSessionId session, const PppExited& event) = 0;

protected:
    Role() = default;
    explicit Role(Trace::Limits limits) : trace_(limits) {}

private:
    Trace trace_;
};

}  // namespace keel::lifecycle
