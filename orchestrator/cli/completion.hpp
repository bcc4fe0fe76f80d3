// What may come next on the command line, for the completions of shells (packaging/completions), and the
// commands' description for the manual page: both out of the parser itself.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace keel::cli {

struct Candidate {
    std::string word, what;
};

struct Completion {
    std::vector<Candidate> candidates;
    bool files = false;  // a file's name belongs here: the shell knows those
};

// Names that exist now, for a type name (CONNECTION, USER, SESSION).
using LiveNames = std::function<std::vector<Candidate>(const std::string& type)>;

// `words`: what follows "keel2tp", the last one, maybe empty, is to be completed. Only what begins with it.
[[nodiscard]] Completion complete(const CLI::App& app, const std::vector<std::string>& words,
                                  const LiveNames& names);

// {"description", "footer", "options": [...], "commands": [{"name", "description", "footer", "positionals":
// [{"name", "type", "what", "required", "many"}], "options": [{"names", "type", "what", "default"}]}]}.
[[nodiscard]] nlohmann::json describe(const CLI::App& app);

}  // namespace keel::cli
