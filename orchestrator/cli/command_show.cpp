// show, ipsec.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <memory>

#include "cli/commands.hpp"
#include "cli/explain.hpp"
#include "cli/ipsec.hpp"
#include "cli/select.hpp"
#include "cli/show.hpp"
#include "cli/tables.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

struct ShowOptions {
    std::string object;
    Filter filter;
};

const std::vector<std::string> kObjects{"connections", "tunnels", "sessions", "ipsec",
                                        "users",       "pools",   "config"};

std::string table_or(const Table& table, const char* nothing, const Terminal& terminal) {
    return table.empty() ? std::string(nothing) + "\n" : table.text(terminal);
}

int show_selected(const Context& context, const ShowOptions& options, const std::string& kind,
                  const json& entries, const json& overview) {
    const auto chosen = select(kind, entries, options.filter, overview);
    if (!chosen) return report(context, chosen.error());
    const auto terminal = context.terminal();
    if (kind == "tunnels")
        return print(context, *chosen, table_or(tunnels_table(*chosen), "no tunnels", terminal));
    if (kind == "sessions") {
        const auto told = told_table(*chosen);
        return print(context, *chosen,
                     table_or(sessions_table(*chosen), "no sessions", terminal) +
                         (told.empty() ? std::string() : "\n" + told.text(terminal)));
    }
    if (kind == "users") return print(context, *chosen, table_or(users_table(*chosen), "no users", terminal));
    if (kind == "pools") return print(context, *chosen, table_or(pools_table(*chosen), "no pools", terminal));
    if (!options.filter.names.empty()) {
        std::string text;
        for (const json& connection : *chosen)
            text += (text.empty() ? "" : "\n") + connection_text(connection, overview, terminal);
        return print(context, *chosen, text);
    }
    std::string text = table_or(connections_table(*chosen), "no connections", terminal);
    for (const auto& table : {calls_table(*chosen), refusals_table(*chosen)})
        if (!table.empty()) text += "\n" + table.text(terminal);
    return print(context, *chosen, text);
}

json pools_of(const json& overview) {
    json out = json::array();
    for (const json& connection : overview["connections"])
        if (connection.contains("pool")) out.push_back(connection);
    return out;
}

int show_ipsec(const Context& context, const Filter& filter) {
    const auto client = context.client();
    auto reply = client.call("Ipsec");
    if (!reply) return report(context, reply.error());
    json& ipsec = reply->at("ipsec");
    if (!filter.empty() && ipsec["peers"].is_array()) {
        const auto overview = client.call("Show");
        if (!overview) return report(context, overview.error());
        const auto peers = select("peers", ipsec["peers"], filter, overview->at("overview"));
        if (!peers) return report(context, peers.error());
        ipsec["peers"] = *peers;
    }
    return print(context, ipsec, ipsec_text(ipsec, context.terminal()));
}

int show_config(const Context& context, const Filter& filter) {
    if (!filter.empty())
        return report(context, Error{ErrorCode::invalid, "show config takes no names and no filters",
                                     "leave them out"});
    const auto reply = context.client().call("GetConfig");
    if (!reply) return report(context, reply.error());
    return print(context, *reply, config_text(*reply, context.terminal()));
}

int show_overview(const Context& context, const Filter& filter, json overview) {
    if (filter.empty()) return print(context, overview, show_text(overview, context.terminal()));
    const json all = overview;
    for (const char* kind : {"connections", "tunnels", "sessions", "sas"}) {
        if (std::string(kind) == "sas" && (!filter.user.empty() || !filter.state.empty())) {
            overview[kind] = json::array();  // an SA has no user and no state
            continue;
        }
        if (std::string(kind) == "tunnels" && !filter.user.empty()) {
            overview[kind] = json::array();
            continue;
        }
        const auto chosen = select(kind, all[kind], filter, all);
        if (!chosen) return report(context, chosen.error());
        overview[kind] = *chosen;
    }
    return print(context, overview, show_text(overview, context.terminal()));
}

// A connection's name where an object belongs is the likeliest slip.
int unknown_object(const std::string& typed) {
    const std::string message = fmt::format("there is no object \"{}\"", typed);
    if (const auto meant = nearest(typed, kObjects); !meant.empty())
        return misused({ErrorCode::not_found, message, fmt::format("did you mean \"{}\"?", meant)});
    return misused({ErrorCode::not_found, message,
                    fmt::format("there are {}; for a connection of that name: keel2tp show connections {}",
                                fmt::join(kObjects, ", "), typed)});
}

int show(const Context& context, const ShowOptions& options) {
    if (!options.object.empty() && std::ranges::find(kObjects, options.object) == kObjects.end())
        return unknown_object(options.object);
    const auto client = context.client();
    if (options.object == "ipsec") return show_ipsec(context, options.filter);
    if (options.object == "config") return show_config(context, options.filter);
    const auto reply = client.call("Show");
    if (!reply) return report(context, reply.error());
    const json& overview = reply->at("overview");
    if (options.object.empty()) return show_overview(context, options.filter, overview);
    if (options.object == "users") {
        const auto users = client.call("Users");
        if (!users) return report(context, users.error());
        return show_selected(context, options, "users", users->at("users"), overview);
    }
    if (options.object == "pools")
        return show_selected(context, options, "pools", pools_of(overview), overview);
    return show_selected(context, options, options.object, overview[options.object], overview);
}

}  // namespace

void add_show(CLI::App& app, Context& context) {
    auto options = std::make_shared<ShowOptions>();
    auto* command =
        add_command(app, context, "show",
                    "What there is and how it does, and why what is down is down; one object's table, or "
                    "with a connection's NAME all about it",
                    [&context, options] { return show(context, *options); });
    command->add_option("object", options->object, "What to show; without: an overview")
        ->type_name(fmt::format("{{{}}}", fmt::join(kObjects, ",")));
    command->add_option("name", options->filter.names, "Only these (connections, or users of `show users`)")
        ->type_name(kTypeConnection);
    command->add_option("--user", options->filter.user, "Only this user's")->type_name(kTypeUser);
    command->add_option("--connection", options->filter.connection, "Only this connection's")
        ->type_name(kTypeConnection);
    command
        ->add_option("--state", options->filter.state,
                     "Only what is in this state (up, waiting, established, online, ...)")
        ->type_name("STATE");
    add_wide(command, context);
    auto ipsec_filter = std::make_shared<Filter>();
    auto* ipsec =
        add_command(app, context, "ipsec",
                    "Each IPsec peer: IKE version, suites, times left, traffic, errors, NAT; and who still "
                    "needs IKEv1",
                    [&context, ipsec_filter] { return show_ipsec(context, *ipsec_filter); });
    ipsec->add_option("name", ipsec_filter->names, "Only peers of these connections")
        ->type_name(kTypeConnection);
    add_wide(ipsec, context);
}

}  // namespace keel::cli
