#include "lifecycle/lac.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace keel::lifecycle {
namespace {

constexpr Duration kResolvePatience = seconds(15);
constexpr std::uint16_t kStopGeneral = 1, kStopShutdown = 6;  // RFC 2661 4.4.2
constexpr std::uint16_t kAdministrative = 3;                  // of CDN

const char* patience_remedy(Stage stage) {
    switch (stage) {
        case Stage::resolve: return "check the DNS server of this host";
        case Stage::ike: return "check that udp/500 and udp/4500 reach the server";
        case Stage::esp: return "see the server's log: IKE is up, but no SA for udp/1701 came";
        case Stage::tunnel:
        case Stage::session: return "check that L2TP runs on the server, and see its log";
        case Stage::ppp:
        case Stage::routes: return "see the server's log: PPP did not come up in time";
        case Stage::call:
        case Stage::up: break;
    }
    return "";
}

}  // namespace

void Lac::attempt(Time now) {
    state_ = State::connecting;
    state_since_ = attempt_since_ = now;
    ++attempts_;
    history_.add(now, Transition::To::connecting, Stage::resolve);
    timeline_.clear();
    sa_.reset();
    hung_up_.reset();
    farewell_.reset();
    causes_.clear();
    stage_ = Stage::resolve;
    stage_since_ = now;
    deadline_ = now + kResolvePatience;
    resolve_tag_ = context_.next_tag++;
    context_.ports.resolver.resolve(resolve_tag_, config_->server);
}

void Lac::enter(Time now, Stage stage, Duration patience) {
    timeline_.push_back({stage_, now - stage_since_});
    stage_ = stage;
    stage_since_ = now;
    deadline_ = now + patience;
    if (stage != Stage::up) history_.reached(stage);
}

void Lac::on_resolved(Time now, const Resolved& event) {
    if (event.tag != resolve_tag_ || state_ != State::connecting || stage_ != Stage::resolve) return;
    if (!event.addresses) return fail(now, Stage::resolve, event.addresses.error());
    const auto& addresses = *event.addresses;
    if (addresses.empty()) {
        return fail(now, Stage::resolve,
                    {ErrorCode::not_found, fmt::format("{} has no address", config_->server),
                     "check the name and the DNS server"});
    }
    peer_ = addresses[(attempts_ - 1) % addresses.size()];  // another one at each try
    if (config_->ipsec) {
        begin_ipsec(now);
    } else {
        begin_tunnel(now);
    }
}

void Lac::fail(Time now, Stage stage, Error error) {
    if (!active()) return;
    if (config_->waits_for_call && session_ &&
        (stage == Stage::session || stage == Stage::ppp || stage == Stage::routes))
        return end_call(now, stage, std::move(error));
    const bool was_up = state_ == State::up;
    if (was_up) backoff_.reset();
    retry_at_ = now + backoff_.next(context_.ports.random);
    context_.log.warning(was_up ? "connection.lost" : "connection.failed",
                         {{"connection", name()},
                          {"state", was_up ? "lost" : "failed"},
                          {"stage", name_of(stage)},
                          {"cause", keel::name_of(error.code)},
                          {"why", error.text()},
                          {"retry_ms", retry_at_ - now}});
    // The server's operator is to hear why PPP ended (RFC 3145), and only a CDN can say it. While PPP runs it
    // must not go: PPP's own farewell comes first.
    if (session_ && !causes_.empty()) hang_up(now, error.message);
    if (was_up) {
        history_.add(now, Transition::To::lost, stage, error);
    } else {
        history_.failed(now, stage, error);
    }
    why_ = Why{stage, std::move(error), now};
    take_down(now, kStopGeneral, {});
}

void Lac::hang_up(Time now, const std::string& message) {
    const auto session = std::exchange(session_, std::nullopt);
    if (!tunnel_ || !session) return;
    // An Error: it was the server that hung up.
    (void)context_.endpoint.close_session(now, *tunnel_, *session, kAdministrative, message,
                                          std::exchange(causes_, {}));
}

void Lac::take_down(Time now, std::uint16_t result, const std::string& message) {
    state_ = State::closing;
    state_since_ = now;
    deadline_.reset();
    dying_.reset();
    spare_.reset();  // ends with all of the connection's
    session_.reset();
    remove_routes();
    if (!tunnel_) return taken_down(now);
    if (config_->ipsec && !sa_) {
        context_.closer.abandon(now, *tunnel_, "its IPsec SA is gone");
    } else {
        context_.closer.close(now, *tunnel_, result, message);
    }
}

void Lac::taken_down(Time now) {
    sa_.reset();
    if (stopping_) {
        if (config_->ipsec) context_.ports.ipsec.unload(config_->name);
        state_ = State::stopped;
        history_.add(now, Transition::To::stopped);
        return;
    }
    if (config_->ipsec) context_.ports.ipsec.terminate_all(config_->name);
    state_ = State::waiting;
    state_since_ = now;
    deadline_ = std::max(now, retry_at_);
}

void Lac::stop(Time now) {
    if (std::exchange(stopping_, true)) return;
    if (state_ != State::closing) take_down(now, kStopShutdown, "the client is being shut down");
}

std::optional<Time> Lac::next_timeout() const {
    std::optional<Time> next = deadline_;
    const auto consider = [&](Time at) { next = std::min(next.value_or(at), at); };
    if (dying_) consider(dying_->at);
    if (spare_) consider(spare_->until);
    return next;
}

void Lac::on_timeout(Time now) {
    end_dying(now);
    if (!deadline_ || *deadline_ > now) return;
    if (active() && farewell_) return fail(now, Stage::ppp, *farewell_);
    if (state_ == State::waiting) return attempt(now);
    if (state_ != State::connecting) return;
    if (stage_ == Stage::ike && context_.charon.why) return fail(now, stage_, *context_.charon.why);
    fail(now, stage_,
         {ErrorCode::timeout,
          fmt::format("no answer from {} within {} s", peer_ ? peer_->text() : config_->server,
                      std::chrono::duration_cast<seconds>(now - stage_since_).count()),
          patience_remedy(stage_)});
}

LacStatus Lac::status(Time now) const {
    LacStatus status{.name = config_->name,
                     .state = LacStatus::State::connecting,
                     .stage = stage_,
                     .server = config_->server,
                     .peer = peer_,
                     .why = why_,
                     .retry_in = {},
                     .attempts = attempts_,
                     .timeline = timeline_,
                     .in_state = now - state_since_,
                     .history = history_.entries()};
    switch (state_) {
        case State::connecting: break;
        case State::ready: status.state = LacStatus::State::ready; break;
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
