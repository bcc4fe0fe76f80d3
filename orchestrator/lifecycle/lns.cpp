#include "lifecycle/lns.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "lifecycle/tunnel_options.hpp"

namespace keel::lifecycle {
namespace {

constexpr std::uint16_t kL2tpPort = 1701;
constexpr Duration kListenAgain = seconds(5);
constexpr Duration kOfferPatience = seconds(8);  // for charon's word of an SA, or for an old tunnel's end
constexpr Duration kIdle = seconds(1);           // for a peer that begins anew on its SA at once
constexpr std::size_t kRefusalsKept = 20;
// An SCCRQ costs its sender nothing: so many refusals are told in that time, the others only counted.
constexpr unsigned kTold = 10;
constexpr Duration kTellingTime = seconds(10);

// RFC 2661 4.4.2.
constexpr std::uint16_t kGeneralError = 2, kShutdown = 6;
constexpr std::uint16_t kNoResources = 4;  // error code

}  // namespace

Lns::Lns(std::shared_ptr<const config::Lns> config, Context& context)
    : Role({.messages = 512, .octets = std::size_t{96} * 1024, .idle = 128}),
      config_(std::move(config)),
      context_(context),
      pool_(config_->pool, reserved_addresses()),
      calls_(*config_, context) {}

std::set<IpAddress> Lns::reserved_addresses() const {
    std::set<IpAddress> reserved{config_->local_address};
    for (const auto& [name, user] : config_->users) {
        if (user.address) reserved.insert(*user.address);
    }
    return reserved;
}

void Lns::start(Time now) {
    if (config_->ipsec) load_ipsec();
    open_listeners(now);
}

void Lns::load_ipsec() {
    const config::Ipsec& ipsec = *config_->ipsec;
    loading_ = true;
    ipsec_why_.reset();
    context_.ports.ipsec.load({.name = config_->name,
                               .role = IpsecConnection::Role::responder,
                               .ike = ipsec.ike,
                               .local = config_->listen,
                               .remote = std::nullopt,
                               .local_id = ipsec.local_id,
                               .remote_id = {},
                               .auth = ipsec.auth,
                               .ike_proposals = ipsec.ike_proposals,
                               .esp_proposals = ipsec.esp_proposals,
                               .force_encap = false});
}

void Lns::open_listeners(Time now) {
    listen_again_.reset();
    for (const IpAddress& local : config_->listen) {
        if (listener_on(local)) continue;
        auto socket =
            context_.ports.datagrams.open_listener({{local, kL2tpPort}, config_->ipsec.has_value()});
        if (socket) {
            listeners_.push_back({local, *socket});
            context_.log.notice("connection.listening",
                                {{"connection", name()},
                                 {"state", "listening"},
                                 {"address", SocketAddress{local, kL2tpPort}.text()}});
            continue;
        }
        const bool news = !listen_why_ || listen_why_->error.message != socket.error().message;
        if (news)
            context_.log.error("connection.down",
                               {{"connection", name()}, {"state", "down"}, {"why", socket.error().text()}});
        listen_why_ = Why{Stage::tunnel, socket.error(), now};
        listen_again_ = now + kListenAgain;
    }
    if (!listen_again_) listen_why_.reset();
    note(now);
}

l2tp::Incoming Lns::incoming() const {
    return {config_->tunnel.secret, quirks_of(config_->tunnel)};
}

std::optional<SocketId> Lns::listener_on(const IpAddress& local) const {
    const auto found = std::ranges::find(listeners_, local, &Listener::local);
    return found == listeners_.end() ? std::nullopt : std::optional(found->socket);
}

// ---- tunnels

void Lns::on_tunnel_offered(Time now, const l2tp::TunnelOffered& offer) {
    if (stopping_) return context_.closer.abandon(now, offer.tunnel, "the server is being shut down");
    if (!config_->ipsec) return establish(now, offer, nullptr);
    const ChildSa* sa = context_.sas.find(offer.path.binding);
    if (sa && sa->connection != config_->name) {
        refuse(now, Stage::tunnel, offer.path.remote.text(), {}, "came under an SA of " + sa->connection);
        return context_.closer.abandon(now, offer.tunnel, "came under another connection's SA");
    }
    // The peer has begun anew on its SA: what it had before is gone, and its socket must go before the new
    // one comes.
    const auto old = context_.datapath.tunnels_on(offer.path.binding);
    for (const LocalTunnelId id : old) context_.closer.abandon(now, id, "the peer has begun a new tunnel");
    if (sa && context_.datapath.tunnels_on(offer.path.binding).empty()) return establish(now, offer, sa);
    waiting_.push_back({offer, now + kOfferPatience});
}

void Lns::on_tunnel_refused(Time now, const l2tp::TunnelRefused& event) {
    refuse(now, Stage::tunnel, event.path.remote.text(), {},
           explained(event.reason, config_->tunnel, name(), Side::server).text());
}

void Lns::establish(Time now, const l2tp::TunnelOffered& offer, const ChildSa* sa) {
    const auto binding = sa ? std::optional(SaBinding{sa->mark, sa->reqid}) : std::nullopt;
    const auto opened = context_.datapath.open_tunnel(offer.tunnel, *this, offer.path, binding);
    if (!opened) {
        // Without its own socket nothing can be said to the peer that would not leave outside its SA.
        refuse(now, Stage::tunnel, offer.path.remote.text(), {}, opened.error().text(), opened.error().code);
        return context_.closer.abandon(now, offer.tunnel, opened.error().message);
    }
    context_.datapath.tunnel(offer.tunnel)->since = now;
    auto options = tunnel_options(config_->tunnel, config_->hello_interval);
    // RFC 3308 3: nothing is granted that the packets would not have.
    const bool grants = offer.dscp && !options.quirks.has(l2tp::Quirk::required_avps_only);
    if (grants && !context_.datapath.mark_tunnel(offer.tunnel, options.dscp)) options.dscp.reset();
    if (const auto made = context_.datapath.connect_tunnel(offer.tunnel, offer.peer_tunnel); !made) {
        refuse(now, Stage::tunnel, offer.path.remote.text(), {}, made.error().text(), made.error().code);
        (void)context_.endpoint.reject_tunnel(now, offer.tunnel, kGeneralError, kNoResources,
                                              "out of resources");
        return;
    }
    (void)context_.endpoint.accept_tunnel(now, offer.tunnel, options);
}

void Lns::retry_waiting(Time now) {
    for (Waiting& held : std::exchange(waiting_, {})) {
        const ChildSa* sa = context_.sas.find(held.offer.path.binding);
        if (sa && sa->connection == config_->name && context_.datapath.tunnels_on(sa->mark).empty()) {
            establish(now, held.offer, sa);
        } else if (held.until <= now) {
            refuse(
                now, Stage::tunnel, held.offer.path.remote.text(), {},
                sa ? "its old tunnel did not end in time" : "came under an SA that charon did not tell of");
            context_.closer.abandon(now, held.offer.tunnel, "not admitted in time");
        } else {
            waiting_.push_back(std::move(held));
        }
    }
}

void Lns::on_tunnel_up(Time now, const l2tp::TunnelUp& event) {
    const Tunnel* tunnel = context_.datapath.tunnel(event.tunnel);
    if (!tunnel) return;
    context_.log.notice("tunnel.up", {{"connection", name()},
                                      {"tunnel", event.tunnel.value},
                                      {"state", "established"},
                                      {"peer", tunnel->path.remote.text()},
                                      {"host_name", event.host_name},
                                      {"took_ms", now - tunnel->since}});
    if (!stopping_) calls_.on_tunnel(now, event.tunnel, event.host_name);
}

void Lns::on_tunnel_down(Time now, const l2tp::TunnelDown& event) {
    calls_.on_tunnel_down(event.tunnel);
    const Tunnel* tunnel = context_.datapath.tunnel(event.tunnel);
    if (!tunnel) return;
    context_.log.notice("tunnel.down", {{"connection", name()},
                                        {"tunnel", event.tunnel.value},
                                        {"state", "down"},
                                        {"peer", tunnel->path.remote.text()},
                                        {"why", event.reason.text()}});
    if (not_authorized(event.reason)) {
        refuse(now, Stage::tunnel, tunnel->path.remote.text(), {},
               explained(event.reason, config_->tunnel, name(), Side::server).text());
    }
    if (tunnel->sa) idle_.push_back({tunnel->sa->mark, Time::max()});
}

void Lns::on_tunnel_released(Time now, LocalTunnelId) {
    retry_waiting(now);
    // An SA without a tunnel has no use (RFC 3193 4.1); a peer that begins anew on it at once may keep it.
    for (Ending& ending : idle_) {
        if (context_.datapath.tunnels_on(ending.mark).empty()) ending.at = std::min(ending.at, now + kIdle);
    }
    if (stopping_) finish_stop(now);
}

void Lns::listen_under(Time now, const ChildSa& sa) {
    // charon gives the reqid of a dead CHILD_SA to the next one, and may tell of the death later.
    stop_listening_under(
        [&](const SaBinding& held) { return held.mark == sa.mark || held.reqid == sa.reqid; });
    if (!listener_on(sa.local)) return;
    const SaBinding binding{sa.mark, sa.reqid};
    const auto socket = context_.ports.datagrams.open_listener({{sa.local, kL2tpPort}, true, binding});
    if (socket) {
        under_sas_.push_back({binding, *socket});
    } else {
        // Its requests could not be told from another's behind the same address.
        refuse(now, Stage::tunnel, sa.remote.text(), {}, socket.error().text(), socket.error().code);
        context_.ports.ipsec.terminate(sa);
    }
}

void Lns::stop_listening_under(const std::function<bool(const SaBinding&)>& which) {
    std::erase_if(under_sas_, [&](const UnderSa& held) {
        if (!which(held.sa)) return false;
        context_.ports.datagrams.close(held.socket);
        return true;
    });
}

void Lns::on_ipsec_lost(Time now) {
    stop_listening_under([](const SaBinding&) { return true; });
    note(now);
}

void Lns::on_sa_up(Time now, const ChildSa& sa) {
    if (!context_.ports.datagrams.tells_marks()) listen_under(now, sa);
    retry_waiting(now);
}

void Lns::on_sa_down(Time now, const ChildSa& sa) {
    stop_listening_under([&](const SaBinding& held) { return held.mark == sa.mark; });
    std::erase_if(idle_, [&](const Ending& ending) { return ending.mark == sa.mark; });
    if (sa.connection != config_->name || context_.datapath.tunnels_on(sa.mark).empty()) return;
    context_.datapath.suspend(sa.mark);
    dying_.push_back({sa, now + kSaGrace});
    // The successor may be there already.
    for (const auto& [mark, next] : context_.sas.all()) {
        if (succeeds(next, sa) && is_free(next)) return succeed(now, next);
    }
}

// Nobody has a tunnel on it, or is about to begin one.
bool Lns::is_free(const ChildSa& sa) const {
    return context_.datapath.tunnels_on(sa.mark).empty() &&
           std::ranges::none_of(waiting_,
                                [&](const Waiting& held) { return held.offer.path.binding == sa.mark; });
}

void Lns::succeed(Time now, const ChildSa& sa) {
    for (auto dying = dying_.begin(); dying != dying_.end(); ++dying) {
        const std::uint32_t mark = dying->sa.mark;
        const bool revived = mark == sa.mark;
        if (!revived && !(succeeds(sa, dying->sa) && is_free(sa))) continue;
        const auto tunnels = context_.datapath.tunnels_on(mark);
        if (tunnels.empty()) continue;
        dying_.erase(dying);
        if (context_.datapath.succeed(mark, {sa.mark, sa.reqid})) {
            context_.log.notice("ipsec.succeeded", {{"connection", name()},
                                                    {"mark", sa.mark},
                                                    {"peer", sa.remote.text()},
                                                    {"tunnels", tunnels.size()},
                                                    {"state", "succeeded"},
                                                    {"mark_before", mark}});
            return;
        }
        for (const LocalTunnelId id : tunnels) context_.closer.abandon(now, id, "its IPsec SA is gone");
        return;
    }
}

void Lns::end_dying(Time now) {
    for (const Dying& dying : std::exchange(dying_, {})) {
        if (dying.at > now) {
            dying_.push_back(dying);
            continue;
        }
        for (const LocalTunnelId id : context_.datapath.tunnels_on(dying.sa.mark)) {
            context_.closer.abandon(now, id, "its IPsec SA is gone");
        }
    }
}

void Lns::on_ipsec_failed(Time now, const Error& why) {
    loading_ = false;
    ipsec_why_ = Why{Stage::ike, why, now};
    note(now);
    context_.log.error("connection.down",
                       {{"connection", name()}, {"state", "down"}, {"stage", "ike"}, {"why", why.text()}});
}

void Lns::on_ipsec_refused(Time now, const IpsecRefused& event) {
    if (stopping_ || !config_->ipsec || std::ranges::count(config_->listen, event.local) == 0) return;
    refuse(now, Stage::ike, event.peer.text(), {}, event.reason);
}

// ---- time, status, end

bool Lns::may_tell(Time now) {
    if (now - told_since_ >= kTellingTime) {
        told_since_ = now;
        told_ = 0;
    }
    return told_++ < kTold;
}

void Lns::refuse(Time now, Stage stage, std::string peer, std::string user, std::string message,
                 ErrorCode cause) {
    // Anybody can send an SCCRQ, in anybody's name: a flood of them must not fill the log.
    if (stage == Stage::tunnel && !may_tell(now)) return;
    context_.log.warning("connection.refused", {{"connection", name()},
                                                {"state", "refused"},
                                                {"peer", peer},
                                                {"user", user},
                                                {"stage", name_of(stage)},
                                                {"cause", keel::name_of(cause)},
                                                {"why", message}});
    refusals_.push_back({now, std::move(peer), std::move(user), stage, std::move(message)});
    if (refusals_.size() > kRefusalsKept) refusals_.pop_front();
}

void Lns::on_timeout(Time now) {
    if (listen_again_ && *listen_again_ <= now && !stopping_) open_listeners(now);
    retry_waiting(now);
    calls_.on_timeout(now);
    end_dying(now);
    for (const Ending& ending : std::exchange(idle_, {})) {
        if (ending.at > now) {
            idle_.push_back(ending);
        } else if (const ChildSa* sa = context_.sas.find(ending.mark);
                   sa && context_.datapath.tunnels_on(ending.mark).empty()) {
            context_.ports.ipsec.terminate(*sa);
        }
    }
}

std::optional<Time> Lns::next_timeout() const {
    std::optional<Time> next = stopping_ ? std::nullopt : listen_again_;
    const auto consider = [&](Time at) {
        if (at != Time::max()) next = std::min(next.value_or(at), at);
    };
    if (const auto at = calls_.next_timeout()) consider(*at);
    for (const Waiting& held : waiting_) consider(held.until);
    for (const Dying& dying : dying_) consider(dying.at);
    for (const Ending& ending : idle_) consider(ending.at);
    return next;
}

std::optional<Why> Lns::obstacle(Time now) const {
    if (listen_why_) return listen_why_;
    if (ipsec_why_) return ipsec_why_;
    // charon has the connection as soon as it is ready, not before.
    if (!config_->ipsec || context_.charon.ready) return std::nullopt;
    return Why{Stage::ike, context_.charon.why.value_or(Error{}), now};
}

void Lns::note(Time now) {
    if (stopping_) return;
    if (const auto why = obstacle(now)) {
        history_.settle(now, Transition::To::down, why->stage, why->error);
    } else {
        history_.settle(now, Transition::To::listening, {}, {});
    }
}

LnsStatus Lns::status(Time now) const {
    auto why = obstacle(now);
    const bool listening = !why && listeners_.size() == config_->listen.size();
    if (!why) why = ipsec_warning_;
    return {.name = config_->name,
            .listening = listening,
            .listen = config_->listen,
            .why = std::move(why),
            .users = config_->users.size(),
            .pool_size = pool_.size(),
            .pool_used = pool_.used(),
            .refusals = refusals_,
            .calls = calls_.status(now),
            .history = history_.entries()};
}

void Lns::stop(Time now) {
    if (std::exchange(stopping_, true)) return;
    calls_.stop();
    // Who is told of the end dials again at once.
    if (config_->ipsec) context_.ports.ipsec.refuse_new(config_->name);
    for (Waiting& held : std::exchange(waiting_, {})) {
        context_.closer.abandon(now, held.offer.tunnel, "the server is being shut down");
    }
    for (const LocalTunnelId id : context_.datapath.tunnels_of(*this)) {
        context_.closer.close(now, id, kShutdown, "the server is being shut down");
    }
    finish_stop(now);
}

void Lns::finish_stop(Time now) {
    if (stopped_ || !context_.datapath.tunnels_of(*this).empty()) return;
    on_ipsec_lost(now);
    for (const Listener& held : std::exchange(listeners_, {})) context_.ports.datagrams.close(held.socket);
    if (config_->ipsec) context_.ports.ipsec.unload(config_->name);
    stopped_ = true;
    history_.add(now, Transition::To::stopped);
}

}  // namespace keel::lifecycle
