// keel2tp: the command for people and scripts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "cli/commands.hpp"
#include "cli/explain.hpp"

namespace {

using keel::cli::Context;

constexpr keel::cli::AddCommands kCommands[] = {
    keel::cli::add_show, keel::cli::add_configuration, keel::cli::add_steering,  keel::cli::add_watching,
    keel::cli::add_top,  keel::cli::add_host,          keel::cli::add_completion};

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        if (!command->get_group().empty()) names.push_back(command->get_name());
    return names;
}

// Help and the version are asked for by what CLI11 calls errors, too.
int usage(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const auto chosen = app.get_subcommands();
    std::string remedy =
        fmt::format("see keel2tp {}--help", chosen.empty() ? "" : chosen[0]->get_name() + " ");
    std::string message = error.what();
    const auto left = app.remaining();
    if (chosen.empty() && !left.empty() && !left[0].starts_with('-')) {
        const auto unknown = keel::cli::not_found("command", left[0], command_names(app));
        message = unknown.message;
        if (unknown.remedy.starts_with("did")) remedy = unknown.remedy + " " + remedy;
    }
    if (chosen.empty() && left.empty() && error.get_name() == "RequiredError") message = "which command?";
    return keel::cli::misused({keel::ErrorCode::invalid, message, remedy});
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_DFL);  // `keel2tp show | head` ends like any other program
    CLI::App app("keel2tp: shows and steers L2TP/IPsec connections of keel2tpd", "keel2tp");
    app.set_version_flag("--version", KEEL2TP_VERSION);
    app.require_subcommand(1);
    app.fallthrough();  // --control may stand after the command, too
    app.footer(
        "Exit code: 0 done, 1 it could not be done, 64 the command was not understood; plan: 2 something "
        "would "
        "change; doctor: see there.");
    Context context;
    app.add_option("--control", context.socket, "The daemon's control socket")
        ->capture_default_str()
        ->take_last()
        ->type_name(keel::cli::kTypeFile)
        ->each([&context](const std::string&) { context.socket_named = true; });
    for (const auto add : kCommands) add(app, context);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return usage(app, error);
    }
    try {
        return context.chosen();
    } catch (const nlohmann::json::exception&) {
        return keel::cli::report(
            context,
            keel::Error{keel::ErrorCode::invalid, "keel2tpd's answer is not as this keel2tp knows it",
                        "use keel2tp and keel2tpd of one version (keel2tp version shows both)"});
    }
}
