#include "cli/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/printable.hpp"
#include "cli/select.hpp"

namespace keel::cli {

using nlohmann::json;

Terminal Context::terminal() const {
    auto terminal = Terminal::of(STDOUT_FILENO);
    if (wide) terminal.columns = 0;
    return terminal;
}

CLI::App* add_command(CLI::App& app, Context& context, const std::string& name, const std::string& what,
                      std::function<int()> body) {
    auto* command = app.add_subcommand(name, what);
    command->footer("");  // not the one of all commands
    command->add_flag("--json", context.json, "As JSON, for scripts");
    command->callback([&context, body = std::move(body)] { context.chosen = body; });
    return command;
}

void add_wide(CLI::App* command, Context& context) {
    command->add_flag("--wide", context.wide, "All columns, however narrow the terminal is");
}

int report(const Context& context, const CallFailure& failure) {
    if (context.json) {
        print_json({{"error", failure.name},
                    {"message", failure.error.message},
                    {"remedy", failure.error.remedy},
                    {"parameters", failure.parameters}});
    }
    fmt::print(stderr, "{}",
               Terminal::of(STDERR_FILENO).paragraph("keel2tp: " + printable(failure.error.text())));
    return kFailed;
}

int misused(const Error& error) {
    fmt::print(stderr, "{}", Terminal::of(STDERR_FILENO).paragraph("keel2tp: " + printable(error.text())));
    return kUsage;
}

int report(const Context& context, const Error& error) {
    return report(context, CallFailure{error, {}, json::object()});
}

void print_json(const json& value) {
    fmt::print("{}\n", value.dump(2, ' ', false, json::error_handler_t::replace));
}

int print(const Context& context, const json& value, const std::string& text) {
    if (context.json) {
        print_json(value);
    } else {
        fmt::print("{}", text);
    }
    return kDone;
}

Answer<std::string> connection_named(const Context& context, const std::string& typed) {
    const auto reply = context.client().call("Show");
    if (!reply) return std::unexpected(reply.error());
    auto name = full_name(typed, connection_names(reply->at("overview")));
    if (!name) return std::unexpected(CallFailure{name.error(), {}, json::object()});
    return *name;
}

}  // namespace keel::cli
