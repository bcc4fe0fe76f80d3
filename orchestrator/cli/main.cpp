// keel2tp: the command for people and scripts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/show.hpp"
#include "cli/varlink_client.hpp"

namespace {

int show(const std::string& socket, bool as_json) {
    const auto reply = keel::cli::call(socket, "org.keel2tp.Show", nlohmann::json::object());
    if (!reply) {
        fmt::print(stderr, "keel2tp: {}\n", reply.error().text());
        return 1;
    }
    const auto& overview = reply->at("overview");
    fmt::print("{}", as_json ? overview.dump(2) + "\n" : keel::cli::show_text(overview));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("keel2tp: shows and steers L2TP/IPsec connections of keel2tpd", "keel2tp");
    app.set_version_flag("--version", KEEL2TP_VERSION);
    app.require_subcommand(1);
    std::string socket = "/run/keel2tp/control.sock";
    app.add_option("--control", socket, "The daemon's control socket")->capture_default_str();
    bool as_json = false;
    auto* show_command =
        app.add_subcommand("show", "Connections, tunnels, sessions, IPsec SAs, and why what is down is down");
    show_command->add_flag("--json", as_json, "As JSON, for scripts");
    CLI11_PARSE(app, argc, argv);
    try {
        return show(socket, as_json);
    } catch (const nlohmann::json::exception&) {
        fmt::print(stderr,
                   "keel2tp: keel2tpd's answer is not as this keel2tp knows it; use those of one version\n");
        return 1;
    }
}
