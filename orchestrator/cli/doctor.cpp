#include "cli/doctor.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "cli/client.hpp"
#include "cli/doctor_report.hpp"
#include "doctor/examine.hpp"
#include "linux/doctor_gather.hpp"

namespace keel::cli {
namespace {

constexpr int kCouldNotRun = 3;

std::string text_of(const nlohmann::json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_string()
               ? object[key].get<std::string>()
               : std::string();
}

// What is down, and why. A client that waits for its next try counts, one that connects for the first time
// does not.
std::vector<doctor::Down> what_is_down(const nlohmann::json& overview) {
    std::vector<doctor::Down> out;
    for (const auto& connection : overview.value("connections", nlohmann::json::array())) {
        if (!connection.contains("why") || !connection["why"].is_object() ||
            connection.value("state", "") == "up")
            continue;
        const auto& why = connection["why"];
        out.push_back({text_of(connection, "name"), text_of(why, "stage"), text_of(why, "message"),
                       text_of(why, "remedy")});
    }
    return out;
}

doctor::DaemonFacts ask_daemon(const std::string& socket) {
    doctor::DaemonFacts facts;
    facts.socket = socket;
    const auto reply = Client(socket).call("Show");
    if (!reply) {
        facts.version = std::unexpected(reply.error().error);
        return facts;
    }
    const auto& overview = reply->at("overview");
    facts.version = text_of(overview, "version");
    facts.down = what_is_down(overview);
    const auto& guard = overview.at("guard");
    if (guard.is_object()) facts.refused_in_clear = guard.value("cleartext_in", std::uint64_t{0});
    return facts;
}

}  // namespace

int doctor(const DoctorOptions& options) {
    try {
        auto facts = doctor::gather(options.config);
        facts.own_version = KEEL2TP_VERSION;
        const auto& config = facts.config.config;
        facts.daemon = ask_daemon(!options.control.empty() ? options.control
                                  : config                 ? config->control.socket
                                           : "/run/keel2tp/control.sock");  // the schema's default
        const auto findings = doctor::examine(facts);
        fmt::print(
            "{}",
            options.json
                ? doctor_json(findings, KEEL2TP_VERSION, options.config, facts.kernel.root).dump(2) + "\n"
                : doctor_text(findings, options.verbose));
        return doctor::exit_code(findings);
    } catch (const std::exception& error) {
        fmt::print(stderr, "keel2tp: the doctor could not finish: {}\n", error.what());
        return kCouldNotRun;
    }
}

}  // namespace keel::cli
