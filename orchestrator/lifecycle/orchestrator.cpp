#include "lifecycle/orchestrator.hpp"

#include <algorithm>
#include <utility>

#include "lifecycle/ppp_cause.hpp"

namespace keel::lifecycle {

Orchestrator::Orchestrator(std::shared_ptr<const config::Config> config, std::string host_name, Ports ports,
                           Log& log)
    : config_(std::move(config)),
      ports_(ports),
      host_name_(config_->host_name.empty() ? std::move(host_name) : config_->host_name),
      endpoint_({.host_name = host_name_,
                 .incoming =
                     [this](const l2tp::Path& path, std::string_view) {
                         const Lns* lns = roster_.lns_on(path.local);
                         return lns ? lns->incoming() : l2tp::Incoming();
                     }},
                ports.random),
      datapath_(ports_, sas_),
      closer_(endpoint_, datapath_),
      context_{ports_, endpoint_, datapath_, closer_, sas_, charon_, log},
      log_(log),
      roster_(context_) {
    charon_.why = Error{ErrorCode::unavailable, "strongSwan has not answered yet", {}};
}

Status Orchestrator::start(Time now) {
    auto started = roster_.apply(now, config_);
    if (started) settle(now);
    return started;
}

void Orchestrator::receive(Time now, Event event) {
    std::visit([&](const auto& held) { dispatch(now, held); }, event);
    settle(now);
}

void Orchestrator::on_timeout(Time now) {
    endpoint_.on_timeout(now);
    closer_.on_timeout(now);
    roster_.on_timeout(now);
    settle(now);
}

std::optional<Time> Orchestrator::next_timeout() const {
    std::optional<Time> next;
    const auto consider = [&](std::optional<Time> at) {
        if (at) next = std::min(next.value_or(*at), *at);
    };
    consider(endpoint_.next_timeout());
    consider(closer_.next_timeout());
    consider(roster_.next_timeout());
    return next;
}

// Carries out what the last input brought about, until nothing is left to do.
void Orchestrator::settle(Time now) {
    for (;;) {
        while (const auto output = endpoint_.poll_output()) {
            std::visit([&](const auto& held) { carry_out(now, held); }, *output);
        }
        closer_.advance(now);
        const auto released = datapath_.take_released();
        for (const auto& [tunnel, owner] : released) owner->on_tunnel_released(now, tunnel);
        if (released.empty()) {
            const auto more = endpoint_.poll_output();
            if (!more) break;
            std::visit([&](const auto& held) { carry_out(now, held); }, *more);
        }
    }
    roster_.settle(now);
}

// ---- who a thing belongs to

Role* Orchestrator::owner_of(LocalTunnelId id) {
    const Tunnel* tunnel = datapath_.tunnel(id);
    return tunnel ? tunnel->owner : nullptr;
}

// ---- events: IPsec

void Orchestrator::dispatch(Time now, const IpsecReady& event) {
    charon_ = {.ready = true, .version = event.version, .why = std::nullopt};
    log_.notice("ipsec.charon-ready", {{"version", event.version}});
    for (Lns* lns : roster_.lnss()) lns->on_ipsec_ready(now);
    for (Lac* lac : roster_.lacs()) lac->on_ipsec_ready(now);
}

void Orchestrator::dispatch(Time now, const IpsecLoaded& event) {
    for (Lns* lns : roster_.lnss()) {
        if (lns->name() == event.connection) lns->on_ipsec_loaded(now, event.warning);
    }
}

void Orchestrator::dispatch(Time now, const IpsecLost& event) {
    charon_ = {.ready = false, .version = {}, .why = event.why};
    log_.error("ipsec.charon-lost", {{"why", event.why.text()}});
    sas_.clear();
    for (Lns* lns : roster_.lnss()) lns->on_ipsec_lost(now);
    for (Lac* lac : roster_.lacs()) lac->on_ipsec_lost(now, event.why);
    // charon's marks start again with its next life: no tunnel may keep one of this life.
    std::vector<LocalTunnelId> protected_tunnels;
    for (const auto& [id, tunnel] : datapath_.tunnels()) {
        if (tunnel.sa) protected_tunnels.push_back(id);
    }
    for (const LocalTunnelId id : protected_tunnels) closer_.abandon(now, id, "strongSwan went");
}

void Orchestrator::dispatch(Time now, const IpsecIkeUp& event) {
    for (Lac* lac : roster_.lacs()) {
        if (lac->name() == event.connection) lac->on_ike_up(now);
    }
}

void Orchestrator::dispatch(Time now, const IpsecUp& event) {
    const ChildSa& sa = event.sa;
    sas_.put(sa);
    log_.notice("ipsec.up",
                {{"connection", sa.connection},
                 {"mark", sa.mark},
                 {"state", "up"},
                 {"peer", sa.remote.text()},
                 {"identity", sa.remote_id},
                 {"ike_version", sa.ike_version},
                 {"suite", sa.integrity.empty() ? sa.encryption : sa.encryption + "/" + sa.integrity},
                 {"encap", sa.encap}});
    for (Lns* lns : roster_.lnss()) lns->succeed(now, sa);
    for (Lac* lac : roster_.lacs()) lac->succeed(now, sa);
    // strongSwan reuses the reqid of a dead CHILD_SA: whoever still holds it would send under the wrong SA.
    std::vector<LocalTunnelId> stale;
    for (const auto& [id, tunnel] : datapath_.tunnels()) {
        if (tunnel.sa && tunnel.sa->reqid == sa.reqid && tunnel.sa->mark != sa.mark) stale.push_back(id);
    }
    for (const LocalTunnelId id : stale) {
        datapath_.suspend(datapath_.tunnel(id)->sa->mark);
        closer_.abandon(now, id, "its IPsec SA is gone");
    }
    for (Lns* lns : roster_.lnss()) {
        if (lns->name() == sa.connection) lns->on_sa_up(now, sa);
    }
    for (Lac* lac : roster_.lacs()) {
        if (lac->name() == sa.connection) lac->on_sa_up(now, sa);
    }
}

void Orchestrator::dispatch(Time, const IpsecChanged& event) {
    sas_.put(event.sa);
    for (Lac* lac : roster_.lacs()) lac->on_sa_changed(event.sa);
    for (const LocalSessionId id : datapath_.refit(event.sa.mark)) {
        const Session* session = datapath_.session(id);
        log_.notice("session.refitted", {{"connection", event.sa.connection},
                                         {"session", id.value},
                                         {"interface", session->link->interface},
                                         {"mtu", session->mtu},
                                         {"why", "the encapsulation changed"}});
    }
}

void Orchestrator::dispatch(Time now, const IpsecDown& event) {
    sas_.erase(event.sa.mark);
    log_.notice("ipsec.down", {{"connection", event.sa.connection},
                               {"mark", event.sa.mark},
                               {"state", "down"},
                               {"peer", event.sa.remote.text()},
                               {"why", event.reason}});
    for (Lns* lns : roster_.lnss()) lns->on_sa_down(now, event.sa);
    for (Lac* lac : roster_.lacs()) lac->on_sa_down(now, event.sa, event.reason);
}

void Orchestrator::dispatch(Time now, const IpsecFailed& event) {
    for (Lns* lns : roster_.lnss()) {
        if (lns->name() == event.connection) lns->on_ipsec_failed(now, event.why);
    }
    for (Lac* lac : roster_.lacs()) {
        if (lac->name() == event.connection) lac->on_ipsec_failed(now, event.why);
    }
}

void Orchestrator::dispatch(Time now, const IpsecRefused& event) {
    for (Lns* lns : roster_.lnss()) lns->on_ipsec_refused(now, event);
}

// ---- events: datagrams, names

void Orchestrator::dispatch(Time now, const DatagramReceived& event) {
    // A tunnel's socket is tied to its SA, and the rules that led the datagram there have taken the mark off.
    if (const Tunnel* tunnel = datapath_.tunnel_of(event.socket)) {
        const l2tp::Path path{tunnel->path.local, event.from, tunnel->path.binding};
        trace(now, TracedMessage::Direction::received, tunnel->id, path, event.datagram);
        endpoint_.receive(now, path, event.datagram);
    } else {
        const l2tp::Path path{event.local, event.from, event.mark};
        trace(now, TracedMessage::Direction::received, {}, path, event.datagram);
        endpoint_.receive(now, path, event.datagram);
    }
}

void Orchestrator::dispatch(Time now, const Resolved& event) {
    for (Lac* lac : roster_.lacs()) lac->on_resolved(now, event);
}

// ---- events: PPP

void Orchestrator::dispatch(Time now, const PppPhaseChanged& event) {
    Session* session = datapath_.session_of(event.ppp);
    if (!session) return;
    session->phase = event.phase;
    note_phase(now, *session);
    owner_of(session->ids.tunnel)->on_ppp_phase(now, session->ids.session, event.phase);
}

void Orchestrator::dispatch(Time now, const PppLoginRequested& event) {
    const Session* session = datapath_.session_of(event.ppp);
    if (session) owner_of(session->ids.tunnel)->on_login(now, session->ids.session, event.request);
}

void Orchestrator::dispatch(Time now, const PppAddressRequested& event) {
    const Session* session = datapath_.session_of(event.ppp);
    if (session) owner_of(session->ids.tunnel)->on_address_wanted(now, session->ids.session);
}

void Orchestrator::dispatch(Time now, const PppUp& event) {
    Session* session = datapath_.session_of(event.ppp);
    if (!session) return;
    datapath_.ppp_up(session->ids.session, event);
    tell_ppp_up(now, *session);
    owner_of(session->ids.tunnel)->on_ppp_up(now, session->ids.session, event);
}

void Orchestrator::dispatch(Time now, const PppExited& event) {
    const Session* session = datapath_.session_of(event.ppp);
    if (!session) return;
    const LocalSessionId id = session->ids.session;
    log_.debug("session.ppp-ended", {{"connection", owner_of(session->ids.tunnel)->name()},
                                     {"session", id.value},
                                     {"cause", name_of(event.cause)},
                                     {"why", event.message}});
    // First the owner, who reads its book-keeping in the session; then the session may go.
    owner_of(session->ids.tunnel)->on_ppp_exited(now, id, event);
    datapath_.ppp_exited(id);
}

// ---- the endpoint's outputs

void Orchestrator::carry_out(Time now, const l2tp::Send& output) {
    trace(now, TracedMessage::Direction::sent, output.tunnel, output.path, output.datagram);
    if (const Tunnel* tunnel = datapath_.tunnel(output.tunnel)) {
        ports_.datagrams.send(tunnel->socket, std::nullopt, output.datagram);
        return;
    }
    if (output.path.binding != 0) return answer_once(output);
    if (const Lns* lns = roster_.lns_on(output.path.local)) {
        ports_.datagrams.send(*lns->listener_on(output.path.local), output.path.remote, output.datagram);
    }
}

// A refusal to a peer that has no tunnel: nothing may leave outside its SA, so the answer has a socket of its
// own for as long as it takes. A tunnel on the same SA would lose its packets to that socket; then there is
// no answer.
void Orchestrator::answer_once(const l2tp::Send& output) {
    const l2tp::Path& path = output.path;
    const ChildSa* sa = sas_.find(path.binding);
    const Lns* lns = roster_.lns_on(path.local);
    if (!sa || !lns || sa->connection != lns->name() || !datapath_.tunnels_on(path.binding).empty()) return;
    const auto socket = ports_.datagrams.open_tunnel_socket(
        {.local = path.local, .remote = path.remote, .sa = SaBinding{sa->mark, sa->reqid}});
    if (!socket) return;
    ports_.datagrams.send(*socket, std::nullopt, output.datagram);
    ports_.datagrams.close(*socket);
}

void Orchestrator::carry_out(Time now, const l2tp::TunnelOffered& output) {
    if (Lns* lns = roster_.lns_on(output.path.local)) {
        lns->on_tunnel_offered(now, output);
    } else {
        closer_.abandon(now, output.tunnel, "nobody listens there");
    }
}

void Orchestrator::carry_out(Time now, const l2tp::TunnelRefused& output) {
    if (Lns* lns = roster_.lns_on(output.path.local)) lns->on_tunnel_refused(now, output);
}

void Orchestrator::carry_out(Time now, const l2tp::TunnelPeerKnown& output) {
    if (Role* owner = owner_of(output.tunnel)) owner->on_tunnel_peer_known(now, output);
}

void Orchestrator::carry_out(Time now, const l2tp::TunnelUp& output) {
    if (Role* owner = owner_of(output.tunnel)) owner->on_tunnel_up(now, output);
}

void Orchestrator::carry_out(Time now, const l2tp::TunnelDown& output) {
    if (Role* owner = owner_of(output.tunnel)) owner->on_tunnel_down(now, output);
}

void Orchestrator::carry_out(Time, const l2tp::TunnelGone& output) {
    datapath_.tunnel_gone(output.tunnel);
}

void Orchestrator::carry_out(Time now, const l2tp::SessionOffered& output) {
    if (Role* owner = owner_of(output.tunnel)) owner->on_session_offered(now, output);
}

void Orchestrator::carry_out(Time now, const l2tp::SessionPeerKnown& output) {
    if (Role* owner = owner_of(output.tunnel)) owner->on_session_peer_known(now, output);
}

void Orchestrator::carry_out(Time now, const l2tp::SessionUp& output) {
    if (Role* owner = owner_of(output.tunnel)) owner->on_session_up(now, output);
}

void Orchestrator::carry_out(Time now, const l2tp::SessionDown& output) {
    if (Role* owner = owner_of(output.tunnel)) owner->on_session_down(now, output);
}

// ---- end, status

void Orchestrator::stop(Time now) {
    roster_.stop(now);
    settle(now);
}

bool Orchestrator::stopped() const {
    return roster_.stopped();
}

Overview Orchestrator::overview(Time now) const {
    Overview status;
    status.host_name = host_name_;
    status.charon = charon_;
    status.control = endpoint_.counters();
    if (roster_.guarded()) {
        if (const auto counters = ports_.kernel.guard_counters()) status.guard = *counters;
    }
    status.lacs = roster_.lac_status(now);
    status.lnss = roster_.lns_status(now);
    for (const auto& [id, tunnel] : datapath_.tunnels()) {
        if (const auto control = endpoint_.tunnel_status(id)) {
            status.tunnels.push_back({*control, tunnel.owner->name(),
                                      tunnel.sa ? std::optional(tunnel.sa->mark) : std::nullopt,
                                      tunnel.dscp});
        }
        for (const auto& [session_id, session] : tunnel.sessions) {
            SessionStatus entry{.ids = session.ids,
                                .connection = tunnel.owner->name(),
                                .user = session.user,
                                .phase = session.phase,
                                .up = session.link.has_value(),
                                .interface = {},
                                .local = {},
                                .remote = {},
                                .mtu = session.mtu,
                                .counters = std::nullopt,
                                .echo = session.echo,
                                .age = now - session.since,
                                .control = endpoint_.session_status(id, session_id)};
            if (session.link) {
                entry.interface = session.link->interface;
                entry.local = session.link->local;
                entry.remote = session.link->remote;
            }
            if (const auto counters = ports_.kernel.session_counters(id, session_id))
                entry.counters = *counters;
            status.sessions.push_back(std::move(entry));
        }
    }
    for (const auto& [mark, sa] : sas_.all()) {
        SaStatus entry{.sa = sa, .in = std::nullopt, .out = std::nullopt};
        if (const auto in = ports_.kernel.sa_counters(sa.remote.ip, sa.local, sa.spi_in, mark))
            entry.in = *in;
        if (const auto out = ports_.kernel.sa_counters(sa.local, sa.remote.ip, sa.spi_out, 0))
            entry.out = *out;
        status.sas.push_back(std::move(entry));
    }
    return status;
}

}  // namespace keel::lifecycle
