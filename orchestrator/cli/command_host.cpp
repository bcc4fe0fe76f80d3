// doctor, version.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.hpp"
#include "cli/doctor.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

int version(const Context& context) {
    const auto info = context.client().call("org.varlink.service.GetInfo");
    const json daemon = info ? info->value("version", json()) : json();
    return print(
        context, {{"keel2tp", KEEL2TP_VERSION}, {"keel2tpd", daemon}},
        fmt::format("keel2tp {}\n{}\n", KEEL2TP_VERSION,
                    info ? "keel2tpd " + text_of(daemon) : "keel2tpd: " + info.error().error.message));
}

}  // namespace

void add_host(CLI::App& app, Context& context) {
    auto options = std::make_shared<DoctorOptions>();
    auto* command = add_command(app, context, "doctor",
                                "What keeps keel2tp from working on this host, each with its remedy",
                                [&context, options] {
                                    options->json = context.json;
                                    if (context.socket_named) options->control = context.socket;
                                    return doctor(*options);
                                });
    command->add_option("--config", options->config, "The daemon's configuration")
        ->capture_default_str()
        ->type_name(kTypeFile);
    command->add_flag("--verbose", options->verbose, "List what is fine, too");
    command->footer(kDoctorExitCodes);
    add_command(app, context, "version", "The versions of this command and of the daemon that runs",
                [&context] { return version(context); });
}

}  // namespace keel::cli
