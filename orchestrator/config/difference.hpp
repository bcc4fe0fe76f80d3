// Difference: what lies between two configurations, object by object, and when it takes effect. Which
// sessions it ends depends on who is connected: lifecycle/plan.hpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace keel::config {

// now: at once. next: sessions, tunnels and SAs that are up keep the old until they are made anew. again: the
// connection is ended and begun again. restart: only by a restart of keel2tpd.
enum class Effect { now, next, again, restart };

struct Change {
    enum class Kind { added, removed, changed };
    std::string object;  // "lns/office", "lns/office/users/alice", "lns/office/calls/branch7", "daemon"
    Kind kind = Kind::changed;
    Effect effect = Effect::now;         // the gravest of those of `what`
    std::vector<std::string> what = {};  // the options, as the configuration calls them: "ppp.dns"

    bool operator==(const Change&) const = default;
};
[[nodiscard]] std::string_view name_of(Change::Kind kind);
[[nodiscard]] std::string_view name_of(Effect effect);

// Ordered: daemon, servers, clients, each by name.
[[nodiscard]] std::vector<Change> difference(const Config& from, const Config& to);

// Connections by name, of both configurations; null where one has none of that name.
template <class T>
using Pairs = std::map<std::string_view, std::pair<const T*, const T*>>;
template <class T>
[[nodiscard]] Pairs<T> pairs_of(const std::vector<T>& from, const std::vector<T>& to) {
    Pairs<T> pairs;
    for (const T& connection : from) pairs[connection.name].first = &connection;
    for (const T& connection : to) pairs[connection.name].second = &connection;
    return pairs;
}

// Whether the connection must be ended and begun again to get from one to the other.
[[nodiscard]] bool begins_again(const Lns& from, const Lns& to);
[[nodiscard]] bool begins_again(const Lac& from, const Lac& to);

}  // namespace keel::config
