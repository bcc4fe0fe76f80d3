#include "lifecycle/lac.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lifecycle/mtu.hpp"

namespace keel::lifecycle {
namespace {

constexpr std::uint16_t kL2tpPort = 1701;
constexpr Duration kResolvePatience = seconds(15);
constexpr Duration kIpsecPatience = seconds(30);
constexpr Duration kPppPatience = seconds(60);  // LCP, authentication and IPCP, each with its retransmissions
constexpr Duration kFarewellPatience = seconds(1);
constexpr std::uint16_t kStopGeneral = 1, kStopShutdown = 6;  // RFC 2661 4.4.2

std::string remedy_for(PppExited::Cause cause) {
    switch (cause) {
        case PppExited::Cause::auth_failed: return "check the user's name and password at both ends";
        case PppExited::Cause::auth_refused_peer:
        case PppExited::Cause::negotiation:
            return "compare the PPP settings (authentication, addresses) of both ends";
        case PppExited::Cause::echo_lost: return "check the network between the two ends";
        case PppExited::Cause::peer_terminated: return "ask the server's operator, or read its log";
        case PppExited::Cause::stopped:
        case PppExited::Cause::lost:
        case PppExited::Cause::error: return {};
    }
    return {};
}

}  // namespace

void Lac::attempt(Time now) {
    state_ = State::connecting;
    state_since_ = attempt_since_ = now;
    ++attempts_;
    timeline_.clear();
    sa_.reset();
    hung_up_.reset();
    farewell_.reset();
    stage_ = Stage::resolve;
    stage_since_ = now;
    deadline_ = now + kResolvePatience;
    resolve_tag_ = context_.next_tag++;
    context_.ports.resolver.resolve(resolve_tag_, config_.server);
}

void Lac::enter(Time now, Stage stage, Duration patience) {
    timeline_.push_back({stage_, now - stage_since_});
    stage_ = stage;
    stage_since_ = now;
    deadline_ = now + patience;
}

void Lac::on_resolved(Time now, const Resolved& event) {
    if (event.tag != resolve_tag_ || state_ != State::connecting || stage_ != Stage::resolve) return;
    if (!event.addresses) return fail(now, Stage::resolve, event.addresses.error());
    const auto& addresses = *event.addresses;
    if (addresses.empty()) {
        return fail(now, Stage::resolve,
                    {ErrorCode::not_found, fmt::format("{} has no address", config_.server),
                     "check the name and the DNS server"});
    }
    peer_ = addresses[(attempts_ - 1) % addresses.size()];  // another one at each try
    if (config_.ipsec) {
        begin_ipsec(now);
    } else {
        begin_tunnel(now);
    }
}

void Lac::begin_ipsec(Time now) {
    enter(now, Stage::ike, kIpsecPatience);
    if (context_.charon.ready) initiate();  // otherwise when it is, or when the patience ends
}

void Lac::initiate() {
    const config::Ipsec& ipsec = *config_.ipsec;
    context_.ports.ipsec.load({.name = config_.name,
                               .role = IpsecConnection::Role::initiator,
                               .ike = ipsec.ike,
                               .local = {},
                               .remote = peer_,
                               .local_id = ipsec.local_id,
                               .remote_id = ipsec.remote_id,
                               .psk = ipsec.psk,
                               .ike_proposals = ipsec.ike_proposals,
                               .esp_proposals = ipsec.esp_proposals,
                               .force_encap = ipsec.force_encap});
    context_.ports.ipsec.initiate(config_.name);
}

void Lac::on_ike_up(Time now) {
    if (state_ == State::connecting && stage_ == Stage::ike) enter(now, Stage::esp, kIpsecPatience);
}

void Lac::on_sa_up(Time now, const ChildSa& sa) {
    if (state_ == State::connecting && stage_ == Stage::ike) enter(now, Stage::esp, kIpsecPatience);
    if (state_ == State::connecting && stage_ == Stage::esp) {
        sa_ = sa;
        begin_tunnel(now);
    } else if (!sa_ || sa_->mark != sa.mark) {
        context_.ports.ipsec.terminate(sa);  // too late, or one too many
    }
}

void Lac::on_sa_changed(const ChildSa& sa) {
    if (sa_ && sa_->mark == sa.mark) sa_ = sa;
}

void Lac::on_sa_down(Time now, const ChildSa& sa, const std::string& reason) {
    if (!sa_ || sa_->mark != sa.mark) return;
    sa_.reset();
    if (active()) {
        fail(now, Stage::esp,
             {ErrorCode::unavailable,
              reason.empty() ? "the IPsec SA was deleted" : "the IPsec SA went: " + reason,
              "the server's log may tell why"});
    } else if (tunnel_) {
        context_.closer.abandon(now, *tunnel_, "its IPsec SA is gone");
    }
}

void Lac::on_ipsec_failed(Time now, const Error& why) {
    if (state_ != State::connecting || (stage_ != Stage::ike && stage_ != Stage::esp)) return;
    fail(now, stage_, why);
}

void Lac::on_ipsec_lost(Time now, const Error& why) {
    sa_.reset();
    if (config_.ipsec && active() && stage_ != Stage::resolve) fail(now, Stage::ike, why);
}

void Lac::on_ipsec_ready(Time now) {
    if (config_.ipsec && state_ == State::connecting && stage_ == Stage::ike) initiate();
    if (config_.ipsec && state_ == State::waiting && why_ && why_->stage == Stage::ike) deadline_ = now;
}

void Lac::begin_tunnel(Time now) {
    // The endpoint's own retransmissions give up in time.
    enter(now, Stage::tunnel, kPppPatience);
    l2tp::Path path{.local = {}, .remote = {*peer_, kL2tpPort}, .binding = sa_ ? sa_->mark : 0};
    if (sa_) {
        path.local = sa_->local;
    } else if (const auto source = context_.ports.kernel.source_address(*peer_)) {
        path.local = *source;
    } else {
        return fail(now, Stage::tunnel, source.error());
    }
    const auto opened =
        context_.endpoint.open_tunnel(now, path, {.host_name = {}, .hello_interval = config_.hello_interval});
    if (!opened) return fail(now, Stage::tunnel, opened.error());
    const auto binding = sa_ ? std::optional(SaBinding{sa_->mark, sa_->reqid}) : std::nullopt;
    if (const auto socket = context_.datapath.open_tunnel(*opened, *this, path, binding); !socket) {
        (void)context_.endpoint.abandon_tunnel(now, *opened, socket.error().message);
        return fail(now, Stage::tunnel, socket.error());
    }
    tunnel_ = *opened;
}

void Lac::on_tunnel_peer_known(Time now, const l2tp::TunnelPeerKnown& event) {
    if (const auto made = context_.datapath.connect_tunnel(event.tunnel, event.peer_tunnel); !made) {
        fail(now, Stage::tunnel, made.error());
    }
}

void Lac::on_tunnel_up(Time now, const l2tp::TunnelUp& event) {
    if (state_ != State::connecting || event.tunnel != tunnel_) return;
    enter(now, Stage::session, kPppPatience);
    if (const auto opened = context_.endpoint.open_session(now, event.tunnel); !opened) {
        fail(now, Stage::session, opened.error());
    }
}

void Lac::on_session_peer_known(Time now, const l2tp::SessionPeerKnown& event) {
    const Tunnel* tunnel = context_.datapath.tunnel(event.tunnel);
    const auto control = context_.endpoint.tunnel_status(event.tunnel);
    if (!tunnel || !control) return;
    const KernelSession ids{.tunnel = event.tunnel,
                            .peer_tunnel = control->peer_tunnel,
                            .session = event.session,
                            .peer_session = event.peer_session,
                            .lns_mode = false,
                            .sequencing = false};
    if (const auto made = context_.datapath.open_session(now, ids); !made)
        fail(now, Stage::session, made.error());
}

PppSpec Lac::ppp_spec(bool sequencing) {
    std::uint16_t mtu = config_.mtu;
    if (mtu == 0) {
        const auto path_mtu = context_.ports.kernel.path_mtu(*peer_);
        mtu = ppp_mtu(path_mtu.value_or(1500), peer_->is_v4(), sa_ ? &*sa_ : nullptr, sequencing);
    }
    return {.name = config_.name,
            .server = false,
            .auth = {},
            .user = config_.user,
            .password = config_.password,
            .mtu = mtu,
            .local_address = std::nullopt,
            .dns = {},
            .want_dns = false,
            .lcp_echo_interval = config_.echo_interval,
            .lcp_echo_failures = 4};
}

void Lac::on_session_up(Time now, const l2tp::SessionUp& event) {
    if (state_ != State::connecting) return;
    enter(now, Stage::ppp, kPppPatience);
    if (Session* session = context_.datapath.session(event.session)) session->user = config_.user;
    if (const auto started = context_.datapath.start_ppp(event.session, ppp_spec(event.sequencing));
        !started) {
        fail(now, Stage::ppp, started.error());
    }
}

void Lac::on_ppp_up(Time now, LocalSessionId, const PppUp& link) {
    if (state_ != State::connecting || stage_ != Stage::ppp) return;
    enter(now, Stage::routes, kPppPatience);
    begin_routes(now, link);
}

void Lac::begin_routes(Time now, const PppUp& link) {
    Kernel& kernel = context_.ports.kernel;
    const bool swallows_peer =
        std::ranges::any_of(config_.routes, [&](const Prefix& prefix) { return prefix.contains(*peer_); });
    if (swallows_peer) {
        if (const auto pinned = kernel.pin_path(*peer_); !pinned)
            return fail(now, Stage::routes, pinned.error());
        pinned_ = true;
    }
    for (const Prefix& prefix : config_.routes) {
        const Route route{prefix, link.interface};
        if (const auto added = kernel.add_route(route); !added)
            return fail(now, Stage::routes, added.error());
        routes_.push_back(route);
    }
    enter(now, Stage::up, {});
    state_ = State::up;
    state_since_ = now;
    deadline_.reset();
    attempts_ = 0;
    why_.reset();
    backoff_.reset();
    context_.log.notice("connection={} state=up peer={} interface={} local={} remote={} mtu={} took_ms={}",
                        name(), peer_->text(), link.interface, link.local.text(), link.remote.text(),
                        link.mtu, std::chrono::duration_cast<milliseconds>(now - attempt_since_).count());
}

void Lac::remove_routes() {
    for (const Route& route : routes_) context_.ports.kernel.remove_route(route);
    routes_.clear();
    if (std::exchange(pinned_, false)) context_.ports.kernel.unpin_path(*peer_);
}

void Lac::fail(Time now, Stage stage, Error error) {
    if (!active()) return;
    const bool was_up = state_ == State::up;
    if (was_up) backoff_.reset();
    retry_at_ = now + backoff_.next(context_.ports.random);
    context_.log.warning("connection={} state={} stage={} why={} retry_ms={}", name(),
                         was_up ? "lost" : "failed", name_of(stage), quote(error.text()),
                         std::chrono::duration_cast<milliseconds>(retry_at_ - now).count());
    why_ = Why{stage, std::move(error), now};
    take_down(now, kStopGeneral, {});
}

void Lac::take_down(Time now, std::uint16_t result, const std::string& message) {
    state_ = State::closing;
    state_since_ = now;
    deadline_.reset();
    remove_routes();
    if (!tunnel_) return taken_down(now);
    if (config_.ipsec && !sa_) {
        context_.closer.abandon(now, *tunnel_, "its IPsec SA is gone");
    } else {
        context_.closer.close(now, *tunnel_, result, message);
    }
}

void Lac::taken_down(Time now) {
    sa_.reset();
    if (stopping_) {
        if (config_.ipsec) context_.ports.ipsec.unload(config_.name);
        state_ = State::stopped;
        return;
    }
    if (config_.ipsec) context_.ports.ipsec.terminate_all(config_.name);
    state_ = State::waiting;
    state_since_ = now;
    deadline_ = std::max(now, retry_at_);
}

void Lac::stop(Time now) {
    if (std::exchange(stopping_, true)) return;
    if (state_ != State::closing) take_down(now, kStopShutdown, "the client is being shut down");
}

void Lac::on_timeout(Time now) {
    if (!deadline_ || *deadline_ > now) return;
    if (active() && farewell_) return fail(now, Stage::ppp, *farewell_);
    if (state_ == State::waiting) return attempt(now);
    if (state_ != State::connecting) return;
    if (stage_ == Stage::ike && context_.charon.why) return fail(now, stage_, *context_.charon.why);
    fail(now, stage_,
         {ErrorCode::timeout,
          fmt::format("no answer from {} within {} s", peer_ ? peer_->text() : config_.server,
                      std::chrono::duration_cast<seconds>(now - stage_since_).count()),
          stage_ == Stage::ike ? "check that udp/500 and udp/4500 reach the server" : ""});
}

void Lac::on_tunnel_down(Time now, const l2tp::TunnelDown& event) {
    if (event.tunnel == tunnel_) fail(now, Stage::tunnel, {ErrorCode::unavailable, event.reason.text(), {}});
}

void Lac::on_tunnel_released(Time now, LocalTunnelId tunnel) {
    if (tunnel != tunnel_) return;
    tunnel_.reset();
    if (state_ == State::closing) return taken_down(now);
    fail(now, Stage::tunnel, {ErrorCode::unavailable, "the tunnel is gone", {}});
}

void Lac::on_session_offered(Time now, const l2tp::SessionOffered& event) {
    // An LNS that calls back wants something that was not agreed on: 4.4.2, result 4: no appropriate
    // facilities.
    (void)context_.endpoint.reject_session(now, event.tunnel, event.session, 4, 0, "no incoming calls here");
}

void Lac::on_session_down(Time now, const l2tp::SessionDown& event) {
    const Session* held = context_.datapath.session(event.session);
    const bool ppp_runs = held && held->ppp;
    context_.datapath.close_session(event.session);
    if (event.reason.cause == l2tp::DownReason::Cause::tunnel_down) return;  // TunnelDown tells why
    Error error{ErrorCode::unavailable, event.reason.text(), {}};
    // A server hangs up when PPP failed; what pppd has to say of it, "wrong password" say, is the better
    // reason.
    if (ppp_runs && active()) {
        hung_up_ = std::move(error);
    } else {
        fail(now, Stage::session, std::move(error));
    }
}

void Lac::on_login(Time, LocalSessionId session, const LoginRequest&) {
    // We dial; who asks us to judge a login has a peer that we did not ask to log in.
    if (const Session* held = context_.datapath.session(session); held && held->ppp) {
        context_.ports.ppp.answer_login(*held->ppp, {});
    }
}

void Lac::on_address_wanted(Time, LocalSessionId session) {
    if (const Session* held = context_.datapath.session(session); held && held->ppp) {
        context_.ports.ppp.answer_address(*held->ppp, std::nullopt);
    }
}

void Lac::on_ppp_exited(Time now, LocalSessionId, const PppExited& event) {
    const bool says_nothing =
        event.cause == PppExited::Cause::stopped || event.cause == PppExited::Cause::lost;
    if (hung_up_ && says_nothing) return fail(now, Stage::session, *hung_up_);
    Error error{ErrorCode::unavailable, event.message, remedy_for(event.cause)};
    if (active() && !hung_up_ && event.cause == PppExited::Cause::peer_terminated) {
        // A server that ends says so in PPP first; its CDN or StopCCN, which tells more, is on its way.
        farewell_ = std::move(error);
        deadline_ = now + kFarewellPatience;
    } else {
        fail(now, Stage::ppp, std::move(error));
    }
}

LacStatus Lac::status(Time now) const {
    LacStatus status{.name = config_.name,
                     .state = LacStatus::State::connecting,
                     .stage = stage_,
                     .server = config_.server,
                     .peer = peer_,
                     .why = why_,
                     .retry_in = {},
                     .attempts = attempts_,
                     .timeline = timeline_,
                     .in_state = now - state_since_};
    switch (state_) {
        case State::connecting: break;
        case State::up: status.state = LacStatus::State::up; break;
        case State::closing:
        case State::stopped: status.state = LacStatus::State::stopping; break;
        case State::waiting:
            status.state = LacStatus::State::waiting;
            status.retry_in = std::max<Duration>(*deadline_ - now, {});
            break;
    }
    if (state_ == State::closing && !stopping_) {
        status.state = LacStatus::State::waiting;
        status.retry_in = std::max<Duration>(retry_at_ - now, {});
    }
    return status;
}

}  // namespace keel::lifecycle
