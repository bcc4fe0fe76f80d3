// The stages tunnel, session, ppp and routes of a Lac.
#include <algorithm>
#include <utility>

#include "lifecycle/lac.hpp"
#include "lifecycle/ppp_cause.hpp"
#include "lifecycle/reason.hpp"
#include "lifecycle/tunnel_options.hpp"

namespace keel::lifecycle {
namespace {

constexpr std::uint16_t kL2tpPort = 1701;
constexpr Duration kFarewellPatience = seconds(5);  // as long as a server lets its own pppd take to end

// RFC 2661 4.4.3: told only where calls are answered; whatever they are to go over, it is answered here.
std::optional<std::uint32_t> bearers(const config::Lac& config) {
    if (!config.waits_for_call) return std::nullopt;
    return l2tp::kDigitalBearer | l2tp::kAnalogBearer;
}

}  // namespace

void Lac::begin_tunnel(Time now) {
    enter(now, Stage::tunnel, tunnel_patience(config_->tunnel));
    l2tp::Path path{.local = {}, .remote = {*peer_, kL2tpPort}, .binding = sa_ ? sa_->mark : 0};
    if (sa_) {
        path.local = sa_->local;
    } else if (const auto source = context_.ports.kernel.source_address(*peer_)) {
        path.local = *source;
    } else {
        return fail(now, Stage::tunnel, source.error());
    }
    auto options = tunnel_options(config_->tunnel, config_->hello_interval);
    options.bearer_capabilities = bearers(*config_);
    const auto opened = context_.endpoint.open_tunnel(now, path, options);
    if (!opened) return fail(now, Stage::tunnel, opened.error());
    const auto binding = sa_ ? std::optional(SaBinding{sa_->mark, sa_->reqid}) : std::nullopt;
    const auto port = source_port_of(config_->tunnel);
    if (const auto socket = context_.datapath.open_tunnel(*opened, *this, path, binding, port); !socket) {
        (void)context_.endpoint.abandon_tunnel(now, *opened, socket.error().message);
        return fail(now, Stage::tunnel, socket.error());
    }
    tunnel_ = *opened;
    (void)mark(now, config_->tunnel.dscp);
}

bool Lac::mark(Time now, std::optional<std::uint8_t> dscp) {
    const auto marked = context_.datapath.mark_tunnel(*tunnel_, dscp);
    if (!marked) fail(now, stage_, marked.error());
    return marked.has_value();
}

void Lac::on_tunnel_peer_known(Time now, const l2tp::TunnelPeerKnown& event) {
    if (const auto made = context_.datapath.connect_tunnel(event.tunnel, event.peer_tunnel); !made) {
        fail(now, Stage::tunnel, made.error());
    }
}

void Lac::on_tunnel_up(Time now, const l2tp::TunnelUp& event) {
    if (state_ != State::connecting || event.tunnel != tunnel_) return;
    if (!mark(now, event.dscp)) return;
    if (config_->waits_for_call) {
        why_.reset();
        history_.add(now, Transition::To::ready);
        return wait_for_call(now);
    }
    enter(now, Stage::session, tunnel_patience(config_->tunnel));
    // RFC 3308 4: the session's packets leave by the tunnel's socket, so that they cannot differ from it.
    const l2tp::SessionOptions options{.sequencing = config_->tunnel.sequencing, .dscp = event.dscp};
    const auto opened = context_.endpoint.open_session(now, event.tunnel, options);
    if (!opened) return fail(now, Stage::session, opened.error());
    session_ = *opened;
}

void Lac::on_session_peer_known(Time now, const l2tp::SessionPeerKnown& event) {
    if (const auto made = open_session(now, event.tunnel, event.session, event.peer_session); !made)
        fail(now, Stage::session, made.error());
}

Status Lac::open_session(Time now, LocalTunnelId tunnel, LocalSessionId session, PeerSessionId peer) {
    const auto control = context_.endpoint.tunnel_status(tunnel);
    if (!control) return keel::fail(ErrorCode::not_found, "the tunnel is gone");
    return context_.datapath.open_session(now, {.tunnel = tunnel,
                                                .peer_tunnel = control->peer_tunnel,
                                                .session = session,
                                                .peer_session = peer,
                                                .lns_mode = false,
                                                .sequencing = config_->tunnel.sequencing});
}

PppSpec Lac::ppp_spec() const {
    return {.name = config_->name,
            .server = false,
            .auth = {},
            .user = config_->user,
            .password = config_->password,
            .mtu = config_->mtu,
            .local_address = std::nullopt,
            .dns = {},
            .want_dns = false,
            .lcp_echo_interval = config_->echo_interval,
            .lcp_echo_failures = 4};
}

void Lac::on_session_up(Time now, const l2tp::SessionUp& event) {
    if (state_ != State::connecting) return;
    enter(now, Stage::ppp, kPppPatience);
    // The tunnel's only session: what the server offers for it instead can be had.
    if (!mark(now, event.dscp)) return;
    if (Session* session = context_.datapath.session(event.session)) session->user = config_->user;
    if (const auto started = context_.datapath.start_ppp(event.session, ppp_spec()); !started) {
        fail(now, Stage::ppp, started.error());
    }
}

void Lac::on_ppp_up(Time now, LocalSessionId, const PppUp& link) {
    if (state_ != State::connecting || stage_ != Stage::ppp) return;
    enter(now, Stage::routes, kPppPatience);
    begin_routes(now, link);
}

void Lac::begin_routes(Time now, const PppUp& link) {
    if (const auto added = add_routes(link.interface); !added) return fail(now, Stage::routes, added.error());
    enter(now, Stage::up, {});
    state_ = State::up;
    history_.add(now, Transition::To::up);
    state_since_ = now;
    deadline_.reset();
    attempts_ = 0;
    why_.reset();
    backoff_.reset();
    context_.log.notice("connection.up", {{"connection", name()},
                                          {"state", "up"},
                                          {"peer", peer_->text()},
                                          {"interface", link.interface},
                                          {"local", link.local.text()},
                                          {"remote", link.remote.text()},
                                          {"mtu", link.mtu},
                                          {"ike_ms", took(Stage::ike) + took(Stage::esp)},
                                          {"l2tp_ms", took(Stage::tunnel) + took(Stage::session)},
                                          {"took_ms", now - attempt_since_}});
}

Status Lac::add_routes(const std::string& interface) {
    Kernel& kernel = context_.ports.kernel;
    const bool swallows_peer =
        std::ranges::any_of(config_->routes, [&](const Prefix& prefix) { return prefix.contains(*peer_); });
    if (swallows_peer && !pinned_) {
        if (auto pinned = kernel.pin_path(*peer_); !pinned) return pinned;
        pinned_ = true;
    }
    for (const Prefix& prefix : config_->routes) {
        if (std::ranges::count(routes_, prefix, &Route::destination) > 0) continue;
        const Route route{prefix, interface};
        if (auto added = kernel.add_route(route); !added) return added;
        routes_.push_back(route);
    }
    return {};
}

Duration Lac::took(Stage stage) const {
    const auto entry = std::ranges::find(timeline_, stage, &StageDuration::stage);
    return entry == timeline_.end() ? Duration::zero() : entry->took;
}

void Lac::remove_routes() {
    for (const Route& route : routes_) context_.ports.kernel.remove_route(route);
    routes_.clear();
    if (std::exchange(pinned_, false)) context_.ports.kernel.unpin_path(*peer_);
}

void Lac::on_tunnel_down(Time now, const l2tp::TunnelDown& event) {
    if (event.tunnel == tunnel_)
        fail(now, Stage::tunnel, explained(event.reason, config_->tunnel, name(), Side::client));
}

void Lac::on_tunnel_released(Time now, LocalTunnelId tunnel) {
    if (tunnel != tunnel_) return;
    tunnel_.reset();
    if (state_ == State::closing) return taken_down(now);
    fail(now, Stage::tunnel,
         {ErrorCode::unavailable, "the tunnel is gone",
          "somebody else may have deleted the kernel's tunnel: see the kernel's log"});
}

void Lac::on_session_down(Time now, const l2tp::SessionDown& event) {
    const Session* held = context_.datapath.session(event.session);
    const bool ppp_runs = held && held->ppp;
    context_.datapath.close_session(event.session);
    if (event.session != session_) return;  // refused, or of a call that has ended already
    if (event.reason.cause == l2tp::DownReason::Cause::tunnel_down) return;  // TunnelDown tells why
    // A server hangs up when PPP failed; what pppd has to say of it, "wrong password" say, is the better
    // reason.
    if (ppp_runs && active()) {
        hung_up_ = event.reason;
    } else {
        fail(now, Stage::session, error_of(event.reason, farewell_ ? farewell_->message : ""));
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

void Lac::on_ppp_exited(Time now, LocalSessionId session, const PppExited& event) {
    if (session != session_) return;
    const bool says_nothing =
        event.cause == PppExited::Cause::stopped || event.cause == PppExited::Cause::lost;
    if (hung_up_ && says_nothing) return fail(now, Stage::session, error_of(*hung_up_));
    if (hung_up_ && event.cause == PppExited::Cause::peer_terminated)
        return fail(now, Stage::session, error_of(*hung_up_, event.message));
    Error error = error_of(event, false);
    causes_ = disconnect_causes(event, false);
    if (active() && !hung_up_ && event.cause == PppExited::Cause::peer_terminated) {
        // A server that ends says so in PPP first; its CDN or StopCCN, which tells more, is on its way.
        farewell_ = std::move(error);
        deadline_ = now + kFarewellPatience;
    } else {
        fail(now, Stage::ppp, std::move(error));
    }
}

}  // namespace keel::lifecycle
