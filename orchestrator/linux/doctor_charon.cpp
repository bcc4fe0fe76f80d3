// strongSwan's charon over vici, and what confines it, for the doctor.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "linux/charon_features.hpp"
#include "linux/doctor_gather.hpp"
#include "linux/proc.hpp"
#include "linux/strongswan_recipe.hpp"
#include "vici/client.hpp"
#include "vici/commands.hpp"

namespace keel::doctor {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);

Error explain(const std::string& socket, const vici::Error& why) {
    if (why.code == vici::ErrorCode::timeout) {
        return {
            ErrorCode::timeout,
            fmt::format("charon does not answer within {} seconds", std::chrono::seconds(kPatience).count()),
            {}};
    }
    const bool denied = ::access(socket.c_str(), W_OK) != 0 && (errno == EACCES || errno == EPERM);
    if (denied) return {ErrorCode::denied, "strongSwan's charon", {}};
    return {ErrorCode::unavailable, why.message, {}};
}

// The kernel's name of port 1701 in /etc/services is l2f.
bool is_l2tp(const std::string& selector) {
    return selector.find("/l2f]") != std::string::npos || selector.find("/1701]") != std::string::npos ||
           selector.find("/l2tp]") != std::string::npos;
}

bool takes_l2tp(const vici::ListedConn& connection) {
    return std::ranges::any_of(connection.children, [](const vici::ListedChild& child) {
        return child.mode == "TRANSPORT" && std::ranges::any_of(child.local_ts, is_l2tp);
    });
}

Result<std::vector<ForeignConnection>> foreign_connections(vici::Client& client, const std::string& socket) {
    std::vector<ForeignConnection> out;
    const auto done = client.each(vici::make_list_conns(), [&](const vici::Message& message) {
        for (const vici::ListedConn& one : vici::parse_conns(message)) {
            if (!one.name.starts_with(kCharonPrefix) && takes_l2tp(one)) {
                out.push_back({one.name, one.local_addrs, one.remote_addrs});
            }
        }
    });
    if (!done) return std::unexpected(explain(socket, done.error()));
    return out;
}

std::vector<IpsecConnection> connections(const std::optional<config::Config>& config) {
    std::vector<IpsecConnection> out;
    const auto add = [&](const auto& one, IpsecConnection::Role role) {
        if (!one.ipsec) return;
        IpsecConnection connection;
        connection.name = one.name;
        connection.role = role;
        connection.ike = one.ipsec->ike;
        connection.auth = one.ipsec->auth;
        connection.ike_proposals = one.ipsec->ike_proposals;
        connection.esp_proposals = one.ipsec->esp_proposals;
        out.push_back(std::move(connection));
    };
    if (!config) return out;
    for (const auto& lns : config->lns) add(lns, IpsecConnection::Role::responder);
    for (const auto& lac : config->lac) add(lac, IpsecConnection::Role::initiator);
    return out;
}

std::vector<Lack> lacks(vici::Client& client, const CharonFacts& charon,
                        const std::optional<config::Config>& config) {
    CharonFeatures features{.version = charon.version, .plugins = charon.plugins};
    if (auto found = client.ask(vici::make_get_algorithms(), vici::parse_get_algorithms)) {
        features.algorithms = std::move(*found);
    }
    std::vector<Lack> out;
    for (const CharonLack& lack : find_lacks(features, connections(config))) {
        out.push_back({lack.connection, lack.fatal, lack.why.message, lack.why.remedy});
    }
    return out;
}

Result<CharonFacts> ask(const std::string& socket, const std::optional<config::Config>& config) {
    auto client = vici::Client::connect({.path = socket, .deadline = kPatience});
    if (!client) return std::unexpected(explain(socket, client.error()));
    const auto version = client->ask(vici::make_version(), vici::parse_version);
    if (!version) return std::unexpected(explain(socket, version.error()));
    CharonFacts facts;
    facts.daemon = version->daemon;
    facts.version = version->version;
    if (const auto stats = client->ask(vici::make_stats(), vici::parse_stats)) facts.plugins = stats->plugins;
    facts.lacks = lacks(*client, facts, config);
    facts.foreign = foreign_connections(*client, socket);
    return facts;
}

std::string profile_of(int pid) {
    std::string profile = read_small_file(fmt::format("/proc/{}/attr/current", pid));
    while (!profile.empty() && (profile.back() == '\n' || profile.back() == '\0')) profile.pop_back();
    return profile == "unconfined" ? std::string() : profile;
}

}  // namespace

CharonHost gather_charon(const std::string& socket, const ConfigFacts& config, const ServiceFacts& services) {
    CharonHost host;
    host.socket = socket;
    std::error_code ignored;
    host.socket_there = std::filesystem::exists(socket, ignored);
    host.charon = ask(socket, config.config);
    const auto charon = std::ranges::find_if(
        services.ike_daemons, [](const Process& one) { return one.name.starts_with("charon"); });
    if (charon != services.ike_daemons.end()) host.apparmor = profile_of(charon->pid);
    host.selinux_enforcing = read_small_file("/sys/fs/selinux/enforce").starts_with('1');
    return host;
}

}  // namespace keel::doctor
