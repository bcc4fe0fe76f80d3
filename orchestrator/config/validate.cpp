#include "config/validate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "config/schema.hpp"
#include "config/suggestion.hpp"

namespace keel::config {
namespace {

using nlohmann::json;
using Keys = std::vector<std::string>;

// More than any text here may have, and few enough for std::regex, whose depth of calls grows with its text.
constexpr std::size_t kLongestText = 4096;
// As many routes as one may need; valijson compares each item of a list with each when none may stand twice.
constexpr std::size_t kLongestList = 4096;

Keys keys_of(const std::vector<std::string>& context) {
    Keys keys;  // valijson: "<root>", "[key]", "[0]"
    for (const std::string& part : context) {
        if (part.size() >= 2 && part.front() == '[') keys.push_back(part.substr(1, part.size() - 2));
    }
    return keys;
}

json::json_pointer pointer_of(const Keys& keys) {
    json::json_pointer pointer;
    for (const std::string& key : keys) pointer.push_back(key);
    return pointer;
}

Keys names_of(const json& object) {
    Keys names;
    for (const auto& [name, unused] : object.items()) names.push_back(name);
    return names;
}

// "exactly one of psk, certificate" of {"oneOf": [{"required": ["psk"]}, ...]}.
std::string one_of(const json& node) {
    Keys names;
    for (const json& choice : node.at("oneOf")) {
        for (const json& name : choice.at("required")) names.push_back(name.get<std::string>());
    }
    return fmt::format("must have exactly one of {}", fmt::join(names, ", "));
}

// A choice that was not taken is no missing property: the fault of the oneOf says what is amiss.
bool is_choice(const json& node, std::string_view description) {
    if (!node.contains("oneOf") || !description.starts_with("Missing required property")) return false;
    return std::ranges::any_of(node.at("oneOf"), [&](const json& choice) {
        return description.contains('\'' + choice.at("required").at(0).get<std::string>() + '\'');
    });
}

std::string meant(const std::string& word, const Keys& known) {
    const auto likely = likely_meant(word, known);
    return likely ? fmt::format("did you mean \"{}\"?", *likely) : "";
}

std::string wrong_choice(const json& node, const json& value) {
    Keys words;
    for (const json& choice : node.at("enum")) {
        if (choice.is_string()) words.push_back(choice.get<std::string>());
    }
    const std::string likely = value.is_string() ? meant(value.get<std::string>(), words) : "";
    return fmt::format("must be one of {}{}{}", node.at("enum").dump(), likely.empty() ? "" : "; ", likely);
}

// " as in ..." where the schema has an example.
std::string example_of(const json& node) {
    const auto examples = node.find("examples");
    return examples == node.end() || examples->empty() ? "" : ", as in " + examples->front().dump();
}

// valijson says which constraint failed; a person wants to know what would be right.
std::string explained(const json& node, const json& value, const std::string& description) {
    const auto limit = [&](const char* keyword) {
        return node.contains(keyword) ? node.at(keyword).dump() : "?";
    };
    const auto says = [&](const char* start) { return description.starts_with(start); };
    if (says("Failed to match against any enum") && node.contains("enum")) return wrong_choice(node, value);
    if (says("Value type not permitted")) return "must be of type " + limit("type") + example_of(node);
    if (node.contains("oneOf") &&
        (description.contains("oneOf") || description.contains("exactly one child"))) {
        return one_of(node);
    }
    if (says("Failed to match regex")) {
        return "does not match " + node.value("pattern", std::string("the pattern")) + example_of(node);
    }
    if (says("Missing required property")) {
        const auto from = description.find('\'');
        return "misses the property " + description.substr(from, description.find('\'', from + 1) - from + 1);
    }
    if (says("Expected number less")) return "must be at most " + limit("maximum");
    if (says("Expected number greater")) return "must be at least " + limit("minimum");
    if (says("Array should contain no fewer")) return "must have at least " + limit("minItems") + " items";
    if (says("Array should contain no more")) return "must have at most " + limit("maxItems") + " items";
    if (says("Elements at indexes")) return "has the same item twice";
    if (says("Object should have no fewer")) return "must not be empty";
    if (says("Object should have no more")) return "must have one member only";
    if (says("String should be no fewer")) return "must have at least " + limit("minLength") + " characters";
    if (says("String should be no more")) return "must have at most " + limit("maxLength") + " characters";
    return description;
}

// Where an option stands that is unknown here but known next door.
std::string next_door(const json& root, const Keys& keys, const std::string& name) {
    const auto knows = [&](const json* node) {
        return node && node->contains("properties") && node->at("properties").contains(name);
    };
    for (const auto& [neighbour, unresolved] : schema_at(root, keys)->at("properties").items()) {
        if (knows(&followed(root, unresolved))) return fmt::format("it belongs into \"{}\"", neighbour);
    }
    if (!keys.empty() && knows(schema_at(root, {keys.begin(), keys.end() - 1}))) {
        return fmt::format("it belongs one level up, beside \"{}\"", keys.back());
    }
    return "";
}

// valijson names only the first unknown property of an object.
std::vector<Fault> unknown_properties(const json& root, const json& object, const Keys& keys) {
    const json* node = schema_at(root, keys);
    if (!node || !node->contains("properties") || !object.is_object()) return {};
    const Keys known = names_of(node->at("properties"));
    std::vector<Fault> faults;
    for (const auto& [name, unused] : object.items()) {
        if (std::ranges::count(known, name) > 0) continue;
        std::string help = next_door(root, keys, name);
        if (help.empty()) help = meant(name, known);
        if (help.empty()) help = fmt::format("known are {}", fmt::join(known, ", "));
        faults.push_back({.pointer = (pointer_of(keys) / name).to_string(),
                          .message = "is not known here; " + help,
                          .of_key = true});
    }
    return faults;
}

std::unique_ptr<valijson::Schema> compiled(const json& schema) {
    auto out = std::make_unique<valijson::Schema>();
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), *out);
    return out;
}

// valijson does not tell which of an object's names "propertyNames" refuses.
class NameCheck {
public:
    explicit NameCheck(const json& root) : root_(root) {}

    void look(const json& unresolved, const json& value, const json::json_pointer& at) {
        const json& node = followed(root_, unresolved);
        if (value.is_object()) {
            const auto names = node.find("propertyNames");
            for (const auto& [name, member] : value.items()) {
                if (names != node.end()) check(followed(root_, *names), name, at / name);
                if (const json* child = child_schema(root_, node, name)) look(*child, member, at / name);
            }
        }
    }
    std::vector<Fault> take() { return std::move(faults_); }

private:
    void check(const json& node, const std::string& name, const json::json_pointer& at) {
        auto [found, fresh] = compiled_.try_emplace(&node);
        if (fresh) found->second = compiled(node);
        const json text = name;
        valijson::ValidationResults results;
        valijson::Validator validator(valijson::Validator::kStrongTypes);
        if (validator.validate(*found->second, valijson::adapters::NlohmannJsonAdapter(text), &results))
            return;
        valijson::ValidationResults::Error error;
        results.popError(error);
        faults_.push_back({.pointer = at.to_string(),
                           .message = "is no name for this: it " + explained(node, text, error.description),
                           .of_key = true});
    }
    const json& root_;
    std::map<const json*, std::unique_ptr<valijson::Schema>> compiled_;
    std::vector<Fault> faults_;
};

void find_oversized(const json& value, const json::json_pointer& at, std::vector<Fault>& faults) {
    const auto check = [&](const std::string& text, const json::json_pointer& place, bool of_key) {
        if (text.size() <= kLongestText) return;
        faults.push_back({.pointer = place.to_string(),
                          .message = fmt::format("must have at most {} characters", kLongestText),
                          .of_key = of_key});
    };
    if (value.is_string()) check(value.get_ref<const std::string&>(), at, false);
    if (value.is_object()) {
        for (const auto& [name, member] : value.items()) {
            if (name.size() > kLongestText) {
                check(name, at, true);  // of the object around: the name itself would fill the line
            } else if (member.is_structured() || member.is_string()) {
                find_oversized(member, at / name, faults);
            }
        }
    }
    if (!value.is_array()) return;
    if (value.size() > kLongestList) {
        faults.push_back(
            {.pointer = at.to_string(), .message = fmt::format("must have at most {} items", kLongestList)});
        return;
    }
    for (std::size_t i = 0; i < value.size(); ++i) find_oversized(value[i], at / i, faults);
}

// An object's "Failed to validate" only repeats that something inside it did.
std::vector<Fault> innermost(std::vector<Fault> faults) {
    const auto is_outer = [](const Fault& fault) { return fault.message.starts_with("Failed to validate"); };
    std::set<std::string> inner;
    for (const Fault& fault : faults) {
        if (!is_outer(fault)) inner.insert(fault.pointer);
    }
    std::erase_if(faults, [&](const Fault& fault) {
        if (!is_outer(fault)) return false;
        const auto next = inner.lower_bound(fault.pointer);
        return next != inner.end() && next->starts_with(fault.pointer);
    });
    return faults;
}

// `root` is what `schema` was compiled from.
std::vector<Fault> faults_of(const json& root, const valijson::Schema& schema, const json& document) {
    std::vector<Fault> faults;
    find_oversized(document, json::json_pointer(), faults);
    if (!faults.empty()) return faults;
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    const valijson::adapters::NlohmannJsonAdapter target(document);
    if (validator.validate(schema, target, nullptr)) return {};  // faster without results
    valijson::ValidationResults results;
    (void)validator.validate(schema, target, &results);

    std::set<std::string> said;
    const auto add = [&](Fault fault) {
        if (said.insert(fault.pointer + '\n' + fault.message).second) faults.push_back(std::move(fault));
    };
    for (const auto& error : results) {
        const Keys keys = keys_of(error.context);
        const json& value = document.at(pointer_of(keys));
        const json* node = schema_at(root, keys);
        if (error.description.starts_with("Object contains a property")) {
            for (Fault& fault : unknown_properties(root, value, keys)) add(std::move(fault));
        } else if (!node || !is_choice(*node, error.description)) {
            add({.pointer = pointer_of(keys).to_string(),
                 .message = node ? explained(*node, value, error.description) : error.description});
        }
    }
    NameCheck names(root);
    names.look(root, document, json::json_pointer());
    for (Fault& fault : names.take()) add(std::move(fault));
    return innermost(std::move(faults));
}

}  // namespace

std::vector<Fault> validate(const json& document) {
    static const auto kCompiled = compiled(config_schema());
    return faults_of(config_schema(), *kCompiled, document);
}

std::vector<Fault> validate(const json& schema, const json& document) {
    return faults_of(schema, *compiled(schema), document);
}

}  // namespace keel::config
