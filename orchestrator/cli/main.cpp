// keel2tp: the command for people and scripts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/doctor.hpp"
#include "cli/ipsec.hpp"
#include "cli/show.hpp"
#include "cli/varlink_client.hpp"

namespace {

using ToText = std::string (*)(const nlohmann::json&);

// One call's answer, as JSON or as a person reads it. `name` is the answer's only parameter.
int print(const std::string& socket, const char* method, const char* name, bool as_json, ToText text) {
    const auto reply = keel::cli::call(socket, method, nlohmann::json::object());
    if (!reply) {
        fmt::print(stderr, "keel2tp: {}\n", reply.error().text());
        return 1;
    }
    const auto& answer = reply->at(name);
    fmt::print("{}", as_json ? answer.dump(2) + "\n" : text(answer));
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
    auto* ipsec_command =
        app.add_subcommand("ipsec",
                           "Each IPsec peer: IKE version, suites, times left, traffic, errors, NAT; and "
                           "who still needs IKEv1");
    ipsec_command->add_flag("--json", as_json, "As JSON, for scripts");
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
        if (ipsec_command->parsed())
            return print(socket, "org.keel2tp.Ipsec", "ipsec", as_json, keel::cli::ipsec_text);
        return print(socket, "org.keel2tp.Show", "overview", as_json, keel::cli::show_text);
    } catch (const nlohmann::json::exception&) {
        fmt::print(stderr,
                   "keel2tp: keel2tpd's answer is not as this keel2tp knows it; use those of one version\n");
        return 1;
    }
}
