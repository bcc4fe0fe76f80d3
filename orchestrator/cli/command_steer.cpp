// up, down, restart, drop.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "base/printable.hpp"
#include "cli/commands.hpp"
#include "cli/explain.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

struct DropOptions {
    std::string whom, user, connection;
    std::uint64_t session = 0;
};

int steer(const Context& context, const char* method, const std::vector<std::string>& names,
          const char* said) {
    json done = json::array();
    std::string text;
    for (const auto& typed : names) {
        const auto name = connection_named(context, typed);
        if (!name) return report(context, name.error());
        const auto reply = context.client().call(method, {{"name", *name}}, kLongPatience);
        if (!reply) return report(context, reply.error());
        done.push_back(*name);
        text += fmt::format("{} {}\n", printable(*name), said);
    }
    return print(context, {{"names", done}}, text);
}

void add_steer(CLI::App& app, Context& context, const char* name, const char* method, const char* what,
               const char* said) {
    auto names = std::make_shared<std::vector<std::string>>();
    auto* command = add_command(app, context, name, what, [&context, names, method, said] {
        return steer(context, method, *names, said);
    });
    command
        ->add_option("name", *names, "Connections; \"lns/\" and \"lac/\" may be left out where one is meant")
        ->required()
        ->type_name(kTypeConnection);
}

bool is_number(const std::string& text) {
    return !text.empty() && text.size() < 10 &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

Result<json> drop_parameters(const DropOptions& options) {
    json out = json::object();
    if (is_number(options.whom))
        out["session"] = std::stoul(options.whom);
    else if (!options.whom.empty())
        out["user"] = options.whom;
    if (options.session > 0) out["session"] = options.session;
    if (!options.user.empty()) out["user"] = options.user;
    if (out.empty() && options.connection.empty())
        return fail(ErrorCode::invalid, "whom to drop is not said",
                    "keel2tp drop SESSION or USER, --connection NAME for all of one; keel2tp show sessions "
                    "lists them");
    return out;
}

int drop(const Context& context, const DropOptions& options) {
    auto parameters = drop_parameters(options);
    if (!parameters) return misused(parameters.error());
    if (!options.connection.empty()) {
        const auto name = connection_named(context, options.connection);
        if (!name) return report(context, name.error());
        (*parameters)["connection"] = *name;
    }
    const auto reply = context.client().call("Drop", *parameters, kLongPatience);
    if (!reply) return report(context, reply.error());
    const auto dropped = reply->value("dropped", std::uint64_t{0});
    return print(context, *reply, fmt::format("dropped {}\n", counted(dropped, "session")));
}

}  // namespace

void add_steering(CLI::App& app, Context& context) {
    add_steer(app, context, "up", "Up", "Let connections come up again that `down` holds", "may come up");
    add_steer(app, context, "down", "Down",
              "Take connections down and hold them there, until `up` or a restart", "is down");
    add_steer(app, context, "restart", "Restart", "Take connections down and bring them up anew",
              "was restarted");
    auto options = std::make_shared<DropOptions>();
    auto* command = add_command(app, context, "drop", "End sessions; the peers are told, and may come again",
                                [&context, options] { return drop(context, *options); });
    command->add_option("whom", options->whom, "A session's number or a user's name")
        ->type_name(kTypeSessionOrUser);
    command->add_option("--user", options->user, "This user's sessions, also where the name is a number")
        ->type_name(kTypeUser);
    command->add_option("--session", options->session, "This session")->type_name(kTypeSession);
    command->add_option("--connection", options->connection, "Only sessions of this connection")
        ->type_name(kTypeConnection);
}

}  // namespace keel::cli
