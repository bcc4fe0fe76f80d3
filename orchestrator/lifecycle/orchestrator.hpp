// Orchestrator: the whole lifecycle, pure: events and time in, calls to the ports out. It routes each event
// to the tunnel's owner, feeds the L2TP endpoint and carries out its outputs. Owner: main, through linux/.
//
// The order of use: one input (start, receive, on_timeout, stop), then next_timeout().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/config.hpp"
#include "lifecycle/context.hpp"
#include "lifecycle/plan.hpp"
#include "lifecycle/roster.hpp"

namespace keel::lifecycle {

class Orchestrator {
public:
    // All ports outlive the Orchestrator. `host_name`: where the configuration gives none.
    Orchestrator(std::shared_ptr<const config::Config> config, std::string host_name, Ports ports, Log& log);

    // An Error: the guard cannot be installed, so nothing is started (fail closed).
    [[nodiscard]] Status start(Time now);

    // What apply() would do.
    [[nodiscard]] Plan plan(const config::Config& next) const;
    // Brings everything to another configuration. An Error: something was refused, perhaps halfway; apply
    // what was before. Otherwise outcome() tells how it came out, once that is known.
    [[nodiscard]] Status apply(Time now, std::shared_ptr<const config::Config> next);
    [[nodiscard]] std::optional<Status> outcome() const { return roster_.outcome(); }
    [[nodiscard]] const std::shared_ptr<const config::Config>& config() const { return config_; }

    // By hand; see Roster.
    [[nodiscard]] Status down(Time now, const std::string& name);
    [[nodiscard]] Status up(Time now, const std::string& name);
    [[nodiscard]] Status restart(Time now, const std::string& name);
    // Ends the sessions that `which` picks; returns how many.
    std::size_t drop(Time now, const std::function<bool(const Tunnel&, const Session&)>& which);

    void receive(Time now, Event event);
    void on_timeout(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const;
    // Takes everything down in order. When stopped(), nothing of ours is left but what the ports still have
    // to finish by themselves (charon's answers).
    void stop(Time now);
    [[nodiscard]] bool stopped() const;

    [[nodiscard]] Overview overview(Time now) const;
    [[nodiscard]] std::vector<UserStatus> users() const;  // of all servers
    [[nodiscard]] const CharonStatus& charon() const { return charon_; }
    // By connection, all sessions since the start; never falls.
    [[nodiscard]] std::map<std::string, Traffic> traffic() { return datapath_.traffic(); }
    [[nodiscard]] std::vector<std::string> connections() const;  // "lns/office", "lac/branch"
    // The recent control messages of the connection "lns/office", the oldest first; nothing: there is none.
    [[nodiscard]] std::optional<std::vector<TracedMessage>> trace(std::string_view connection) const;

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
    void dispatch(Time now, const PppEchoed& event);
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

    // orchestrator_ppp.cpp: how long PPP's phases take.
    void note_phase(Time now, Session& session);
    void tell_ppp_up(Time now, const Session& session);
    void answer_once(const l2tp::Send& output);
    void trace(Time now, TracedMessage::Direction direction, LocalTunnelId tunnel, const l2tp::Path& path,
               ByteView datagram);
    void settle(Time now);
    [[nodiscard]] Status settled(Time now, Status done);
    [[nodiscard]] Role* owner_of(LocalTunnelId tunnel);

    std::shared_ptr<const config::Config> config_;
    Ports ports_;
    std::string host_name_;
    l2tp::Endpoint endpoint_;
    SaTable sas_;
    Datapath datapath_;
    TunnelCloser closer_;
    CharonStatus charon_;
    Context context_;
    Log& log_;
    Roster roster_;
};

}  // namespace keel::lifecycle
