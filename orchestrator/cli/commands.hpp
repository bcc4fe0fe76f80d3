// The commands of keel2tp: each add_* registers some of them with the parser; the chosen one is run by main.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/client.hpp"
#include "cli/terminal.hpp"

namespace keel::cli {

inline constexpr const char* kControlSocket = "/run/keel2tp/control.sock";  // the schema's default
inline constexpr int kDone = 0, kFailed = 1, kUsage = 64;  // exit codes; EX_USAGE of sysexits.h

// What all commands share. Lives as long as the parser.
struct Context {
    std::string socket = kControlSocket;
    bool socket_named = false;
    bool json = false, wide = false;
    std::function<int()> chosen;

    [[nodiscard]] Client client() const { return Client(socket); }
    // stdout's; no limit with --wide.
    [[nodiscard]] Terminal terminal() const;
};

using AddCommands = void (*)(CLI::App&, Context&);
void add_show(CLI::App& app, Context& context);           // show, ipsec
void add_configuration(CLI::App& app, Context& context);  // plan, apply, confirm, rollback, save
void add_steering(CLI::App& app, Context& context);       // up, down, restart, drop
void add_watching(CLI::App& app, Context& context);       // monitor, trace, metrics, log
void add_top(CLI::App& app, Context& context);
void add_host(CLI::App& app, Context& context);  // doctor, version
void add_completion(CLI::App& app, Context& context);

// What completion offers for an option or a positional follows from its type name.
inline constexpr const char *kTypeConnection = "CONNECTION", *kTypeUser = "USER", *kTypeSession = "SESSION",
                            *kTypeFile = "FILE", *kTypeLevel = "LEVEL", *kTypeEvent = "EVENT",
                            *kTypeAreaLevel = "[AREA] LEVEL", *kTypeSessionOrUser = "SESSION|USER";

// A command whose body returns the exit code; the flag --json with it.
CLI::App* add_command(CLI::App& app, Context& context, const std::string& name, const std::string& what,
                      std::function<int()> body);
void add_wide(CLI::App* command, Context& context);

// To stderr, and with --json as an object on stdout, too: {"error", "message", "remedy", "parameters"}.
// kFailed.
int report(const Context& context, const CallFailure& failure);
int report(const Context& context, const Error& error);
// To stderr: the command was not understood. kUsage.
int misused(const Error& error);
void print_json(const nlohmann::json& value);
// Of the text or, with --json, of the value.
int print(const Context& context, const nlohmann::json& value, const std::string& text);

// A connection's whole name; the daemon is asked which there are.
[[nodiscard]] Answer<std::string> connection_named(const Context& context, const std::string& typed);

}  // namespace keel::cli
