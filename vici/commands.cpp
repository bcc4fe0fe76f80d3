#include "vici/commands.hpp"

#include <charconv>
#include <concepts>
#include <string_view>
#include <utility>

namespace vici {
namespace {

// 0 where the text is missing, malformed or out of range: the daemon's numbers never mean anything as 0.
template <std::integral T>
T number(std::string_view text, int base = 10) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} && end == text.data() + text.size() ? value : T{};
}

// Marks are printed with or without "0x", by version.
std::uint32_t hex(std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    return number<std::uint32_t>(text, 16);
}

List list_or_empty(const Message& message, std::string_view name) {
    const List* list = message.find_list(name);
    return list ? *list : List{};
}

ChildSa parse_child(const std::string& key, const Message& section) {
    ChildSa child;
    child.key = key;
    child.name = section.value("name");
    child.uniqueid = number<std::uint32_t>(section.value("uniqueid"));
    child.reqid = number<std::uint32_t>(section.value("reqid"));
    child.state = section.value("state");
    child.encap = section.flag("encap");
    child.spi_in = hex(section.value("spi-in"));
    child.spi_out = hex(section.value("spi-out"));
    child.mark_in = hex(section.value("mark-in"));
    child.mark_out = hex(section.value("mark-out"));
    child.encr_alg = section.value("encr-alg");
    child.encr_keysize = section.value("encr-keysize");
    child.integ_alg = section.value("integ-alg");
    return child;
}

IkeSa parse_ike(const std::string& name, const Message& section) {
    IkeSa ike;
    ike.name = name;
    ike.uniqueid = number<std::uint32_t>(section.value("uniqueid"));
    ike.version = number<int>(section.value("version"));
    ike.state = section.value("state");
    ike.local_host = section.value("local-host");
    ike.remote_host = section.value("remote-host");
    ike.local_id = section.value("local-id");
    ike.remote_id = section.value("remote-id");
    ike.local_port = number<std::uint16_t>(section.value("local-port"));
    ike.remote_port = number<std::uint16_t>(section.value("remote-port"));
    return ike;
}

template <class Visit>
void each_section(const Message& message, Visit visit) {
    for (const Message::Entry& entry : message.entries()) {
        if (const auto* section = std::get_if<Message>(&entry.content)) visit(entry.name, *section);
    }
}

template <class Visit>
void each_child_section(const Message& ike_section, Visit visit) {
    if (const Message* children = ike_section.find_section("child-sas")) each_section(*children, visit);
}

}  // namespace

Status outcome(const Message& reply) {
    if (reply.flag("success")) return {};
    const std::string_view why = reply.value("errmsg");
    return fail(ErrorCode::refused, why.empty() ? "refused without a reason" : std::string(why));
}

Request make_version() {
    return {.command = "version"};
}

Result<Version> parse_version(const Message& reply) {
    Version version{.daemon = std::string(reply.value("daemon")),
                    .version = std::string(reply.value("version"))};
    if (version.version.empty())
        return fail(ErrorCode::malformed, "the answer to 'version' holds no version");
    return version;
}

Request make_stats() {
    return {.command = "stats"};
}

Result<Stats> parse_stats(const Message& reply) {
    const Message* uptime = reply.find_section("uptime");
    if (!uptime || uptime->value("since").empty()) {
        return fail(ErrorCode::malformed, "the answer to 'stats' holds no uptime");
    }
    return Stats{.since = std::string(uptime->value("since")), .plugins = list_or_empty(reply, "plugins")};
}

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

Request make_load_shared(const SharedSecret& secret) {
    Request request{.command = "load-shared", .secret = true};
    request.arguments.add("id", secret.id)
        .add("type", secret.type)
        .add("data", std::string(secret.data.begin(), secret.data.end()));
    if (!secret.owners.empty()) request.arguments.add("owners", secret.owners);
    return request;
}

Request make_unload_shared(const std::string& id) {
    Request request{.command = "unload-shared"};
    request.arguments.add("id", id);
    return request;
}

Request make_get_shared() {
    return {.command = "get-shared", .unbounded_reply = true};
}
List parse_get_shared(const Message& reply) {
    return list_or_empty(reply, "keys");
}

Request make_initiate(const std::string& ike, const std::string& child) {
    Request request{.command = "initiate"};
    request.arguments.add("ike", ike).add("child", child).add("timeout", "-1");
    return request;
}

Request make_terminate(const TerminateTarget& target) {
    Request request{.command = "terminate"};
    if (target.ike) request.arguments.add("ike", *target.ike);
    if (target.child) request.arguments.add("child", *target.child);
    if (target.ike_id) request.arguments.add("ike-id", std::to_string(*target.ike_id));
    if (target.child_id) request.arguments.add("child-id", std::to_string(*target.child_id));
    if (target.force) request.arguments.add("force", "yes");
    request.arguments.add("timeout", "-1");
    return request;
}

Request make_list_sas(const ListSas& filter) {
    Request request{.command = "list-sas", .stream = "list-sa"};
    if (filter.noblock) request.arguments.add("noblock", "yes");
    if (filter.ike) request.arguments.add("ike", *filter.ike);
    if (filter.ike_id) request.arguments.add("ike-id", std::to_string(*filter.ike_id));
    if (filter.child_id) request.arguments.add("child-id", std::to_string(*filter.child_id));
    return request;
}

std::vector<IkeSa> parse_ike_sas(const Message& message) {
    std::vector<IkeSa> out;
    each_section(message, [&out](const std::string& name, const Message& section) {
        IkeSa ike = parse_ike(name, section);
        each_child_section(section, [&ike](const std::string& key, const Message& child) {
            ike.children.push_back(parse_child(key, child));
        });
        out.push_back(std::move(ike));
    });
    return out;
}

std::vector<Rekeyed> parse_child_rekey(const Message& message) {
    std::vector<Rekeyed> out;
    each_section(message, [&out](const std::string& name, const Message& section) {
        each_child_section(section, [&](const std::string& key, const Message& child) {
            const Message* before = child.find_section("old");
            const Message* after = child.find_section("new");
            if (!before || !after) return;
            out.push_back({parse_ike(name, section), parse_child(key, *before), parse_child(key, *after)});
        });
    });
    return out;
}

LogLine parse_log(const Message& message) {
    return {.group = std::string(message.value("group")),
            .level = number<int>(message.value("level")),
            .thread = number<std::uint32_t>(message.value("thread")),
            .ike_name = std::string(message.value("ikesa-name")),
            .ike_id = number<std::uint32_t>(message.value("ikesa-uniqueid")),
            .text = std::string(message.value("msg"))};
}

}  // namespace vici
