#include "linux/daemon_house.hpp"

#include <unistd.h>

#include "api/ipsec_json.hpp"
#include "api/overview_json.hpp"
#include "api/trace_json.hpp"
#include "api/users_json.hpp"
#include "linux/system.hpp"

namespace keel {

using nlohmann::json;

api::Outcome DaemonHouse::show() {
    const Time now = monotonic_now();
    const auto& counters = parts_.sockets.counters();
    api::DaemonFacts facts{.version = parts_.version,
                           .pid = ::getpid(),
                           .cpu_seconds = std::chrono::duration<double>(own_cpu_time()).count(),
                           .datagrams_received = counters.received,
                           .datagrams_sent = counters.sent,
                           .uptime = now - parts_.started,
                           .kernel = {}};
    if (const auto& support = parts_.kernel_support) {
        facts.kernel = {{"receive_mark", support->receive_mark},
                        {"set_mark", support->set_mark},
                        {"socket_policy", support->socket_policy},
                        {"rules", support->rules}};
    }
    return json{{"overview", api::to_json(facts, parts_.orchestrator.overview(now), now)}};
}

void DaemonHouse::ipsec(api::Answer answer) {
    parts_.ipsec_look.look([this, answer = std::move(answer)](Result<std::vector<lifecycle::IkeView>> peers) {
        lifecycle::IpsecView view;
        view.charon = parts_.orchestrator.charon();
        if (peers) {
            view.peers = std::move(*peers);
        } else {
            view.why = peers.error();
        }
        const lifecycle::IpsecHistory& history = parts_.ipsec_history;
        for (lifecycle::IkeView& peer : view.peers) {
            for (lifecycle::ChildView& child : peer.children) child.moves = history.moves(child.mark);
        }
        answer(json{{"ipsec", api::to_json(view, history, monotonic_now())}});
    });
}

void DaemonHouse::metrics(api::Answer answer) {
    answer(json{{"text", parts_.metrics.text()}});
}

api::Outcome DaemonHouse::users(const std::optional<std::string>& connection) {
    auto users = parts_.orchestrator.users();
    if (connection) {
        const auto name = named(*connection);
        if (!name) return std::unexpected(name.error());
        std::erase_if(users, [&](const lifecycle::UserStatus& user) { return user.connection != *name; });
    }
    return json{{"users", api::to_json(users, monotonic_now())}};
}

// ---- steering

std::expected<std::string, api::Failure> DaemonHouse::named(const std::string& connection) const {
    const std::vector<std::string> known = parts_.orchestrator.connections();
    std::vector<std::string> meant;
    for (const std::string& name : known) {
        if (name == connection || name.substr(name.find('/') + 1) == connection) meant.push_back(name);
    }
    if (meant.size() == 1) return meant.front();
    return api::not_found("connection", connection, known);
}

api::Outcome DaemonHouse::steer(const std::string& connection, Steer how) {
    const auto name = named(connection);
    if (!name) return std::unexpected(name.error());
    const Status done = (parts_.orchestrator.*how)(monotonic_now(), *name);
    parts_.settle();
    if (!done) return api::refused(done.error());
    return json::object();
}

api::Outcome DaemonHouse::drop(const api::DropRequest& request) {
    std::optional<std::string> connection;
    if (request.connection) {
        const auto name = named(*request.connection);
        if (!name) return std::unexpected(name.error());
        connection = *name;
    }
    const auto picked = [&](const lifecycle::Tunnel& tunnel, const lifecycle::Session& session) {
        return (!request.session || session.ids.session.value == *request.session) &&
               (!request.user || session.user == *request.user) &&
               (!connection || tunnel.owner->name() == *connection);
    };
    const std::size_t dropped = parts_.orchestrator.drop(monotonic_now(), picked);
    parts_.settle();
    if (dropped > 0) return json{{"dropped", dropped}};
    if (request.session) return api::not_found("session", std::to_string(*request.session), {});
    if (request.user) return api::not_found("session of user", *request.user, {});
    return json{{"dropped", 0}};
}

api::Outcome DaemonHouse::trace(const std::string& connection) {
    const auto name = named(connection);
    if (!name) return std::unexpected(name.error());
    const auto messages = parts_.orchestrator.trace(*name);
    if (!messages) return api::not_found("connection", connection, parts_.orchestrator.connections());
    return api::to_json(*messages, monotonic_now(), wall_now());
}

api::Outcome DaemonHouse::log_levels() {
    json areas = json::object();
    for (const auto& [area, level] : parts_.log_levels.areas()) areas.emplace(area, name_of(level));
    return json{{"level", name_of(parts_.log_levels.general())}, {"levels", std::move(areas)}};
}

api::Outcome DaemonHouse::set_log(const std::optional<std::string>& area, std::optional<LogLevel> level) {
    if (area) {
        if (!is_log_area(*area))
            return api::not_found("log area", *area, {kLogAreas.begin(), kLogAreas.end()});
        parts_.log_levels.set(*area, level);
    } else if (level) {
        parts_.log_levels.set(*level);
    }
    return log_levels();
}

}  // namespace keel
