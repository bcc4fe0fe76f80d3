// The sessions of an Lns: their pppds, logins and addresses.
#include <utility>

#include "lifecycle/authenticator.hpp"
#include "lifecycle/lns.hpp"
#include "lifecycle/ppp_cause.hpp"
#include "lifecycle/reason.hpp"

namespace keel::lifecycle {
namespace {

// RFC 2661 4.4.2.
constexpr std::uint16_t kLossOfCarrier = 1, kGeneralError = 2, kAdministrative = 3, kNoFacilities = 4;
constexpr std::uint16_t kNoResources = 4;  // error code

}  // namespace

void Lns::on_session_offered(Time now, const l2tp::SessionOffered& event) {
    const auto control = context_.endpoint.tunnel_status(event.tunnel);
    if (stopping_ || !control) {
        (void)context_.endpoint.reject_session(now, event.tunnel, event.session, kNoFacilities, 0,
                                               "the server is being shut down");
        return;
    }
    // Made before the answer, so that the peer's first LCP frame finds its session.
    if (const auto made = open_session(now, *control, event.session, event.peer_session); !made) {
        refuse(now, Stage::session, control->path.remote.text(), {}, made.error().text(), made.error().code);
        (void)context_.endpoint.reject_session(now, event.tunnel, event.session, kGeneralError, kNoResources,
                                               "out of resources");
        return;
    }
    // RFC 3308 4: by the tunnel's socket the session's packets have the tunnel's DSCP and no other.
    (void)context_.endpoint.accept_session(now, event.tunnel, event.session, control->dscp);
}

Status Lns::open_session(Time now, const l2tp::TunnelStatus& tunnel, LocalSessionId session,
                         PeerSessionId peer) {
    return context_.datapath.open_session(now, {.tunnel = tunnel.tunnel,
                                                .peer_tunnel = tunnel.peer_tunnel,
                                                .session = session,
                                                .peer_session = peer,
                                                .lns_mode = true,
                                                .sequencing = false});
}

// The client has accepted a call of ours; it may begin with PPP as soon as that is answered.
void Lns::on_session_peer_known(Time now, const l2tp::SessionPeerKnown& event) {
    const auto control = context_.endpoint.tunnel_status(event.tunnel);
    if (!control) return;
    const auto made = open_session(now, *control, event.session, event.peer_session);
    if (made) return;
    calls_.on_ended(now, event.session, Stage::session, made.error());
    (void)context_.endpoint.close_session(now, event.tunnel, event.session, kGeneralError,
                                          "out of resources");
}

PppSpec Lns::ppp_spec() const {
    return {.name = config_->name,
            .server = true,
            .auth = config_->auth,
            .user = {},
            .password = {},
            .mtu = config_->mtu,
            .local_address = config_->local_address,
            .dns = config_->dns,
            .want_dns = false,
            .lcp_echo_interval = config_->echo_interval,
            .lcp_echo_failures = 4};
}

void Lns::on_session_up(Time now, const l2tp::SessionUp& event) {
    const Tunnel* tunnel = context_.datapath.tunnel(event.tunnel);
    if (!tunnel) return;
    // RFC 2661 5.4: the client requires sequence numbers, which nobody knew when the session was made.
    auto started = event.sequencing ? context_.datapath.sequence_session(event.session) : Status{};
    if (started) started = context_.datapath.start_ppp(event.session, ppp_spec());
    if (started) return calls_.on_session_up(now, event.session);
    calls_.on_ended(now, event.session, Stage::ppp, started.error());
    refuse(now, Stage::ppp, tunnel->path.remote.text(), {}, started.error().text(), started.error().code);
    (void)context_.endpoint.close_session(now, event.tunnel, event.session, kGeneralError,
                                          "pppd cannot be started");
    context_.datapath.close_session(event.session);
}

void Lns::on_session_down(Time now, const l2tp::SessionDown& event) {
    const Session* held = context_.datapath.session(event.session);
    const bool refused = held && !held->refused.empty();
    if (refused) {
        calls_.on_ended(now, event.session, Stage::ppp, {ErrorCode::denied, held->refused, {}});
    } else {
        calls_.on_ended(now, event.session, Stage::session, error_of(event.reason));
    }
    // RFC 3145: what failed at the client, of which our own pppd knows nothing better.
    if (event.reason.cause == l2tp::DownReason::Cause::peer && !refused && tells_failure(event.reason.ppp))
        refuse(now, Stage::ppp, peer_of(event.session), held ? held->user : std::string(),
               event.reason.text());
    context_.datapath.close_session(event.session);
}

std::string Lns::peer_of(LocalSessionId session) const {
    const Tunnel* tunnel = context_.datapath.tunnel_of(session);
    return tunnel ? tunnel->path.remote.text() : std::string();
}

std::optional<IpAddress> Lns::lend(Session& session, const config::User* user) {
    if (session.lease) return session.lease;
    if (user && user->address) {
        if (pool_.take(*user->address)) session.lease = user->address;
    } else {
        session.lease = pool_.take();
    }
    return session.lease;
}

void Lns::on_login(Time now, LocalSessionId id, const LoginRequest& request) {
    Session* session = context_.datapath.session(id);
    if (!session || !session->ppp) return;
    const Judgement judgement = judge(request, config_->users);
    LoginVerdict verdict{
        .accepted = judgement.user != nullptr, .message = judgement.message, .peer_address = {}};
    if (!verdict.accepted) {
        session->refused = judgement.reason;
    } else if (verdict.peer_address = lend(*session, judgement.user); !verdict.peer_address) {
        verdict.accepted = false;
        verdict.message = "No address is free";
        session->refused = judgement.user->address ? "the user's address is in use by another session"
                                                   : "the pool is used up";
    }
    if (verdict.accepted) {
        session->user = request.user;
        context_.log.info("session.authenticated", {{"connection", name()},
                                                    {"session", id.value},
                                                    {"state", "authenticated"},
                                                    {"user", request.user},
                                                    {"peer", peer_of(id)}});
    } else {
        refuse(now, Stage::ppp, peer_of(id), request.user, session->refused,
               judgement.user ? ErrorCode::busy : ErrorCode::denied);
    }
    context_.ports.ppp.answer_login(*session->ppp, verdict);
}

void Lns::on_address_wanted(Time now, LocalSessionId id) {
    Session* session = context_.datapath.session(id);
    if (!session || !session->ppp) return;
    const auto address = config_->auth.empty() || session->lease ? lend(*session, nullptr) : std::nullopt;
    if (!address) {
        session->refused = "the pool is used up";
        refuse(now, Stage::ppp, peer_of(id), session->user, session->refused, ErrorCode::busy);
    }
    context_.ports.ppp.answer_address(*session->ppp, address);
}

void Lns::on_ppp_up(Time now, LocalSessionId id, const PppUp& link) {
    const Session* session = context_.datapath.session(id);
    if (!session) return;
    context_.log.notice("session.up", {{"connection", name()},
                                       {"session", id.value},
                                       {"state", "up"},
                                       {"user", session->user},
                                       {"peer", peer_of(id)},
                                       {"interface", link.interface},
                                       {"remote", link.remote.text()},
                                       {"mtu", link.mtu}});
    calls_.on_ppp_up(now, id);
}

void Lns::on_ppp_exited(Time now, LocalSessionId id, const PppExited& event) {
    Session* session = context_.datapath.session(id);
    if (!session) return;
    const std::string why = session->ending.empty() ? event.message : session->ending;
    context_.log.notice("session.down", {{"connection", name()},
                                         {"session", id.value},
                                         {"state", "down"},
                                         {"user", session->user},
                                         {"peer", peer_of(id)},
                                         {"why", why}});
    if (session->lease) pool_.give_back(*std::exchange(session->lease, std::nullopt));
    if (session->closing) return;
    Error reason = error_of(event, true);
    if (!session->refused.empty()) reason = {ErrorCode::denied, session->refused, std::move(reason.remedy)};
    if (!session->ending.empty()) reason = {ErrorCode::denied, session->ending, {}};
    calls_.on_ended(now, id, Stage::ppp, std::move(reason));
    const bool by_peer =
        event.cause == PppExited::Cause::peer_terminated || event.cause == PppExited::Cause::echo_lost;
    (void)context_.endpoint.close_session(now, session->ids.tunnel, id,
                                          by_peer ? kLossOfCarrier : kAdministrative, why,
                                          disconnect_causes(event, true));
    context_.datapath.close_session(id);
}

}  // namespace keel::lifecycle
