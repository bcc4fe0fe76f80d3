// What a Lac does when its configuration changes and it can go on, and what is asked of it by hand.
#include <algorithm>
#include <utility>

#include "lifecycle/lac.hpp"

namespace keel::lifecycle {

Status Lac::apply(Time now, std::shared_ptr<const config::Lac> next, bool&) {
    const auto before = std::exchange(config_, std::move(next));
    if (state_ == State::up && before->routes != config_->routes) {
        if (auto changed = change_routes(); !changed) {
            config_ = before;
            (void)change_routes();
            return changed;
        }
    }
    // For its SA's renewals. An attempt loads it anyway.
    if (sa_ && before->ipsec != config_->ipsec) load_ipsec();
    backoff_.reset();
    hurry(now);
    return {};
}

Status Lac::change_routes() {
    const Session* session = session_ ? context_.datapath.session(*session_) : nullptr;
    if (!session || !session->link) return {};
    Kernel& kernel = context_.ports.kernel;
    std::erase_if(routes_, [&](const Route& route) {
        if (std::ranges::count(config_->routes, route.destination) > 0) return false;
        kernel.remove_route(route);
        return true;
    });
    return add_routes(session->link->interface);
}

void Lac::hurry(Time now) {
    if (state_ == State::closing) retry_at_ = now;
    if (state_ == State::waiting) deadline_ = now;
}

void Lac::drop(Time now, LocalSessionId session, const std::string& why) {
    if (session == session_) fail(now, Stage::ppp, {ErrorCode::unavailable, why, {}});
}

}  // namespace keel::lifecycle
