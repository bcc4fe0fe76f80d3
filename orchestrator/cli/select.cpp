#include "cli/select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/explain.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

// What an entry may be called by, the best name first.
std::vector<const char*> name_keys(const std::string& kind) {
    if (kind == "tunnels") return {"id", "connection", "peer_host_name", "remote"};
    if (kind == "sessions") return {"id", "user", "interface", "connection", "remote"};
    if (kind == "sas" || kind == "peers") return {"connection", "remote", "remote_id"};
    return {"name"};
}

std::string singular(const std::string& kind) {
    if (kind == "sas" || kind == "peers") return "IPsec peer";
    return kind.substr(0, kind.size() - 1);
}

std::string plain(const json& value) {
    return value.is_string() ? value.get<std::string>() : value.is_null() ? std::string() : value.dump();
}

std::string member(const json& entry, const char* key) {
    const auto found = entry.find(key);
    return found == entry.end() ? std::string() : plain(*found);
}

bool named(const json& entry, const std::string& kind, const std::string& name) {
    return std::ranges::any_of(name_keys(kind), [&](const char* key) {
        const auto value = member(entry, key);
        return value == name || value == "lns/" + name || value == "lac/" + name;
    });
}

std::vector<std::string> known_names(const std::string& kind, const json& entries) {
    std::set<std::string> names;
    for (const json& entry : entries) {
        for (const char* key : name_keys(kind)) names.insert(member(entry, key));
    }
    names.erase("");
    return {names.begin(), names.end()};
}

bool has_session_of(const json& connection, const std::string& user, const json& overview) {
    return std::ranges::any_of(overview["sessions"], [&](const json& session) {
        return session["connection"] == connection["name"] && session["user"] == user;
    });
}

bool wanted(const json& entry, const std::string& kind, const Filter& filter, const json& overview) {
    const bool connection = kind == "connections" || kind == "pools";
    if (!filter.user.empty() &&
        (connection ? !has_session_of(entry, filter.user, overview)
                    : member(entry, kind == "users" ? "name" : "user") != filter.user))
        return false;
    if (!filter.connection.empty() && member(entry, connection ? "name" : "connection") != filter.connection)
        return false;
    const auto state = kind == "users" ? std::string(entry["online"].is_null() ? "offline" : "online")
                                       : member(entry, "state");
    if (!filter.state.empty() && state != filter.state && member(entry, "phase") != filter.state)
        return false;
    return filter.names.empty() ||
           std::ranges::any_of(filter.names, [&](const auto& name) { return named(entry, kind, name); });
}

}  // namespace

std::vector<std::string> connection_names(const json& overview) {
    std::vector<std::string> names;
    for (const json& connection : overview["connections"])
        names.push_back(connection["name"].get<std::string>());
    return names;
}

Result<std::string> full_name(const std::string& typed, const std::vector<std::string>& known) {
    std::vector<std::string> meant;
    for (const auto& name : known) {
        if (name == typed) return name;
        if (name == "lns/" + typed || name == "lac/" + typed) meant.push_back(name);
    }
    if (meant.size() == 1) return meant[0];
    if (meant.empty()) return std::unexpected(not_found("connection", typed, known));
    return fail(ErrorCode::invalid, fmt::format("\"{}\" may be {} or {}", typed, meant[0], meant[1]),
                "say which");
}

Result<json> select(const std::string& kind, const json& entries, const Filter& filter,
                    const json& overview) {
    Filter exact = filter;
    if (!filter.connection.empty()) {
        auto name = full_name(filter.connection, connection_names(overview));
        if (!name) return std::unexpected(name.error());
        exact.connection = *name;
    }
    for (const auto& name : filter.names) {
        if (std::ranges::none_of(entries, [&](const json& entry) { return named(entry, kind, name); }))
            return std::unexpected(not_found(singular(kind), name, known_names(kind, entries)));
    }
    json out = json::array();
    for (const json& entry : entries)
        if (wanted(entry, kind, exact, overview)) out.push_back(entry);
    return out;
}

}  // namespace keel::cli
