// Orchestrator: the whole lifecycle, pure: events and time in, calls to the ports out. It routes each event
// to the tunnel's owner, feeds the L2TP endpoint and carries out its outputs. Owner: main, through linux/.
//
// The order of use: one input (start, receive, on_timeout, stop), then next_timeout().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/config.hpp"
#include "lifecycle/context.hpp"
#include "lifecycle/lac.hpp"
#include "lifecycle/lns.hpp"

namespace keel::lifecycle {

class Orchestrator {
public:
    // `config` and all ports outlive the Orchestrator. `host_name`: where the configuration gives none.
    Orchestrator(const config::Config& config, std::string host_name, Ports ports, Log& log);

    // An Error: the guard cannot be installed, so nothing is started (fail closed).
    [[nodiscard]] Status start(Time now);
    void receive(Time now, Event event);
    void on_timeout(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const;
    // Takes everything down in order. When stopped(), nothing of ours is left but what the ports still have
    // to finish by themselves (charon's answers).
    void stop(Time now);
    [[nodiscard]] bool stopped() const;

    [[nodiscard]] Overview overview(Time now) const;
    [[nodiscard]] const CharonStatus& charon() const { return charon_; }

private:
    void dispatch(Time now, const IpsecReady& event);
    void dispatch(Time now, const IpsecLoaded& event);
    void dispatch(Time now, const IpsecLost& event);
    void dispatch(Time now, const IpsecIkeUp& event);
    void dispatch(Time now, const IpsecUp& event);
    void dispatch(Time now, const IpsecChanged& event);
    void dispatch(Time now, const IpsecDown& event);
    void dispatch(Time now, const IpsecFailed& event);
    void dispatch(Time now, const IpsecRefused& event);
    void dispatch(Time now, const DatagramReceived& event);
    void dispatch(Time now, const PppPhaseChanged& event);
    void dispatch(Time now, const PppLoginRequested& event);
    void dispatch(Time now, const PppAddressRequested& event);
    void dispatch(Time now, const PppUp& event);
    void dispatch(Time now, const PppExited& event);
    void dispatch(Time now, const Resolved& event);

    void carry_out(Time now, const l2tp::Send& output);
    void carry_out(Time now, const l2tp::TunnelOffered& output);
    void carry_out(Time now, const l2tp::TunnelRefused& output);
    void carry_out(Time now, const l2tp::TunnelPeerKnown& output);
    void carry_out(Time now, const l2tp::TunnelUp& output);
    void carry_out(Time now, const l2tp::TunnelDown& output);
    void carry_out(Time now, const l2tp::TunnelGone& output);
    void carry_out(Time now, const l2tp::SessionOffered& output);
    void carry_out(Time now, const l2tp::SessionPeerKnown& output);
    void carry_out(Time now, const l2tp::SessionUp& output);
    void carry_out(Time now, const l2tp::SessionDown& output);

    void answer_once(const l2tp::Send& output);
    void settle(Time now);
    void finish_stop();
    [[nodiscard]] Role* owner_of(LocalTunnelId tunnel);
    [[nodiscard]] Lns* lns_on(const IpAddress& local);

    Ports ports_;
    std::string host_name_;
    l2tp::Endpoint endpoint_;
    SaTable sas_;
    Datapath datapath_;
    TunnelCloser closer_;
    CharonStatus charon_;
    Context context_;
    Log& log_;
    std::vector<std::unique_ptr<Lns>> lnss_;
    std::vector<std::unique_ptr<Lac>> lacs_;
    std::vector<IpAddress> guarded_;
    bool needs_ipsec_ = false;
    bool stopping_ = false;
    bool guard_installed_ = false;
};

}  // namespace keel::lifecycle
