// The Orchestrator under another configuration, and steered by hand.
#include <algorithm>
#include <iterator>
#include <utility>

#include "lifecycle/orchestrator.hpp"

namespace keel::lifecycle {

Plan Orchestrator::plan(const config::Config& next) const {
    return make_plan(*config_, next, datapath_);
}

Status Orchestrator::apply(Time now, std::shared_ptr<const config::Config> next) {
    config_ = std::move(next);
    return settled(now, roster_.apply(now, config_));
}

Status Orchestrator::down(Time now, const std::string& name) {
    return settled(now, roster_.down(now, name));
}

Status Orchestrator::up(Time now, const std::string& name) {
    return settled(now, roster_.up(now, name));
}

Status Orchestrator::restart(Time now, const std::string& name) {
    return settled(now, roster_.restart(now, name));
}

Status Orchestrator::settled(Time now, Status done) {
    settle(now);
    return done;
}

std::size_t Orchestrator::drop(Time now, const std::function<bool(const Tunnel&, const Session&)>& which) {
    std::vector<std::pair<Role*, LocalSessionId>> picked;
    for (const auto& [id, tunnel] : datapath_.tunnels()) {
        for (const auto& [session_id, session] : tunnel.sessions) {
            if (!session.closing && which(tunnel, session)) picked.emplace_back(tunnel.owner, session_id);
        }
    }
    for (const auto& [owner, session] : picked) owner->drop(now, session, "dropped by the administrator");
    settle(now);
    return picked.size();
}

std::vector<UserStatus> Orchestrator::users() const {
    std::vector<UserStatus> out;
    for (const Lns* lns : roster_.lnss()) {
        auto users = lns->users();
        std::ranges::move(users, std::back_inserter(out));
    }
    return out;
}

}  // namespace keel::lifecycle
