#include "lifecycle/outgoing_calls.hpp"

#include <algorithm>
#include <utility>

namespace keel::lifecycle {
namespace {

std::uint32_t bearer_type(config::Call::Bearer bearer) {
    switch (bearer) {
        case config::Call::Bearer::any: return 0;
        case config::Call::Bearer::digital: return l2tp::kDigitalBearer;
        case config::Call::Bearer::analog: return l2tp::kAnalogBearer;
    }
    return 0;
}

l2tp::SessionOptions options_of(const config::Call& call) {
    l2tp::SessionOptions options;
    options.kind = l2tp::SessionKind::outgoing_call;
    options.called_number = call.called_number;
    options.sub_address = call.sub_address;
    options.minimum_bps = call.minimum_bps;
    options.maximum_bps = call.maximum_bps;
    options.bearer_type = bearer_type(call.bearer);
    return options;
}

}  // namespace

OutgoingCalls::OutgoingCalls(const config::Lns& config, Context& context)
    : name_(config.name), context_(context) {
    for (const config::Call& call : config.calls) {
        calls_.push_back({.config = call, .state_since = {}, .session = {}, .retry_at = {}});
    }
}

std::vector<LocalSessionId> OutgoingCalls::change(const config::Lns& config) {
    std::vector<Call> before = std::exchange(calls_, {});
    for (const config::Call& call : config.calls) {
        const auto same = std::ranges::find(before, call, &Call::config);
        if (same == before.end()) {
            calls_.push_back({.config = call, .state_since = {}, .session = {}, .retry_at = {}});
        } else {
            calls_.push_back(std::move(*same));
            before.erase(same);
        }
    }
    std::vector<LocalSessionId> unwanted;
    for (const Call& call : before) {
        if (call.session) unwanted.push_back(*call.session);
    }
    return unwanted;
}

void OutgoingCalls::on_tunnel(Time now, LocalTunnelId tunnel, const std::string& host_name) {
    const bool wanted =
        std::ranges::any_of(calls_, [&](const Call& call) { return call.config.lac == host_name; });
    if (!wanted) return;
    tunnels_[tunnel] = host_name;
    dial_due(now);
}

std::optional<LocalTunnelId> OutgoingCalls::tunnel_to(const std::string& lac) const {
    const auto found = std::ranges::find_if(tunnels_, [&](const auto& entry) { return entry.second == lac; });
    return found == tunnels_.end() ? std::nullopt : std::optional(found->first);
}

OutgoingCalls::Call* OutgoingCalls::call_of(LocalSessionId session) {
    const auto found =
        std::ranges::find_if(calls_, [&](const Call& call) { return call.session == session; });
    return found == calls_.end() ? nullptr : &*found;
}

void OutgoingCalls::dial_due(Time now) {
    for (Call& call : calls_) {
        if (call.session || call.retry_at > now) continue;
        if (const auto tunnel = tunnel_to(call.config.lac)) dial(now, call, *tunnel);
    }
}

void OutgoingCalls::dial(Time now, Call& call, LocalTunnelId tunnel) {
    ++call.attempts;
    const auto opened = context_.endpoint.open_session(now, tunnel, options_of(call.config));
    if (!opened) return failed(now, call, Stage::session, opened.error());
    call.session = *opened;
    call.state = CallStatus::State::asked;
    call.state_since = now;
    context_.log.info("call.asked", {{"connection", name_},
                                     {"call", call.config.name},
                                     {"session", opened->value},
                                     {"state", "asked"},
                                     {"lac", call.config.lac},
                                     {"number", call.config.called_number}});
}

void OutgoingCalls::on_session_up(Time now, LocalSessionId session) {
    Call* call = call_of(session);
    if (!call) return;
    call->state = CallStatus::State::connected;
    call->state_since = now;
}

void OutgoingCalls::on_ppp_up(Time now, LocalSessionId session) {
    Call* call = call_of(session);
    if (!call) return;
    call->state = CallStatus::State::up;
    call->state_since = now;
    call->attempts = 0;
    call->why.reset();
    call->backoff.reset();
    context_.log.notice(
        "call.up",
        {{"connection", name_}, {"call", call->config.name}, {"session", session.value}, {"state", "up"}});
}

void OutgoingCalls::on_ended(Time now, LocalSessionId session, Stage stage, Error why) {
    if (Call* call = call_of(session)) failed(now, *call, stage, std::move(why));
}

void OutgoingCalls::failed(Time now, Call& call, Stage stage, Error why) {
    const bool was_up = call.state == CallStatus::State::up;
    call.session.reset();
    call.state = CallStatus::State::waiting;
    call.state_since = now;
    call.retry_at = now + call.backoff.next(context_.ports.random);
    context_.log.warning("call.ended", {{"connection", name_},
                                        {"call", call.config.name},
                                        {"state", was_up ? "ended" : "failed"},
                                        {"stage", name_of(stage)},
                                        {"why", why.text()},
                                        {"retry_ms", call.retry_at - now}});
    call.why = Why{stage, std::move(why), now};
}

void OutgoingCalls::on_timeout(Time now) {
    dial_due(now);
}

std::optional<Time> OutgoingCalls::next_timeout() const {
    std::optional<Time> next;
    for (const Call& call : calls_) {
        if (call.session || !tunnel_to(call.config.lac)) continue;
        next = std::min(next.value_or(call.retry_at), call.retry_at);
    }
    return next;
}

std::vector<CallStatus> OutgoingCalls::status(Time now) const {
    std::vector<CallStatus> out;
    for (const Call& call : calls_) {
        CallStatus status{.name = call.config.name,
                          .lac = call.config.lac,
                          .called_number = call.config.called_number,
                          .state = call.state,
                          .session = call.session,
                          .why = call.why,
                          .retry_in = {},
                          .attempts = call.attempts};
        if (!call.session && !tunnel_to(call.config.lac)) status.state = CallStatus::State::no_tunnel;
        if (status.state == CallStatus::State::waiting)
            status.retry_in = std::max<Duration>(call.retry_at - now, {});
        out.push_back(std::move(status));
    }
    return out;
}

}  // namespace keel::lifecycle
