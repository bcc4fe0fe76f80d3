// What is measured of PPP: how long its phases take, told once for each link; how its echoes fare.
#include "lifecycle/orchestrator.hpp"

namespace keel::lifecycle {

void Orchestrator::note_phase(Time now, Session& session) {
    const auto first = [now](std::optional<Time>& at) {
        if (!at) at = now;
    };
    if (session.phase == PppPhase::lcp) first(session.lcp_at);
    if (session.phase == PppPhase::authenticate) first(session.authenticate_at);
    if (session.phase == PppPhase::network) first(session.network_at);
    // The kernel's counters end with pppd.
    if (session.phase == PppPhase::terminate) datapath_.count(session.ids.session);
}

void Orchestrator::dispatch(Time, const PppEchoed& event) {
    if (Session* session = datapath_.session_of(event.ppp)) session->echo = event.echo;
}

void Orchestrator::tell_ppp_up(Time now, const Session& session) {
    const Role* owner = owner_of(session.ids.tunnel);
    if (!session.lcp_at || !session.network_at) return;
    // Who need not log in never comes to the phase between.
    const Time authenticate = session.authenticate_at.value_or(*session.network_at);
    log_.debug("session.negotiated", {{"connection", owner->name()},
                                      {"session", session.ids.session.value},
                                      {"lcp_ms", authenticate - *session.lcp_at},
                                      {"authentication_ms", *session.network_at - authenticate},
                                      {"ipcp_ms", now - *session.network_at}});
}

}  // namespace keel::lifecycle
