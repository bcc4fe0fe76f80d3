#include "lifecycle/roster.hpp"

#include <algorithm>
#include <utility>

#include "config/difference.hpp"

namespace keel::lifecycle {
namespace {

template <class C>
const C* find(const std::vector<C>& wanted, const std::string& name) {
    const auto found = std::ranges::find(wanted, name, &C::name);
    return found == wanted.end() ? nullptr : &*found;
}

template <class R, class P>
std::vector<R*> roles_of(const std::vector<P>& places) {
    std::vector<R*> out;
    for (const P& place : places) {
        if (place.role) out.push_back(place.role.get());
    }
    return out;
}

}  // namespace

Status Roster::apply(Time now, const std::shared_ptr<const config::Config>& config) {
    config_ = config;
    for (LnsPlace& place : lnss_) place.watched = false;
    for (LacPlace& place : lacs_) place.watched = false;
    if (auto guarded = guard(); !guarded) return guarded;
    auto done = bring(now, lnss_, config, config->lns);
    if (done) done = bring(now, lacs_, config, config->lac);
    settle(now);
    return done;
}

// Every one is brought as far as it goes; the first Error is told.
template <class R, class C>
Status Roster::bring(Time now, std::vector<Place<R, C>>& places,
                     const std::shared_ptr<const config::Config>& config, const std::vector<C>& wanted) {
    Status first;
    for (auto& place : places) {
        const C* to = find(wanted, place.name);
        const auto from = std::exchange(place.config, std::shared_ptr<const C>(config, to));
        if (from && to && *from == *to) {
            // The same, but the old document may go.
            if (place.role && !place.role->ending()) place.role->keep(place.config);
            continue;
        }
        if (!place.role || place.role->ending()) {
            place.watched = to != nullptr;
            continue;
        }
        if (!to || config::begins_again(*from, *to)) {
            place.watched = to != nullptr;
            place.role->stop(now);
        } else if (auto applied = place.role->apply(now, place.config, place.watched); !applied && first) {
            first = applied;
        }
    }
    for (const C& connection : wanted) {
        const bool known = std::ranges::any_of(
            places, [&](const Place<R, C>& place) { return place.name == connection.name; });
        if (known) continue;
        places.push_back({.name = connection.name,
                          .config = std::shared_ptr<const C>(config, &connection),
                          .role = {},
                          .held = false,
                          .watched = true});
    }
    return first;
}

std::optional<Status> Roster::outcome() const {
    bool all = true;
    for (const LnsPlace& place : lnss_) {
        if (!place.watched || place.held) continue;
        const auto standing = place.role && !place.role->ending() ? place.role->standing() : std::nullopt;
        if (standing && !*standing) return standing;
        all = all && standing;
    }
    // A client's server may be away: that it dials is all that an apply can promise.
    return all ? std::optional(Status{}) : std::nullopt;
}

// Protects the addresses of all servers that are there or to come: while one is ending, so are its tunnels.
// The guard goes last: while a tunnel is left, so is what keeps it from speaking in clear.
Status Roster::guard() {
    if (stopping_) {
        if (stopped() && std::exchange(guarded_, std::nullopt)) context_.ports.kernel.remove_guard();
        return {};
    }
    bool needed = false;
    std::vector<IpAddress> addresses;
    const auto add = [&](const auto& connection) {
        if (!connection.ipsec) return;
        needed = true;
        if constexpr (requires { connection.listen; })
            addresses.insert(addresses.end(), connection.listen.begin(), connection.listen.end());
    };
    const auto add_ending = [&](const auto& place) {
        if (place.role && !place.role->stopped()) add(place.role->config());
    };
    if (config_) {
        std::ranges::for_each(config_->lns, add);
        std::ranges::for_each(config_->lac, add);
    }
    std::ranges::for_each(lnss_, add_ending);
    std::ranges::for_each(lacs_, add_ending);
    if (!needed) {
        if (std::exchange(guarded_, std::nullopt)) context_.ports.kernel.remove_guard();
        return {};
    }
    std::ranges::sort(addresses);
    const auto repeated = std::ranges::unique(addresses);
    addresses.erase(repeated.begin(), repeated.end());
    if (guarded_ == addresses) return {};
    if (auto installed = context_.ports.kernel.install_guard(addresses); !installed) return installed;
    guarded_ = std::move(addresses);
    return {};
}

bool Roster::may_begin(const LnsPlace& place) const {
    return std::ranges::none_of(lnss_, [&](const LnsPlace& other) {
        if (&other == &place || !other.role || other.role->stopped()) return false;
        const auto& held = other.role->config().listen;
        return std::ranges::any_of(place.config->listen, [&](const IpAddress& address) {
            return other.role->ending() && std::ranges::count(held, address) > 0;
        });
    });
}

template <class R, class C>
void Roster::renew(Time now, std::vector<Place<R, C>>& places) {
    for (auto& place : places) {
        if (place.role && place.role->stopped() && !(place.held && place.config)) {
            place.history = place.role->history();
            place.role.reset();
        }
        if (place.role || !place.config || place.held || stopping_ || !may_begin(place)) continue;
        place.role = std::make_unique<R>(place.config, context_);
        place.role->inherit(place.history);
        place.role->start(now);
    }
    std::erase_if(places, [](const auto& place) { return !place.role && !place.config; });
}

void Roster::settle(Time now) {
    if (!stopping_) {
        renew(now, lnss_);
        renew(now, lacs_);
    }
    // To protect less than before cannot fail but by a kernel that refuses us altogether, which it logs.
    (void)guard();
}

template <class F>
Status Roster::with(const std::string& name, F action) {
    for (LnsPlace& place : lnss_) {
        if (place.name == name && place.config) return action(place), Status{};
    }
    for (LacPlace& place : lacs_) {
        if (place.name == name && place.config) return action(place), Status{};
    }
    return fail(ErrorCode::not_found, "there is no connection " + name);
}

Status Roster::down(Time now, const std::string& name) {
    return with(name, [&](auto& place) {
        place.held = true;
        if (place.role) place.role->stop(now);
    });
}

Status Roster::up(Time now, const std::string& name) {
    auto done = with(name, [&](auto& place) {
        const bool was_held = std::exchange(place.held, false);
        if (!was_held && place.role) place.role->hurry(now);
    });
    settle(now);
    return done;
}

Status Roster::restart(Time now, const std::string& name) {
    auto done = with(name, [&](auto& place) {
        place.held = false;
        if (place.role) place.role->stop(now);
    });
    settle(now);
    return done;
}

void Roster::stop(Time now) {
    if (std::exchange(stopping_, true)) return;
    for (LacPlace& place : lacs_) {
        if (place.role) place.role->stop(now);
    }
    for (LnsPlace& place : lnss_) {
        if (place.role) place.role->stop(now);
    }
}

bool Roster::stopped() const {
    const auto gone = [](const auto& place) { return !place.role || place.role->stopped(); };
    return stopping_ && std::ranges::all_of(lacs_, gone) && std::ranges::all_of(lnss_, gone);
}

void Roster::on_timeout(Time now) {
    for (Lns* lns : lnss()) lns->on_timeout(now);
    for (Lac* lac : lacs()) lac->on_timeout(now);
}

std::optional<Time> Roster::next_timeout() const {
    std::optional<Time> next;
    const auto consider = [&](std::optional<Time> at) {
        if (at) next = std::min(next.value_or(*at), *at);
    };
    for (const Lns* lns : lnss()) consider(lns->next_timeout());
    for (const Lac* lac : lacs()) consider(lac->next_timeout());
    return next;
}

std::vector<Lns*> Roster::lnss() const {
    return roles_of<Lns>(lnss_);
}

std::vector<Lac*> Roster::lacs() const {
    return roles_of<Lac>(lacs_);
}

std::vector<std::string> Roster::names() const {
    std::vector<std::string> out;
    const auto add = [&](const auto& place) {
        if (place.config) out.push_back(place.name);
    };
    std::ranges::for_each(lnss_, add);
    std::ranges::for_each(lacs_, add);
    return out;
}

Lns* Roster::lns_on(const IpAddress& local) const {
    for (const LnsPlace& place : lnss_) {
        if (place.role && place.role->listener_on(local)) return place.role.get();
    }
    return nullptr;
}

std::vector<LnsStatus> Roster::lns_status(Time now) const {
    std::vector<LnsStatus> out;
    for (const LnsPlace& place : lnss_) {
        if (!place.role) continue;
        out.push_back(place.role->status(now));
        out.back().held = place.held;
        out.back().listening &= !place.held;
    }
    return out;
}

std::vector<LacStatus> Roster::lac_status(Time now) const {
    std::vector<LacStatus> out;
    for (const LacPlace& place : lacs_) {
        if (!place.role) continue;
        out.push_back(place.role->status(now));
        out.back().held = place.held;
        if (place.held && place.role->stopped()) out.back().state = LacStatus::State::down;
    }
    return out;
}

}  // namespace keel::lifecycle
