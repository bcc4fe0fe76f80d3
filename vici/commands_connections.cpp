#include "vici/commands_connections.hpp"

#include <utility>

#include "vici/fields.hpp"

namespace vici {
namespace {

using fields::each_section;
using fields::list_or_empty;
using fields::seconds;

ListedAuth parse_auth(const std::string& key, const Message& section) {
    return {.key = key,
            .auth = std::string(section.value("class")),
            .id = std::string(section.value("id")),
            .eap_id = std::string(section.value("eap_id")),
            .xauth_id = std::string(section.value("xauth_id")),
            .aaa_id = std::string(section.value("aaa_id")),
            .groups = list_or_empty(section, "groups"),
            .certs = list_or_empty(section, "certs"),
            .ca_certs = list_or_empty(section, "cacerts")};
}

ListedConn parse_conn(const std::string& name, const Message& section) {
    ListedConn conn{.name = name,
                    .version = std::string(section.value("version")),
                    .local_addrs = list_or_empty(section, "local_addrs"),
                    .remote_addrs = list_or_empty(section, "remote_addrs"),
                    .unique = std::string(section.value("unique")),
                    .rekey_time = seconds(section, "rekey_time"),
                    .reauth_time = seconds(section, "reauth_time"),
                    .dpd_delay = seconds(section, "dpd_delay"),
                    .dpd_timeout = seconds(section, "dpd_timeout")};
    each_section(section, [&conn](const std::string& key, const Message& part) {
        if (key.starts_with("local")) conn.local.push_back(parse_auth(key, part));
        if (key.starts_with("remote")) conn.remote.push_back(parse_auth(key, part));
    });
    if (const Message* children = section.find_section("children")) {
        each_section(*children, [&conn](const std::string& child, const Message& part) {
            conn.children.push_back({.name = child,
                                     .mode = std::string(part.value("mode")),
                                     .local_ts = list_or_empty(part, "local-ts"),
                                     .remote_ts = list_or_empty(part, "remote-ts"),
                                     .rekey_time = seconds(part, "rekey_time")});
        });
    }
    return conn;
}

Request about_policy(const char* command, const std::string& child, const std::string& ike) {
    Request request{.command = command};
    request.arguments.add("child", child);
    if (!ike.empty()) request.arguments.add("ike", ike);
    return request;
}

}  // namespace

Request make_load_conn(const std::string& name, Message connection) {
    Request request{.command = "load-conn"};
    request.arguments.add(name, std::move(connection));
    return request;
}

Request make_unload_conn(const std::string& name) {
    Request request{.command = "unload-conn"};
    request.arguments.add("name", name);
    return request;
}

Request make_get_conns() {
    return {.command = "get-conns", .unbounded_reply = true};
}
List parse_get_conns(const Message& reply) {
    return list_or_empty(reply, "conns");
}

Request make_list_conns(const std::string& ike) {
    Request request{.command = "list-conns", .stream = "list-conn"};
    if (!ike.empty()) request.arguments.add("ike", ike);
    return request;
}

std::vector<ListedConn> parse_conns(const Message& streamed) {
    std::vector<ListedConn> out;
    each_section(streamed, [&out](const std::string& name, const Message& section) {
        out.push_back(parse_conn(name, section));
    });
    return out;
}

Request make_install(const std::string& child, const std::string& ike) {
    return about_policy("install", child, ike);
}
Request make_uninstall(const std::string& child, const std::string& ike) {
    return about_policy("uninstall", child, ike);
}

Request make_list_policies(const ListPolicies& filter) {
    Request request{.command = "list-policies", .stream = "list-policy"};
    // The daemon looks only whether the key is there.
    if (filter.trap) request.arguments.add("trap", "yes");
    if (filter.drop) request.arguments.add("drop", "yes");
    if (filter.pass) request.arguments.add("pass", "yes");
    if (!filter.child.empty()) request.arguments.add("child", filter.child);
    if (!filter.ike.empty()) request.arguments.add("ike", filter.ike);
    return request;
}

std::vector<ListedPolicy> parse_policies(const Message& streamed) {
    std::vector<ListedPolicy> out;
    each_section(streamed, [&out](const std::string& key, const Message& section) {
        out.push_back({.key = key,
                       .child = std::string(section.value("child")),
                       .ike = std::string(section.value("ike")),
                       .mode = std::string(section.value("mode")),
                       .local_ts = list_or_empty(section, "local-ts"),
                       .remote_ts = list_or_empty(section, "remote-ts")});
    });
    return out;
}

}  // namespace vici
