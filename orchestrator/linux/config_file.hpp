// ConfigFile: the file that the daemon was started with, and the checks that each configuration goes through,
// wherever it comes from.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/parse.hpp"

namespace keel {

struct CheckedConfig {
    std::shared_ptr<const config::Config> config;
    std::string document;       // as config::Parsed has it: secrets may be in it
    std::vector<Error> doubts;  // what may not work today, an expired certificate say
};

// From whom a configuration comes. What is not from root may refer to files beside the daemon's own only:
// keel2tpd reads them as root, and whether one can be read is told.
enum class Origin { root, other };

class ConfigFile {
public:
    // `plugin` goes before what the configuration says; empty: it does not.
    ConfigFile(std::string path, std::string plugin) : path_(std::move(path)), plugin_(std::move(plugin)) {}

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] Result<std::string> text() const;
    // `running`: the document in use, for {"unchanged": true}.
    [[nodiscard]] std::expected<CheckedConfig, std::vector<config::Fault>> check(
        std::string_view text, Origin origin, std::optional<std::string_view> running = std::nullopt) const;
    // Replaces the file as a whole; it keeps its owner and mode. A new one is root's alone.
    [[nodiscard]] Status save(std::string_view document) const;

private:
    [[nodiscard]] bool is_beside(const std::string& reference) const;

    std::string path_;
    std::string plugin_;
};

}  // namespace keel
