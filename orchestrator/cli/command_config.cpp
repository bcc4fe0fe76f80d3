// plan, apply, confirm, rollback, save.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "cli/commands.hpp"
#include "cli/explain.hpp"
#include "cli/plan.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

struct ApplyOptions {
    std::string file;
    unsigned confirm_timeout = 0;
    std::string if_hash;
    bool save = false;
};

constexpr unsigned kLongestConfirm = 86400;
constexpr std::size_t kLargestFile = std::size_t{16} << 20;  // the daemon takes no more

// "-": standard input.
Result<std::string> read_document(const std::string& path) {
    std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
    if (file == nullptr) {
        const int error = errno;
        return fail(ErrorCode::not_found, fmt::format("cannot read {}: {}", path, std::strerror(error)),
                    error == ENOENT ? "name a file that exists, or - for standard input"
                                    : "run keel2tp as someone who may read it");
    }
    std::string text;
    char part[65536];
    for (std::size_t got = 1; got > 0 && text.size() <= kLargestFile;) {
        got = std::fread(part, 1, sizeof part, file);
        text.append(part, got);
    }
    const bool broken = std::ferror(file) != 0;
    const int error = errno;
    if (file != stdin) std::fclose(file);
    if (broken)
        return fail(ErrorCode::io, fmt::format("cannot read {}: {}", path, std::strerror(error)),
                    "name a file");
    if (text.size() > kLargestFile)
        return fail(ErrorCode::invalid, path + " is larger than 16 MiB",
                    "keel2tpd takes no larger configuration");
    return text;
}

int report_faults(const Context& context, const CallFailure& failure, const std::string& file) {
    if (failure.name != "org.keel2tp.InvalidConfiguration") return report(context, failure);
    if (context.json) {
        print_json({{"error", failure.name},
                    {"message", failure.error.message},
                    {"remedy", failure.error.remedy},
                    {"parameters", failure.parameters}});
    }
    fmt::print(stderr, "{}", faults_text(failure.parameters, file == "-" ? "(standard input)" : file));
    return kFailed;
}

int plan(const Context& context, const std::string& file) {
    const auto text = read_document(file);
    if (!text) return report(context, text.error());
    const auto reply = context.client().call("Plan", {{"config", *text}}, kLongPatience);
    if (!reply) return report_faults(context, reply.error(), file);
    const json& plan = reply->at("plan");
    print(context, plan, plan_text(plan, false, context.terminal()));
    return plan_exit_code(plan);
}

int apply(const Context& context, const ApplyOptions& options) {
    const auto text = read_document(options.file);
    if (!text) return report(context, text.error());
    json parameters = {{"config", *text}};
    if (options.confirm_timeout > 0) parameters["confirm_timeout_ms"] = options.confirm_timeout * 1000ULL;
    if (!options.if_hash.empty()) parameters["if_hash"] = options.if_hash;
    if (options.save) parameters["save"] = true;
    const auto reply = context.client().call("Apply", parameters, kLongPatience);
    if (!reply) return report_faults(context, reply.error(), options.file);
    std::string said = plan_text(reply->at("plan"), true, context.terminal());
    if (options.confirm_timeout > 0) {
        said += fmt::format("rolled back in {} unless you say: keel2tp confirm\n",
                            duration_text(options.confirm_timeout * 1000.0));
    } else if (!options.save) {
        said +=
            "not saved: a restart brings the saved configuration back; keep this one with: keel2tp save\n";
    }
    return print(context, *reply, said);
}

int simply(const Context& context, const char* method, const json& parameters, const char* said) {
    const auto reply = context.client().call(method, parameters, kLongPatience);
    if (!reply) return report(context, reply.error());
    const bool planned = reply->contains("plan") && (*reply)["plan"].is_object();
    return print(
        context, *reply,
        (planned ? plan_text((*reply)["plan"], true, context.terminal()) : std::string()) + said + "\n");
}

void add_apply(CLI::App& app, Context& context) {
    auto options = std::make_shared<ApplyOptions>();
    auto* command = add_command(app, context, "apply",
                                "Make a configuration file the running configuration: all of it or nothing",
                                [&context, options] { return apply(context, *options); });
    command->add_option("file", options->file, "The configuration; -: standard input")
        ->required()
        ->type_name(kTypeFile);
    command
        ->add_option("--confirm-timeout", options->confirm_timeout,
                     "Roll back after so many seconds unless `keel2tp confirm` comes")
        ->type_name("SECONDS")
        ->check(CLI::Range(1U, kLongestConfirm).description(""));
    command
        ->add_option("--if-hash", options->if_hash,
                     "Only if the running configuration still has this hash (`keel2tp show config` tells it)")
        ->type_name("HASH");
    command->add_flag("--save", options->save,
                      "Save it, so that a restart brings it back; with --confirm-timeout once confirmed");
    add_wide(command, context);
    command->footer("Exit code: 0 it runs, 1 nothing was changed.");
}

}  // namespace

void add_configuration(CLI::App& app, Context& context) {
    auto file = std::make_shared<std::string>();
    auto* plan_command = add_command(
        app, context, "plan", "What a configuration file would change, and whose sessions would end by it",
        [&context, file] { return plan(context, *file); });
    plan_command->add_option("file", *file, "The configuration; -: standard input")
        ->required()
        ->type_name(kTypeFile);
    add_wide(plan_command, context);
    plan_command->footer("Exit code: 0 nothing would change, 2 something would, 1 an error.");
    add_apply(app, context);
    auto save = std::make_shared<bool>(false);
    auto* confirm = add_command(
        app, context, "confirm", "Keep what was applied with --confirm-timeout", [&context, save] {
            return simply(context, "Confirm", *save ? json{{"save", true}} : json::object(),
                          *save ? "confirmed and saved" : "confirmed");
        });
    confirm->add_flag("--save", *save, "And save it, so that a restart brings it back");
    add_command(app, context, "rollback", "Go back to the configuration that ran before",
                [&context] { return simply(context, "Rollback", json::object(), "rolled back"); });
    add_command(app, context, "save", "Save the running configuration, so that a restart brings it back",
                [&context] { return simply(context, "Save", json::object(), "saved"); });
}

}  // namespace keel::cli
