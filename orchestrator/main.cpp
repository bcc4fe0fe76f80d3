// keel2tpd: arguments, load, compose, run.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "linux/config_file.hpp"
#include "linux/daemon.hpp"
#include "linux/log_setup.hpp"

namespace {

struct Arguments {
    std::string config;
    std::string plugin;
    std::vector<std::string> log_levels;
    std::string log_format;
    bool check = false;
};

// No core dump and no debugger of another user: passwords and keys are in this process's memory.
void protect_memory() {
    ::prctl(PR_SET_DUMPABLE, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

// A server holds about five descriptors for each session; the usual soft limit is for programs that use
// select().
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::optional<keel::CheckedConfig> load(const keel::ConfigFile& file) {
    const auto text = file.text();
    if (!text) {
        fmt::print(stderr, "keel2tpd: {}\n", text.error().text());
        return std::nullopt;
    }
    auto config = file.check(*text, keel::Origin::root);
    if (config) return std::move(*config);
    for (const auto& fault : config.error()) {
        // FILE:LINE:COLUMN: is what editors jump to.
        fmt::print(stderr, "{}:{}:{}: {}: {}\n", file.path(), fault.line, fault.column,
                   fault.pointer.empty() ? "(whole file)" : fault.pointer, fault.message);
    }
    fmt::print(stderr, "keel2tpd: {} has {} fault{}; nothing was done\n", file.path(), config.error().size(),
               config.error().size() == 1 ? "" : "s");
    return std::nullopt;
}

std::string is_level(const std::string& text) {
    if (keel::LogSetup::is_level(text)) return {};
    return fmt::format(
        "\"{}\" is no level (error, warning, notice, info, debug) and no AREA=LEVEL (areas: {})", text,
        fmt::join(keel::kLogAreas, ", "));
}

int run(const Arguments& arguments) {
    protect_memory();
    const keel::ConfigFile file(arguments.config, arguments.plugin);
    const auto checked = load(file);
    if (!checked) return 1;
    if (arguments.check) {
        for (const keel::Error& doubt : checked->doubts) {
            fmt::print(stderr, "keel2tpd: warning: {}\n", doubt.text());
        }
        fmt::print("{} is valid: {} lns, {} lac\n", arguments.config, checked->config->lns.size(),
                   checked->config->lac.size());
        return 0;
    }
    raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);
    keel::LogSetup setup(STDERR_FILENO, arguments.log_levels, arguments.log_format);
    setup.follow(checked->config->log);
    keel::LogHub log;
    log.attach(setup.sink());
    keel::Daemon daemon(*checked, file, KEEL2TP_VERSION, log, setup);
    const auto ended = daemon.run();
    if (ended) return 0;
    fmt::print(stderr, "keel2tpd: {}\n", ended.error().text());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("keel2tpd: L2TP/IPsec with every packet in the kernel, from one JSON file", "keel2tpd");
    app.set_version_flag("--version", KEEL2TP_VERSION);
    app.add_option("--config", arguments.config, "The configuration, a JSON file")->required();
    app.add_flag("--check", arguments.check,
                 "Only check the configuration: exit code 0, or 1 with every fault named");
    app.add_option("--plugin", arguments.plugin, "The pppd plugin, instead of the installed one");
    app.add_option(
           "--log-level", arguments.log_levels,
           "How much to say: error, warning, notice, info (by default) or debug; AREA=LEVEL for an area "
           "alone (may be repeated). Before log.level and log.levels of the configuration")
        ->check(CLI::Validator(is_level, "[AREA=]LEVEL"));
    app.add_option("--log-format", arguments.log_format,
                   "text, or json; before log.format of the configuration")
        ->check(CLI::IsMember({"text", "json"}));
    CLI11_PARSE(app, argc, argv);
    return run(arguments);
}
