// keel2tp: the command for people and scripts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/doctor.hpp"
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
    const auto* control =
        app.add_option("--control", socket, "The daemon's control socket")->capture_default_str();
    bool as_json = false;
    auto* show_command =
        app.add_subcommand("show", "Connections, tunnels, sessions, IPsec SAs, and why what is down is down");
    show_command->add_flag("--json", as_json, "As JSON, for scripts");
    keel::cli::DoctorOptions doctor;
    auto* doctor_command =
        app.add_subcommand("doctor", "What keeps keel2tp from working on this host, each with its remedy");
    doctor_command->add_option("--config", doctor.config, "The daemon's configuration")
        ->capture_default_str();
    doctor_command->add_flag("--json", doctor.json, "As JSON, for scripts (schemas/doctor.schema.json)");
    doctor_command->add_flag("--verbose", doctor.verbose, "List what is fine, too");
    doctor_command->footer(keel::cli::kDoctorExitCodes);
    CLI11_PARSE(app, argc, argv);
    if (doctor_command->parsed()) {
        if (control->count() > 0) doctor.control = socket;
        return keel::cli::doctor(doctor);
    }
    try {
        return show(socket, as_json);
    } catch (const nlohmann::json::exception&) {
        fmt::print(stderr,
                   "keel2tp: keel2tpd's answer is not as this keel2tp knows it; use those of one version\n");
        return 1;
    }
}
