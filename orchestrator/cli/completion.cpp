#include "cli/completion.hpp"

#include <algorithm>
#include <sstream>

#include "base/event_ids.hpp"
#include "cli/commands.hpp"
#include "cli/levels.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

bool hidden(const CLI::App& command) {
    return command.get_group().empty();
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    auto found = app.get_subcommands([](const CLI::App* one) { return !hidden(*one); });
    return {found.begin(), found.end()};
}

std::vector<const CLI::Option*> options_of(const CLI::App& app, bool positional) {
    auto found = app.get_options([positional](const CLI::Option* one) {
        return one->get_positional() == positional && !one->get_group().empty();
    });
    return {found.begin(), found.end()};
}

bool takes_value(const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
}

// Where in a command line we are.
struct Place {
    const CLI::App* root;
    const CLI::App* command;                 // the root where none is chosen yet
    const CLI::Option* wanting = nullptr;    // an option that waits for its value
    bool lost = false;                       // no such command: nothing can follow
    std::vector<std::string> positionals{};  // given so far
};

const CLI::Option* option_named(const Place& place, const std::string& word) {
    for (const CLI::App* app : {place.command, place.root}) {
        for (const CLI::Option* option : options_of(*app, false))
            if (option->check_name(word)) return option;
    }
    return nullptr;
}

Place walk(const CLI::App& root, const std::vector<std::string>& words) {
    Place place{.root = &root, .command = &root};
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const auto& word = words[i];
        if (place.wanting != nullptr) {
            place.wanting = nullptr;
        } else if (word.starts_with('-') && word.size() > 1) {
            const auto* option = option_named(place, word);
            if (option != nullptr && takes_value(*option)) place.wanting = option;
        } else if (place.command == &root) {
            const auto commands = commands_of(root);
            const auto found =
                std::ranges::find_if(commands, [&](const CLI::App* one) { return one->check_name(word); });
            if (found == commands.end()) {
                place.lost = true;
                break;
            }
            place.command = *found;
        } else {
            place.positionals.push_back(word);
        }
    }
    return place;
}

const CLI::Option* next_positional(const Place& place) {
    const auto all = options_of(*place.command, true);
    if (all.empty()) return nullptr;
    const std::size_t at = place.positionals.size();
    if (at < all.size()) return all[at];
    const auto* last = all.back();
    return at < all.size() - 1 + static_cast<std::size_t>(last->get_items_expected_max()) ? last : nullptr;
}

std::vector<Candidate> words_in(const std::vector<std::string>& words, const std::string& suffix = {}) {
    std::vector<Candidate> out;
    for (const auto& word : words) out.push_back({word + suffix, {}});
    return out;
}

// "{a,b}"
std::vector<Candidate> choices(const std::string& type) {
    std::vector<Candidate> out;
    std::istringstream words(type.substr(1, type.size() - 2));
    for (std::string word; std::getline(words, word, ',');) out.push_back({word, {}});
    return out;
}

// The names that `show OBJECT NAME` takes are the object's.
std::string type_of(const CLI::Option& option, const Place& place) {
    auto type = option.get_type_name();
    if (place.command->get_name() != "show" || !option.get_positional() || place.positionals.empty())
        return type;
    if (place.positionals[0] == "users") return kTypeUser;
    if (place.positionals[0] == "sessions") return kTypeSessionOrUser;
    return place.positionals[0] == "config" ? std::string() : type;
}

Completion values(const CLI::Option& option, const Place& place, const LiveNames& names) {
    const auto type = type_of(option, place);
    if (type == kTypeFile) return {.candidates = {}, .files = true};
    if (type.starts_with('{')) return {.candidates = choices(type)};
    if (type == kTypeLevel) return {.candidates = words_in(kLogLevels)};
    if (type == kTypeEvent) {
        auto out = words_in(kLogAreas, ".*");
        for (const auto id : kEventIds) out.push_back({std::string(id), {}});
        return {.candidates = std::move(out)};
    }
    if (type == kTypeAreaLevel) {
        auto out = words_in(kLogLevels);
        const auto more = place.positionals.empty() ? words_in(kLogAreas) : words_in({"default"});
        out.insert(out.end(), more.begin(), more.end());
        return {.candidates = std::move(out)};
    }
    Completion out;
    for (const char* kind : {kTypeConnection, kTypeUser, kTypeSession}) {
        if (type.find(kind) == std::string::npos) continue;
        const auto more = names(kind);
        out.candidates.insert(out.candidates.end(), more.begin(), more.end());
    }
    return out;
}

Completion everything(const Place& place, const std::string& word, const LiveNames& names) {
    if (place.lost) return {};
    if (place.wanting != nullptr) return values(*place.wanting, place, names);
    Completion out;
    if (word.starts_with('-')) {
        for (const CLI::App* app : {place.command, place.root}) {
            for (const CLI::Option* option : options_of(*app, false)) {
                for (const auto& name : option->get_lnames())
                    if (name != "version" || place.command == place.root)
                        out.candidates.push_back({"--" + name, option->get_description()});
            }
            if (place.command == place.root) break;
        }
        return out;
    }
    if (place.command == place.root) {
        for (const CLI::App* command : commands_of(*place.root))
            out.candidates.push_back({command->get_name(), command->get_description()});
        return out;
    }
    const auto* positional = next_positional(place);
    return positional == nullptr ? out : values(*positional, place, names);
}

json option_json(const CLI::Option& option) {
    json names = json::array();
    for (const auto& name : option.get_snames()) names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) names.push_back("--" + name);
    return {{"names", std::move(names)},
            {"type", takes_value(option) ? option.get_type_name() : std::string()},
            {"what", option.get_description()},
            {"default", option.get_default_str()}};
}

json options_json(const CLI::App& app) {
    json out = json::array();
    for (const CLI::Option* option : options_of(app, false)) out.push_back(option_json(*option));
    return out;
}

}  // namespace

Completion complete(const CLI::App& app, const std::vector<std::string>& words, const LiveNames& names) {
    if (words.empty()) return {};
    const auto& word = words.back();
    Completion out = everything(walk(app, words), word, names);
    std::vector<Candidate> bare;
    for (const auto& [candidate, what] : out.candidates) {
        const auto slash = candidate.find('/');
        if (slash == std::string::npos || word.empty() || candidate.starts_with(word)) continue;
        if (candidate.substr(slash + 1).starts_with(word))
            bare.push_back({candidate.substr(slash + 1), what});
    }
    std::erase_if(out.candidates, [&word](const Candidate& one) { return !one.word.starts_with(word); });
    out.candidates.insert(out.candidates.end(), bare.begin(), bare.end());
    return out;
}

json describe(const CLI::App& app) {
    json commands = json::array();
    for (const CLI::App* command : commands_of(app)) {
        json positionals = json::array();
        for (const CLI::Option* one : options_of(*command, true)) {
            positionals.push_back({{"name", one->get_name(true)},
                                   {"type", one->get_type_name()},
                                   {"what", one->get_description()},
                                   {"required", one->get_required()},
                                   {"many", one->get_items_expected_max() > 1}});
        }
        commands.push_back({{"name", command->get_name()},
                            {"description", command->get_description()},
                            {"footer", command->get_footer()},
                            {"positionals", std::move(positionals)},
                            {"options", options_json(*command)}});
    }
    return {{"description", app.get_description()},
            {"footer", app.get_footer()},
            {"options", options_json(app)},
            {"commands", std::move(commands)}};
}

}  // namespace keel::cli
