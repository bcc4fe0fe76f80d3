#include "vici/commands_daemon.hpp"

#include <utility>

#include "vici/fields.hpp"

namespace vici {
namespace {

using fields::each_section;
using fields::number;

std::uint32_t sum_of_values(const Message& section) {
    std::uint32_t sum = 0;
    for (const Message::Entry& entry : section.entries()) {
        if (const auto* text = std::get_if<std::string>(&entry.content)) sum += number<std::uint32_t>(*text);
    }
    return sum;
}

Request make_counters(const char* command, const CountersOf& of) {
    Request request{.command = command, .unbounded_reply = of.all};
    if (of.all) request.arguments.add("all", "yes");
    if (!of.connection.empty()) request.arguments.add("name", of.connection);
    return request;
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
                    .version = std::string(reply.value("version")),
                    .system = std::string(reply.value("sysname")),
                    .release = std::string(reply.value("release")),
                    .machine = std::string(reply.value("machine"))};
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
    Stats stats{.since = std::string(uptime->value("since")),
                .plugins = fields::list_or_empty(reply, "plugins")};
    stats.scheduled_jobs = number<std::uint32_t>(reply.value("scheduled"));
    if (const Message* workers = reply.find_section("workers")) {
        stats.workers = number<std::uint32_t>(workers->value("total"));
        stats.idle_workers = number<std::uint32_t>(workers->value("idle"));
    }
    if (const Message* queues = reply.find_section("queues")) stats.queued_jobs = sum_of_values(*queues);
    if (const Message* ike = reply.find_section("ikesas")) {
        stats.ike_sas = number<std::uint32_t>(ike->value("total"));
        stats.half_open = number<std::uint32_t>(ike->value("half-open"));
    }
    return stats;
}

Request make_reload_settings() {
    return {.command = "reload-settings"};
}

bool Algorithms::has(std::string_view kind, const std::string& algorithm) const {
    const auto found = by_kind.find(kind);
    return found != by_kind.end() && found->second.contains(algorithm);
}

bool Algorithms::has_key_exchange(const std::string& group) const {
    return has("dh", group) || has("ke", group);
}

Request make_get_algorithms() {
    return {.command = "get-algorithms"};
}

Result<Algorithms> parse_get_algorithms(const Message& reply) {
    Algorithms out;
    each_section(reply, [&out](const std::string& kind, const Message& section) {
        auto& algorithms = out.by_kind[kind];
        for (const Message::Entry& entry : section.entries()) {
            if (const auto* plugin = std::get_if<std::string>(&entry.content))
                algorithms.emplace(entry.name, *plugin);
        }
    });
    if (out.by_kind.empty())
        return fail(ErrorCode::malformed, "the answer to 'get-algorithms' holds no algorithms");
    return out;
}

Request make_get_counters(const CountersOf& of) {
    return make_counters("get-counters", of);
}
Request make_reset_counters(const CountersOf& of) {
    return make_counters("reset-counters", of);
}

Result<Counters> parse_get_counters(const Message& reply) {
    if (Status done = outcome(reply); !done) return std::unexpected(done.error());
    Counters out;
    const Message* all = reply.find_section("counters");
    if (!all) return fail(ErrorCode::malformed, "the answer to 'get-counters' holds no counters");
    each_section(*all, [&out](const std::string& name, const Message& section) {
        auto& values = out[name];
        for (const Message::Entry& entry : section.entries()) {
            if (const auto* text = std::get_if<std::string>(&entry.content))
                values.emplace(entry.name, number<std::uint64_t>(*text));
        }
    });
    return out;
}

}  // namespace vici
