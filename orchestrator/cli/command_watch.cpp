// monitor, trace, metrics, log.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/event_ids.hpp"
#include "base/event_name.hpp"
#include "base/printable.hpp"
#include "base/unique_fd.hpp"
#include "cli/commands.hpp"
#include "cli/event_line.hpp"
#include "cli/explain.hpp"
#include "cli/levels.hpp"
#include "cli/signals.hpp"
#include "cli/table.hpp"
#include "cli/trace.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

struct MonitorOptions {
    std::string connection, user, level;
    std::vector<std::string> ids;
};

Answer<json> monitor_parameters(const Context& context, const MonitorOptions& options) {
    json out = json::object();
    if (!options.ids.empty()) out["ids"] = options.ids;
    if (!options.level.empty()) out["level"] = options.level;
    if (!options.connection.empty()) {
        const auto name = connection_named(context, options.connection);
        if (!name) return std::unexpected(name.error());
        out["connection"] = *name;
    }
    return out;
}

// A misspelt one would never come.
std::optional<Error> unknown_event(const std::vector<std::string>& ids) {
    const auto unknown = std::ranges::find_if_not(ids, names_events);
    if (unknown == ids.end()) return std::nullopt;
    std::vector<std::string> known(kEventIds.begin(), kEventIds.end());
    for (const auto& area : kLogAreas) known.push_back(area + ".*");
    return not_found("event", *unknown, known);
}

bool put_line(const std::string& line) {
    fmt::print("{}", line);
    return std::fflush(stdout) == 0;
}

int monitor(const Context& context, const MonitorOptions& options) {
    if (const auto unknown = unknown_event(options.ids)) return misused(*unknown);
    const auto parameters = monitor_parameters(context, options);
    if (!parameters) return report(context, parameters.error());
    const Signals stop({SIGINT, SIGTERM});
    const auto ended = context.client().stream(
        "Monitor", *parameters,
        [&](const json& reply) {
            const json& event = reply.at("event");
            // monitor.* are about this stream: told whatever is filtered.
            const bool own =
                text_in(event, "area") == "monitor" || text_in(event, "id").starts_with("monitor.");
            if (!options.user.empty() && !own && event.value("user", json()) != options.user) return true;
            return put_line(context.json ? event.dump(-1, ' ', true, json::error_handler_t::replace) + "\n"
                                         : event_line(event, context.terminal()));
        },
        stop.fd());
    if (ended) return kDone;
    if (ended.error().error.code != ErrorCode::io) return report(context, ended.error());
    fmt::print(stderr,
               "keel2tp: keel2tpd has ended, and the monitor with it; start it again when keel2tpd runs\n");
    return kFailed;
}

Status write_file(const std::string& path, const std::string& octets) {
    // Only for the one who asked: addresses and names of peers are in it.
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    std::string_view rest = octets;
    while (fd.value() >= 0 && !rest.empty()) {
        const auto wrote = ::write(fd.value(), rest.data(), rest.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) break;
        rest.remove_prefix(static_cast<std::size_t>(wrote));
    }
    if (fd.value() >= 0 && rest.empty()) return {};
    return fail(ErrorCode::io, fmt::format("cannot write {}: {}", path, std::strerror(errno)),
                "name a file that you may write, or - for standard output");
}

int save_pcap(const Context& context, const json& messages, const std::string& path) {
    const auto octets = trace_pcap(messages);
    if (!octets) return report(context, octets.error());
    if (path == "-") {
        if (::isatty(STDOUT_FILENO) != 0)
            return misused({ErrorCode::invalid, "a pcap is nothing for a terminal",
                            "name a file, or pipe it: keel2tp trace NAME --pcap - | tshark -r -"});
        std::fwrite(octets->data(), 1, octets->size(), stdout);
        return kDone;
    }
    if (const auto written = write_file(path, *octets); !written) return report(context, written.error());
    return print(context, {{"file", path}, {"messages", messages.size()}},
                 fmt::format("{} in {}\n", counted(messages.size(), "message"), printable(path)));
}

int trace(const Context& context, const std::string& typed, const std::string& pcap) {
    const auto name = connection_named(context, typed);
    if (!name) return report(context, name.error());
    const auto reply = context.client().call("Trace", {{"name", *name}});
    if (!reply) return report(context, reply.error());
    const json& messages = reply->at("messages");
    if (!pcap.empty()) return save_pcap(context, messages, pcap);
    return print(context, messages, trace_text(messages, context.terminal()));
}

int metrics(const Context& context) {
    const auto reply = context.client().call("Metrics");
    if (!reply) return report(context, reply.error());
    return print(context, *reply, reply->at("text").get<std::string>());
}

std::string levels_text(const json& answer, const Terminal& terminal) {
    Table table({"AREA", "LEVEL"});
    table.add({"(all others)", text_in(answer, "level")});
    const json levels = answer.value("levels", json::object());
    for (const auto& [area, level] : levels.items()) table.add({printable(area), text_of(level)});
    return table.text(terminal);
}

int log_levels(const Context& context, std::vector<std::string> words) {
    if (words.empty()) {
        const auto reply = context.client().call("GetLog");
        if (!reply) return report(context, reply.error());
        return print(context, *reply, levels_text(*reply, context.terminal()));
    }
    json parameters = {{"level", words.back()}};
    if (words.size() == 2) parameters["area"] = words[0];
    const auto reply = context.client().call("SetLog", parameters);
    if (!reply && reply.error().name.ends_with(".InvalidParameter")) {
        return misused({ErrorCode::invalid,
                        fmt::format("\"{}\" is no area and level of the log", fmt::join(words, " ")),
                        fmt::format("areas: {}; levels: {}, or default for an area",
                                    fmt::join(kLogAreas, ", "), fmt::join(kLogLevels, ", "))});
    }
    if (!reply) return report(context, reply.error());
    return print(context, *reply, levels_text(*reply, context.terminal()));
}

void add_monitor(CLI::App& app, Context& context) {
    auto options = std::make_shared<MonitorOptions>();
    auto* command =
        add_command(app, context, "monitor",
                    "What happens, as it happens, a line for each event, until Ctrl-C; with --json an object "
                    "a line (schemas/events.schema.json)",
                    [&context, options] { return monitor(context, *options); });
    command->add_option("name", options->connection, "Only this connection's events")
        ->type_name(kTypeConnection);
    command->add_option("--user", options->user, "Only events of this user")->type_name(kTypeUser);
    command->add_option("--id", options->ids, "Only these events; session.* is all of an area")
        ->type_name(kTypeEvent);
    command->add_option("--level", options->level, "Only what is as grave or graver")
        ->type_name(kTypeLevel)
        ->check(CLI::IsMember(kLogLevels).description(""));
    add_wide(command, context);
}

void add_trace(CLI::App& app, Context& context) {
    auto name = std::make_shared<std::string>();
    auto pcap = std::make_shared<std::string>();
    auto* command =
        add_command(app, context, "trace",
                    "The recent L2TP control messages of a connection, decoded; secrets are blanked",
                    [&context, name, pcap] { return trace(context, *name, *pcap); });
    command->add_option("name", *name, "The connection")->required()->type_name(kTypeConnection);
    command->add_option("--pcap", *pcap, "Write them to a file for Wireshark instead; -: standard output")
        ->type_name(kTypeFile);
    add_wide(command, context);
}

}  // namespace

void add_watching(CLI::App& app, Context& context) {
    add_monitor(app, context);
    add_trace(app, context);
    add_command(app, context, "metrics", "All figures, in Prometheus' text format",
                [&context] { return metrics(context); });
    auto words = std::make_shared<std::vector<std::string>>();
    auto* log = add_command(app, context, "log",
                            "How much keel2tpd logs; with LEVEL, or AREA LEVEL, set it until keel2tpd ends",
                            [&context, words] { return log_levels(context, *words); });
    log->add_option(
           "level", *words,
           fmt::format("Areas: {}; levels: {}, and default for an area that is to have none of its own",
                       fmt::join(kLogAreas, ", "), fmt::join(kLogLevels, ", ")))
        ->type_name(kTypeAreaLevel)
        ->expected(0, 2)
        ->option_text(kTypeAreaLevel);
}

}  // namespace keel::cli
