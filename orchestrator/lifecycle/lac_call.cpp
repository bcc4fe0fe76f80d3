// The stage call of a Lac: the server's outgoing calls (RFC 2661 6.9-6.11, 7.5.1). This host is the callee
// itself, so that a call is answered as soon as it is accepted.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lifecycle/lac.hpp"
#include "lifecycle/reason.hpp"

namespace keel::lifecycle {
namespace {

constexpr std::uint32_t kSpeed = 1'000'000'000;  // bit/s: there is no line that would be slower

// RFC 2661 4.4.2, of CDN.
constexpr std::uint16_t kNoFacilities = 4, kInvalidDestination = 6, kBusy = 8;

std::uint32_t speed_for(const l2tp::SessionOffered& offer) {
    return offer.maximum_bps == 0 ? kSpeed : std::min(kSpeed, offer.maximum_bps);
}

}  // namespace

void Lac::wait_for_call(Time now) {
    enter(now, Stage::call, {});
    const auto waited = std::ranges::find(timeline_, Stage::call, &StageDuration::stage);
    timeline_.erase(waited, timeline_.end());  // of a call before
    state_ = State::ready;
    state_since_ = now;
    deadline_.reset();
    attempts_ = 0;
    backoff_.reset();
    hung_up_.reset();
    farewell_.reset();
    causes_.clear();
    context_.log.notice("connection.ready",
                        {{"connection", name()}, {"state", "ready"}, {"peer", peer_->text()}});
}

void Lac::on_session_offered(Time now, const l2tp::SessionOffered& event) {
    // The server has hung up; only our pppd is not at its end yet.
    if (session_ && hung_up_) end_call(now, Stage::session, error_of(*std::exchange(hung_up_, std::nullopt)));
    if (!takes_call(now, event)) return;
    const auto made = open_session(now, event.tunnel, event.session, event.peer_session);
    if (!made) {
        why_ = Why{Stage::session, made.error(), now};
        (void)context_.endpoint.reject_session(now, event.tunnel, event.session, kNoFacilities, 0,
                                               "out of resources");
        return;
    }
    session_ = event.session;
    attempt_since_ = now;
    state_ = State::connecting;
    state_since_ = now;
    history_.add(now, Transition::To::connecting, Stage::session);
    enter(now, Stage::session, kPppPatience);
    context_.log.notice("call.offered", {{"connection", name()},
                                         {"session", event.session.value},
                                         {"state", "called"},
                                         {"number", event.called_number}});
    // RFC 3308 4: the call's packets leave by the tunnel's socket and have its DSCP.
    const auto control = context_.endpoint.tunnel_status(event.tunnel);
    auto answered = context_.endpoint.accept_session(now, event.tunnel, event.session,
                                                     control ? control->dscp : std::nullopt);
    if (answered)
        answered = context_.endpoint.connect_session(now, event.tunnel, event.session, speed_for(event),
                                                     config_->tunnel.sequencing);
    if (!answered) fail(now, Stage::session, answered.error());
}

bool Lac::takes_call(Time now, const l2tp::SessionOffered& offer) {
    const auto reject = [&](std::uint16_t result, const char* words) {
        (void)context_.endpoint.reject_session(now, offer.tunnel, offer.session, result, 0, words);
        return false;
    };
    // A server that calls without having been told that it can, or that sends an ICRQ as if we were one.
    if (!config_->waits_for_call || offer.kind != l2tp::SessionKind::outgoing_call)
        return reject(kNoFacilities, "no incoming calls here");
    const auto& numbers = config_->numbers;
    if (!numbers.empty() && std::ranges::find(numbers, offer.called_number) == numbers.end()) {
        why_ = Why{Stage::call,
                   {ErrorCode::denied,
                    fmt::format("the server called '{}', which is none of our numbers", offer.called_number),
                    "add it to \"numbers\", or correct it at the server"},
                   now};
        context_.log.warning("call.refused", {{"connection", name()},
                                              {"state", "refused"},
                                              {"number", offer.called_number},
                                              {"why", why_->error.message}});
        return reject(kInvalidDestination, "not a number of this client");
    }
    if (state_ != State::ready) return reject(kBusy, "in a call already");
    return true;
}

void Lac::end_call(Time now, Stage stage, Error error) {
    const bool was_up = state_ == State::up;
    const LocalSessionId session = *session_;
    context_.log.warning("call.ended", {{"connection", name()},
                                        {"session", session.value},
                                        {"state", was_up ? "ended" : "failed"},
                                        {"stage", name_of(stage)},
                                        {"why", error.text()}});
    remove_routes();
    hang_up(now, error.message);
    context_.datapath.close_session(session);
    if (was_up) {
        history_.add(now, Transition::To::lost, stage, error);
        history_.add(now, Transition::To::ready);
    } else {
        history_.failed(now, stage, error);
    }
    why_ = Why{stage, std::move(error), now};
    wait_for_call(now);
}

}  // namespace keel::lifecycle
