// keel2tpd: arguments, load, compose, run.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "config/parse.hpp"
#include "linux/credentials.hpp"
#include "linux/daemon.hpp"
#include "linux/files.hpp"
#include "linux/system.hpp"

namespace {

struct Arguments {
    std::string config;
    std::string plugin;
    std::string log_level = "info";
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

// What will never work is a fault, like a PSK that cannot be read. What does not work today (an expired
// certificate, a clock that is not set yet) must not keep the other connections from starting.
std::vector<keel::config::CredentialFault> check_credentials(const keel::IpsecAuth& auth, bool tell) {
    std::vector<keel::config::CredentialFault> faults;
    const auto read = keel::read_credentials(auth, keel::credential_files(), keel::calendar_now());
    for (const keel::CredentialFinding& finding : read.findings) {
        if (finding.kind == keel::CredentialFinding::Kind::fault) {
            faults.push_back(finding.what);
        } else if (tell) {
            fmt::print(stderr, "keel2tpd: warning: {}\n", finding.what.why.text());
        }
    }
    return faults;
}

std::optional<keel::config::Config> load(const std::string& path, bool tell) {
    const auto text = keel::read_text_file(path);
    if (!text) {
        fmt::print(stderr, "keel2tpd: {}\n", text.error().text());
        return std::nullopt;
    }
    auto config = keel::config::parse(*text, keel::read_secret_file, [tell](const keel::IpsecAuth& auth) {
        return check_credentials(auth, tell);
    });
    if (config) return std::move(*config);
    for (const auto& fault : config.error()) {
        fmt::print(stderr, "{}: {}: {}\n", path, fault.pointer.empty() ? "(whole file)" : fault.pointer,
                   fault.message);
    }
    fmt::print(stderr, "keel2tpd: {} has {} fault{}; nothing was done\n", path, config.error().size(),
               config.error().size() == 1 ? "" : "s");
    return std::nullopt;
}

keel::LogLevel level_of(const std::string& name) {
    if (name == "error") return keel::LogLevel::error;
    if (name == "warning") return keel::LogLevel::warning;
    if (name == "notice") return keel::LogLevel::notice;
    return name == "debug" ? keel::LogLevel::debug : keel::LogLevel::info;
}

int run(const Arguments& arguments) {
    protect_memory();
    auto config = load(arguments.config, arguments.check);
    if (!config) return 1;
    if (arguments.check) {
        fmt::print("{} is valid: {} lns, {} lac\n", arguments.config, config->lns.size(), config->lac.size());
        return 0;
    }
    if (!arguments.plugin.empty()) config->plugin = arguments.plugin;
    raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);
    // journald sets JOURNAL_STREAM for a service whose stderr it reads, and understands priorities.
    keel::StreamLog log(STDERR_FILENO, level_of(arguments.log_level),
                        std::getenv("JOURNAL_STREAM") != nullptr);
    keel::Daemon daemon(*config, KEEL2TP_VERSION, log);
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
    app.add_option("--log-level", arguments.log_level, "How much to say")
        ->check(CLI::IsMember({"error", "warning", "notice", "info", "debug"}))
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    return run(arguments);
}
