#include "config/secrets.hpp"

#include <map>
#include <utility>
#include <vector>

#include "config/parse.hpp"
#include "config/positions.hpp"
#include "config/schema.hpp"

namespace keel::config {
namespace {

using nlohmann::json;

const json kUnchanged = {{"unchanged", true}};

// The text with other values in some places.
std::string exchanged(std::string_view text, const std::map<std::string, std::string>& values) {
    std::set<std::string> pointers;
    for (const auto& [pointer, unused] : values) pointers.insert(pointer);
    std::map<std::size_t, std::pair<std::size_t, const std::string*>> edits;  // begin: end, value
    for (const auto& [pointer, place] : find_places(text, pointers)) {
        edits[place.begin] = {place.end, &values.at(pointer)};
    }
    std::string out;
    std::size_t at = 0;
    for (const auto& [begin, edit] : edits) {
        out += text.substr(at, begin - at);
        out += *edit.second;
        at = edit.first;
    }
    return out += text.substr(at);
}

}  // namespace

std::string restore_unchanged(std::string_view text, json& document, std::string_view running) {
    std::vector<json::json_pointer> kept;
    for (const auto& place : secret_places(config_schema(), document)) {
        if (document.at(place) == kUnchanged) kept.push_back(place);
    }
    if (kept.empty()) return std::string(text);
    const json before = json::parse(running, nullptr, false);
    std::map<std::string, std::string> values;
    for (const auto& place : kept) {
        if (!before.contains(place)) continue;
        document[place] = before.at(place);
        values[place.to_string()] = before.at(place).dump();
    }
    return exchanged(text, values);
}

std::set<std::string> inline_secrets(std::string_view text) {
    const json document = json::parse(text, nullptr, false);
    std::set<std::string> pointers;
    for (const auto& place : secret_places(config_schema(), document)) {
        const json& secret = document.at(place);
        const bool is_reference =
            secret.is_object() && (secret.contains("file") || secret.contains("credential"));
        if (!is_reference) pointers.insert(place.to_string());
    }
    return pointers;
}

std::string redacted(std::string_view text) {
    std::map<std::string, std::string> values;
    for (const std::string& pointer : inline_secrets(text)) values[pointer] = kUnchanged.dump();
    return exchanged(text, values);
}

}  // namespace keel::config
