#include "lifecycle/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "lifecycle/address_pool.hpp"

namespace keel::lifecycle {
namespace {

class Planner {
public:
    Planner(const config::Config& from, const config::Config& to)
        : servers_(config::pairs_of(from.lns, to.lns)), clients_(config::pairs_of(from.lac, to.lac)) {
        for (config::Change& change : config::difference(from, to)) {
            at_[change.object] = plan_.changes.size();
            plan_.changes.push_back({std::move(change), {}});
        }
    }

    void consider(const Tunnel& tunnel, const Session& session) {
        const std::string& name = tunnel.owner->name();
        const bool server = servers_.contains(name);
        if (const auto objects = server ? by_server(name, tunnel, session) : by_client(name)) {
            if (const auto found = at_.find(objects->object); found != at_.end()) {
                plan_.changes[found->second].ends.push_back(
                    {session.ids.session, name, session.user, tunnel.path.remote.text(), objects->why});
            }
        }
    }

    Plan take() {
        if (!plan_.changes.empty() && plan_.changes.front().change.effect == config::Effect::restart) {
            plan_.obstacle = Error{
                ErrorCode::unsupported,
                fmt::format("{} cannot be changed while keel2tpd runs",
                            fmt::join(plan_.changes.front().change.what, ", ")),
                "change it in the daemon's configuration file and restart keel2tpd, or leave it as it is"};
        }
        return std::move(plan_);
    }

private:
    [[nodiscard]] std::optional<Objection> by_server(const std::string& name, const Tunnel& tunnel,
                                                     const Session& session) {
        const auto [from, to] = servers_.at(name);
        if (!from) return std::nullopt;
        if (!to) return Objection{name, "the server is gone"};
        return objections_.try_emplace(name, *from, *to).first->second.to_session(tunnel, session);
    }
    [[nodiscard]] std::optional<Objection> by_client(const std::string& name) const {
        const auto pair = clients_.find(name);
        if (pair == clients_.end() || !pair->second.first) return std::nullopt;
        const auto [from, to] = pair->second;
        if (!to) return Objection{name, "the client is gone"};
        if (!config::begins_again(*from, *to)) return std::nullopt;
        return Objection{name, "the client dials anew"};
    }

    config::Pairs<config::Lns> servers_;
    config::Pairs<config::Lac> clients_;
    std::map<std::string, Objections> objections_;
    Plan plan_;
    std::map<std::string, std::size_t> at_;
};

}  // namespace

Objections::Objections(const config::Lns& from, const config::Lns& to)
    : to_(to),
      begins_again_(config::begins_again(from, to)),
      another_address_(from.local_address != to.local_address) {
    for (const auto& [name, user] : to.users) {
        if (user.address) fixed_[*user.address] = &name;
    }
}

std::optional<Objection> Objections::to_session(const Tunnel& tunnel, const Session& session) const {
    const std::string& user = session.user;
    if (begins_again_) return Objection{to_.name, "its protection is another now"};
    if (std::ranges::count(to_.listen, tunnel.path.local) == 0) {
        return Objection{to_.name, "the server does not listen on " + tunnel.path.local.text() + " any more"};
    }
    if (another_address_) return Objection{to_.name, "the server's address is another now"};
    const bool login_needed = !to_.auth.empty();
    if (user.empty() && session.link && login_needed) return Objection{to_.name, "one must log in now"};
    if (!user.empty() && login_needed && !to_.users.contains(user)) {
        return Objection{to_.name + "/users/" + user, "the user is gone"};
    }
    return session.lease ? to_address(user, *session.lease) : std::nullopt;
}

std::optional<Objection> Objections::to_address(const std::string& user, const IpAddress& address) const {
    const auto known = to_.users.find(user);
    if (known != to_.users.end() && known->second.address) {
        if (*known->second.address == address) return std::nullopt;
        return Objection{to_.name + "/users/" + user, "the user has another address now"};
    }
    if (const auto owner = fixed_.find(address); owner != fixed_.end()) {
        return Objection{to_.name + "/users/" + *owner->second, "its address is that user's now"};
    }
    if (AddressPool::lends(to_.pool, address)) return std::nullopt;
    return Objection{to_.name, address.text() + " is not in the pool any more"};
}

std::size_t Plan::ends() const {
    return std::accumulate(
        changes.begin(), changes.end(), std::size_t{0},
        [](std::size_t sum, const PlannedChange& entry) { return sum + entry.ends.size(); });
}

Plan make_plan(const config::Config& from, const config::Config& to, const Datapath& datapath) {
    Planner planner(from, to);
    for (const auto& [id, tunnel] : datapath.tunnels()) {
        for (const auto& [session_id, session] : tunnel.sessions) planner.consider(tunnel, session);
    }
    return planner.take();
}

}  // namespace keel::lifecycle
