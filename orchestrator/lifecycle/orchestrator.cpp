#include "lifecycle/orchestrator.hpp"

#include <algorithm>
#include <utility>

namespace keel::lifecycle {

Orchestrator::Orchestrator(const config::Config& config, std::string host_name, Ports ports, Log& log)
    : ports_(ports),
      host_name_(config.host_name.empty() ? std::move(host_name) : config.host_name),
      endpoint_({.host_name = host_name_,
                 .incoming =
                     [this](const l2tp::Path& path, std::string_view) {
                         const Lns* lns = lns_on(path.local);
                         return lns ? lns->incoming() : l2tp::Incoming();
                     }},
                ports.random),
      datapath_(ports_, sas_),
      closer_(endpoint_, datapath_),
      context_{ports_, endpoint_, datapath_, closer_, sas_, charon_, log},
      log_(log) {
    for (const config::Lns& lns : config.lns) {
        lnss_.push_back(std::make_unique<Lns>(lns, context_));
        if (lns.ipsec) guarded_.insert(guarded_.end(), lns.listen.begin(), lns.listen.end());
        needs_ipsec_ |= lns.ipsec.has_value();
    }
    for (const config::Lac& lac : config.lac) {
        lacs_.push_back(std::make_unique<Lac>(lac, context_));
        needs_ipsec_ |= lac.ipsec.has_value();
    }
    charon_.why = Error{ErrorCode::unavailable, "strongSwan has not answered yet", {}};
}

Status Orchestrator::start(Time now) {
    if (needs_ipsec_) {
        if (auto installed = ports_.kernel.install_guard(guarded_); !installed) return installed;
        guard_installed_ = true;
    }
    for (const auto& lns : lnss_) lns->start(now);
    for (const auto& lac : lacs_) lac->start(now);
    settle(now);
    return {};
}

void Orchestrator::receive(Time now, Event event) {
    std::visit([&](const auto& held) { dispatch(now, held); }, event);
    settle(now);
}

void Orchestrator::on_timeout(Time now) {
    endpoint_.on_timeout(now);
    closer_.on_timeout(now);
    for (const auto& lns : lnss_) lns->on_timeout(now);
    for (const auto& lac : lacs_) lac->on_timeout(now);
    settle(now);
}

std::optional<Time> Orchestrator::next_timeout() const {
    std::optional<Time> next;
    const auto consider = [&](std::optional<Time> at) {
        if (at) next = std::min(next.value_or(*at), *at);
    };
    consider(endpoint_.next_timeout());
    consider(closer_.next_timeout());
    for (const auto& lns : lnss_) consider(lns->next_timeout());
    for (const auto& lac : lacs_) consider(lac->next_timeout());
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
    finish_stop();
}

// ---- who a thing belongs to

Role* Orchestrator::owner_of(LocalTunnelId id) {
    const Tunnel* tunnel = datapath_.tunnel(id);
    return tunnel ? tunnel->owner : nullptr;
}

Lns* Orchestrator::lns_on(const IpAddress& local) {
    const auto found =
        std::ranges::find_if(lnss_, [&](const auto& lns) { return lns->listener_on(local).has_value(); });
    return found == lnss_.end() ? nullptr : found->get();
}

// ---- events: IPsec

void Orchestrator::dispatch(Time now, const IpsecReady& event) {
    charon_ = {.ready = true, .version = event.version, .why = std::nullopt};
    log_.notice("charon=ready version={}", event.version);
    for (const auto& lac : lacs_) lac->on_ipsec_ready(now);
}

void Orchestrator::dispatch(Time now, const IpsecLoaded& event) {
    for (const auto& lns : lnss_) {
        if (lns->name() == event.connection) lns->on_ipsec_loaded(now, event.warning);
    }
}

void Orchestrator::dispatch(Time now, const IpsecLost& event) {
    charon_ = {.ready = false, .version = {}, .why = event.why};
    log_.error("charon=unavailable why={}", quote(event.why.text()));
    sas_.clear();
    for (const auto& lns : lnss_) lns->on_ipsec_lost();
    for (const auto& lac : lacs_) lac->on_ipsec_lost(now, event.why);
    // charon's marks start again with its next life: no tunnel may keep one of this life.
    std::vector<LocalTunnelId> protected_tunnels;
    for (const auto& [id, tunnel] : datapath_.tunnels()) {
        if (tunnel.sa) protected_tunnels.push_back(id);
    }
    for (const LocalTunnelId id : protected_tunnels) closer_.abandon(now, id, "strongSwan went");
}

void Orchestrator::dispatch(Time now, const IpsecIkeUp& event) {
    for (const auto& lac : lacs_) {
        if (lac->name() == event.connection) lac->on_ike_up(now);
    }
}

void Orchestrator::dispatch(Time now, const IpsecUp& event) {
    const ChildSa& sa = event.sa;
    sas_.put(sa);
    for (const auto& lns : lnss_) lns->succeed(now, sa);
    for (const auto& lac : lacs_) lac->succeed(now, sa);
    // strongSwan reuses the reqid of a dead CHILD_SA: whoever still holds it would send under the wrong SA.
    std::vector<LocalTunnelId> stale;
    for (const auto& [id, tunnel] : datapath_.tunnels()) {
        if (tunnel.sa && tunnel.sa->reqid == sa.reqid && tunnel.sa->mark != sa.mark) stale.push_back(id);
    }
    for (const LocalTunnelId id : stale) {
        datapath_.suspend(datapath_.tunnel(id)->sa->mark);
        closer_.abandon(now, id, "its IPsec SA is gone");
    }
    for (const auto& lns : lnss_) {
        if (lns->name() == sa.connection) lns->on_sa_up(now, sa);
    }
    for (const auto& lac : lacs_) {
        if (lac->name() == sa.connection) lac->on_sa_up(now, sa);
    }
}

void Orchestrator::dispatch(Time, const IpsecChanged& event) {
    sas_.put(event.sa);
    for (const auto& lac : lacs_) lac->on_sa_changed(event.sa);
    for (const LocalSessionId id : datapath_.refit(event.sa.mark)) {
        const Session* session = datapath_.session(id);
        log_.notice("connection={} session={} interface={} mtu={} why=\"the encapsulation changed\"",
                    event.sa.connection, id.value, session->link->interface, session->mtu);
    }
}

void Orchestrator::dispatch(Time now, const IpsecDown& event) {
    sas_.erase(event.sa.mark);
    for (const auto& lns : lnss_) lns->on_sa_down(now, event.sa);
    for (const auto& lac : lacs_) lac->on_sa_down(now, event.sa, event.reason);
}

void Orchestrator::dispatch(Time now, const IpsecFailed& event) {
    for (const auto& lns : lnss_) {
        if (lns->name() == event.connection) lns->on_ipsec_failed(now, event.why);
    }
    for (const auto& lac : lacs_) {
        if (lac->name() == event.connection) lac->on_ipsec_failed(now, event.why);
    }
}

void Orchestrator::dispatch(Time now, const IpsecRefused& event) {
    for (const auto& lns : lnss_) lns->on_ipsec_refused(now, event);
}

// ---- events: datagrams, names

void Orchestrator::dispatch(Time now, const DatagramReceived& event) {
    // A tunnel's socket is tied to its SA, and the rules that led the datagram there have taken the mark off.
    if (const Tunnel* tunnel = datapath_.tunnel_of(event.socket)) {
        endpoint_.receive(now, {tunnel->path.local, event.from, tunnel->path.binding}, event.datagram);
    } else {
        endpoint_.receive(now, {event.local, event.from, event.mark}, event.datagram);
    }
}

void Orchestrator::dispatch(Time now, const Resolved& event) {
    for (const auto& lac : lacs_) lac->on_resolved(now, event);
}

// ---- events: PPP

void Orchestrator::dispatch(Time now, const PppPhaseChanged& event) {
    Session* session = datapath_.session_of(event.ppp);
    if (!session) return;
    session->phase = event.phase;
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
    owner_of(session->ids.tunnel)->on_ppp_up(now, session->ids.session, event);
}

void Orchestrator::dispatch(Time now, const PppExited& event) {
    const Session* session = datapath_.session_of(event.ppp);
    if (!session) return;
    const LocalSessionId id = session->ids.session;
    // First the owner, who reads its book-keeping in the session; then the session may go.
    owner_of(session->ids.tunnel)->on_ppp_exited(now, id, event);
    datapath_.ppp_exited(id);
}

// ---- the endpoint's outputs

void Orchestrator::carry_out(Time, const l2tp::Send& output) {
    if (const Tunnel* tunnel = datapath_.tunnel(output.tunnel)) {
        ports_.datagrams.send(tunnel->socket, std::nullopt, output.datagram);
        return;
    }
    if (output.path.binding != 0) return answer_once(output);
    if (const Lns* lns = lns_on(output.path.local)) {
        ports_.datagrams.send(*lns->listener_on(output.path.local), output.path.remote, output.datagram);
    }
}

// A refusal to a peer that has no tunnel: nothing may leave outside its SA, so the answer has a socket of its
// own for as long as it takes. A tunnel on the same SA would lose its packets to that socket; then there is
// no answer.
void Orchestrator::answer_once(const l2tp::Send& output) {
    const l2tp::Path& path = output.path;
    const ChildSa* sa = sas_.find(path.binding);
    const Lns* lns = lns_on(path.local);
    if (!sa || !lns || sa->connection != lns->name() || !datapath_.tunnels_on(path.binding).empty()) return;
    const auto socket = ports_.datagrams.open_tunnel_socket(
        {.local = path.local, .remote = path.remote, .sa = SaBinding{sa->mark, sa->reqid}});
    if (!socket) return;
    ports_.datagrams.send(*socket, std::nullopt, output.datagram);
    ports_.datagrams.close(*socket);
}

void Orchestrator::carry_out(Time now, const l2tp::TunnelOffered& output) {
    if (Lns* lns = lns_on(output.path.local)) {
        lns->on_tunnel_offered(now, output);
    } else {
        closer_.abandon(now, output.tunnel, "nobody listens there");
    }
}

void Orchestrator::carry_out(Time now, const l2tp::TunnelRefused& output) {
    if (Lns* lns = lns_on(output.path.local)) lns->on_tunnel_refused(now, output);
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
    if (std::exchange(stopping_, true)) return;
    for (const auto& lac : lacs_) lac->stop(now);
    for (const auto& lns : lnss_) lns->stop(now);
    settle(now);
}

bool Orchestrator::stopped() const {
    return stopping_ && std::ranges::all_of(lacs_, [](const auto& lac) { return lac->stopped(); }) &&
           std::ranges::all_of(lnss_, [](const auto& lns) { return lns->stopped(); });
}

void Orchestrator::finish_stop() {
    // The guard goes last: while a tunnel is left, so is what keeps it from speaking in clear.
    if (stopped() && std::exchange(guard_installed_, false)) ports_.kernel.remove_guard();
}

Overview Orchestrator::overview(Time now) const {
    Overview status;
    status.host_name = host_name_;
    status.charon = charon_;
    status.control = endpoint_.counters();
    if (guard_installed_) {
        if (const auto counters = ports_.kernel.guard_counters()) status.guard = *counters;
    }
    for (const auto& lac : lacs_) status.lacs.push_back(lac->status(now));
    for (const auto& lns : lnss_) status.lnss.push_back(lns->status(now));
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
