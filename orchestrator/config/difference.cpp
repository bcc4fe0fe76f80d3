#include "config/difference.hpp"

#include <algorithm>
#include <map>
#include <span>

namespace keel::config {
namespace {

// An option of a T: its name in the configuration, and when a change of it takes effect.
template <class T>
struct Option {
    std::string_view name;
    Effect effect;
    bool (*same)(const T&, const T&);
};

template <class T>
using Same = bool (*)(const T&, const T&);

template <auto Member, class T>
bool same(const T& a, const T& b) {
    return a.*Member == b.*Member;
}

template <auto Member, class T>
bool same_tunnel(const T& a, const T& b) {
    return a.tunnel.*Member == b.tunnel.*Member;
}

template <class T>
bool same_protection(const T& a, const T& b) {
    return a.ipsec.has_value() == b.ipsec.has_value();
}

template <auto Member, class T>
bool same_ipsec(const T& a, const T& b) {
    return !a.ipsec || !b.ipsec || (*a.ipsec).*Member == (*b.ipsec).*Member;
}

// Of both ends of a connection.
template <class T>
constexpr Option<T> kOfBoth[] = {
    {"unprotected", Effect::again, same_protection<T>},
    {"ipsec.authentication", Effect::next, same_ipsec<&Ipsec::auth, T>},
    {"ipsec.ike", Effect::next, same_ipsec<&Ipsec::ike, T>},
    {"ipsec.local-id", Effect::next, same_ipsec<&Ipsec::local_id, T>},
    {"ipsec.force-encap", Effect::next, same_ipsec<&Ipsec::force_encap, T>},
    {"ipsec.ike-proposals", Effect::next, same_ipsec<&Ipsec::ike_proposals, T>},
    {"ipsec.esp-proposals", Effect::next, same_ipsec<&Ipsec::esp_proposals, T>},
    {"hello-interval", Effect::next, same<&T::hello_interval, T>},
    {"tunnel.secret", Effect::next, same_tunnel<&Tunnel::secret, T>},
    {"tunnel.hide", Effect::next, same_tunnel<&Tunnel::hide, T>},
    {"tunnel.dscp", Effect::next, same_tunnel<&Tunnel::dscp, T>},
    {"tunnel.sequencing", Effect::next, same_tunnel<&Tunnel::sequencing, T>},
    {"tunnel.retransmit-initial", Effect::next, same_tunnel<&Tunnel::retransmit_initial, T>},
    {"tunnel.retransmit-limit", Effect::next, same_tunnel<&Tunnel::retransmit_limit, T>},
    {"tunnel.quirks", Effect::next, same_tunnel<&Tunnel::quirks, T>},
    {"ppp.mtu", Effect::next, same<&T::mtu, T>},
    {"ppp.echo-interval", Effect::next, same<&T::echo_interval, T>},
};

constexpr Option<Lns> kOfServer[] = {
    {"listen", Effect::now, same<&Lns::listen>},
    {"ppp.auth", Effect::next, same<&Lns::auth>},
    {"ppp.local-address", Effect::now, same<&Lns::local_address>},
    {"ppp.pool", Effect::now, same<&Lns::pool>},
    {"ppp.dns", Effect::next, same<&Lns::dns>},
};

constexpr Option<Lac> kOfClient[] = {
    {"server", Effect::again, same<&Lac::server>},
    {"ipsec.remote-id", Effect::again, same_ipsec<&Ipsec::remote_id, Lac>},
    {"ppp.user", Effect::again, same<&Lac::user>},
    {"ppp.password", Effect::next, same<&Lac::password>},
    {"call", Effect::again, same<&Lac::waits_for_call>},
    {"numbers", Effect::next, same<&Lac::numbers>},
    {"routes", Effect::now, same<&Lac::routes>},
};

constexpr Option<User> kOfUser[] = {
    {"password", Effect::next, same<&User::password>},
    {"address", Effect::now, same<&User::address>},
};

constexpr Option<Config> kOfDaemon[] = {
    {"host-name", Effect::restart, same<&Config::host_name>},
    {"charon.vici", Effect::restart, same<&Config::vici_socket>},
    {"control", Effect::restart, same<&Config::control>},
    {"metrics", Effect::now, same<&Config::metrics>},
    {"log", Effect::now, same<&Config::log>},
    {"pppd.path", Effect::restart, same<&Config::pppd>},
    {"pppd.plugin", Effect::restart, same<&Config::plugin>},
};

template <class T>
void compare(Change& change, std::span<const Option<T>> options, const T& from, const T& to) {
    for (const Option<T>& option : options) {
        if (option.same(from, to)) continue;
        change.what.emplace_back(option.name);
        change.effect = std::max(change.effect, option.effect);
    }
}

Change compared(const Lns& from, const Lns& to) {
    Change change{.object = to.name};
    compare<Lns>(change, kOfBoth<Lns>, from, to);
    compare<Lns>(change, kOfServer, from, to);
    return change;
}

Change compared(const Lac& from, const Lac& to) {
    Change change{.object = to.name};
    compare<Lac>(change, kOfBoth<Lac>, from, to);
    compare<Lac>(change, kOfClient, from, to);
    return change;
}

void add_users(std::vector<Change>& out, const Lns& from, const Lns& to) {
    const auto object = [&](const std::string& user) { return to.name + "/users/" + user; };
    for (const auto& [name, user] : from.users) {
        if (!to.users.contains(name)) out.push_back({object(name), Change::Kind::removed});
    }
    for (const auto& [name, user] : to.users) {
        const auto before = from.users.find(name);
        if (before == from.users.end()) {
            out.push_back({object(name), Change::Kind::added});
            continue;
        }
        Change change{.object = object(name)};
        compare<User>(change, kOfUser, before->second, user);
        if (!change.what.empty()) out.push_back(std::move(change));
    }
}

const Call* call_of(const Lns& lns, const std::string& name) {
    const auto found = std::ranges::find(lns.calls, name, &Call::name);
    return found == lns.calls.end() ? nullptr : &*found;
}

void add_calls(std::vector<Change>& out, const Lns& from, const Lns& to) {
    const auto object = [&](const Call& call) { return to.name + "/calls/" + call.name; };
    for (const Call& call : from.calls) {
        if (!call_of(to, call.name)) out.push_back({object(call), Change::Kind::removed});
    }
    for (const Call& call : to.calls) {
        const Call* before = call_of(from, call.name);
        if (!before) {
            out.push_back({object(call), Change::Kind::added});
        } else if (*before != call) {
            out.push_back({object(call), Change::Kind::changed, Effect::again});
        }
    }
}

void add_parts(std::vector<Change>& out, const Lns& from, const Lns& to) {
    add_users(out, from, to);
    add_calls(out, from, to);
}
void add_parts(std::vector<Change>&, const Lac&, const Lac&) {}

template <class T>
void add_connections(std::vector<Change>& out, const std::vector<T>& from, const std::vector<T>& to) {
    for (const auto& [name, pair] : pairs_of(from, to)) {
        const auto [before, after] = pair;
        if (!before || !after) {
            out.push_back({std::string(name), before ? Change::Kind::removed : Change::Kind::added});
            continue;
        }
        if (*before == *after) continue;
        if (Change change = compared(*before, *after); !change.what.empty()) out.push_back(std::move(change));
        add_parts(out, *before, *after);
    }
}

}  // namespace

std::string_view name_of(Change::Kind kind) {
    switch (kind) {
        case Change::Kind::added: return "added";
        case Change::Kind::removed: return "removed";
        case Change::Kind::changed: return "changed";
    }
    return "";
}

std::string_view name_of(Effect effect) {
    switch (effect) {
        case Effect::now: return "now";
        case Effect::next: return "next";
        case Effect::again: return "again";
        case Effect::restart: return "restart";
    }
    return "";
}

std::vector<Change> difference(const Config& from, const Config& to) {
    std::vector<Change> out;
    Change daemon{.object = "daemon"};
    compare<Config>(daemon, kOfDaemon, from, to);
    if (!daemon.what.empty()) out.push_back(std::move(daemon));
    add_connections(out, from.lns, to.lns);
    add_connections(out, from.lac, to.lac);
    return out;
}

bool begins_again(const Lns& from, const Lns& to) {
    return compared(from, to).effect == Effect::again;
}

bool begins_again(const Lac& from, const Lac& to) {
    return compared(from, to).effect == Effect::again;
}

}  // namespace keel::config
