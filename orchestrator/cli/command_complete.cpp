// complete: for shells' completions; --describe: for the manual page. Neither is in the help.
#include <fmt/format.h>

#include <memory>

#include "base/printable.hpp"
#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kTabPatience{2};

// A name that could not be typed is not offered.
void offer(std::vector<Candidate>& out, const json& name, const std::string& what) {
    const auto word = name.is_string() ? name.get<std::string>() : name.dump();
    if (!word.empty() && printable(word) == word) out.push_back({word, what});
}

std::vector<Candidate> live_names(const Context& context, const std::string& type) {
    std::vector<Candidate> out;
    const auto client = context.client();
    if (type == kTypeUser) {
        const auto users = client.call("Users", json::object(), kTabPatience);
        if (!users) return out;
        for (const json& user : users->at("users"))
            offer(out, user["name"], "user of " + text_in(user, "connection"));
        return out;
    }
    const auto overview = client.call("Show", json::object(), kTabPatience);
    if (!overview) return out;
    const bool sessions = type == kTypeSession;
    for (const json& entry : overview->at("overview")[sessions ? "sessions" : "connections"])
        offer(out, entry[sessions ? "id" : "name"],
              sessions ? "session of " + text_in(entry, "user") : text_in(entry, "state"));
    return out;
}

int complete_line(const Context& context, const CLI::App& app, const std::vector<std::string>& words) {
    try {
        const auto found =
            complete(app, words, [&context](const std::string& type) { return live_names(context, type); });
        if (found.files) fmt::print(":files\n");
        for (const auto& [word, what] : found.candidates) fmt::print("{}\t{}\n", word, what);
    } catch (const json::exception&) {
        return kFailed;  // another version's daemon: nothing is offered
    }
    return kDone;
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
    auto words = std::make_shared<std::vector<std::string>>();
    auto* command = app.add_subcommand("complete", "What may come next, a line each, for shells")->group("");
    command->add_option("words", *words);
    command->callback([&app, &context, words] {
        context.chosen = [&app, &context, words] { return complete_line(context, app, *words); };
    });
    app.add_flag_callback(
           "--describe",
           [&app] {
               print_json(describe(app));
               throw CLI::Success();
           },
           "All commands as JSON")
        ->group("");
}

}  // namespace keel::cli
