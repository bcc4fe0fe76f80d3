#include "config/schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "schema_text.hpp"

namespace keel::config {
namespace {

using nlohmann::json;

// Only "#/..." references are used; a broken one is our own bug and throws.
const json& followed(const json& root, const json& node) {
    const auto reference = node.find("$ref");
    return reference == node.end() ? node
                                   : root.at(json::json_pointer(reference->get<std::string>().substr(1)));
}

// The schema of `key` inside an object or array that `node` describes; null where it describes none.
const json* child_schema(const json& root, const json& node, const std::string& key) {
    const json& schema = followed(root, node);
    if (const auto properties = schema.find("properties");
        properties != schema.end() && properties->contains(key)) {
        return &(*properties)[key];
    }
    for (const char* keyword : {"additionalProperties", "items"}) {
        if (const auto found = schema.find(keyword); found != schema.end() && found->is_object())
            return &*found;
    }
    return nullptr;
}

std::vector<std::string> keys_of(const std::vector<std::string>& context) {
    std::vector<std::string> keys;  // valijson: "<root>", "[key]", "[0]"
    for (const std::string& part : context) {
        if (part.size() >= 2 && part.front() == '[') keys.push_back(part.substr(1, part.size() - 2));
    }
    return keys;
}

std::string pointer_of(const std::vector<std::string>& keys) {
    json::json_pointer pointer;
    for (const std::string& key : keys) pointer.push_back(key);
    return pointer.to_string();
}

const json* schema_at(const json& root, const std::vector<std::string>& keys) {
    const json* node = &root;
    for (const std::string& key : keys) {
        node = child_schema(root, *node, key);
        if (!node) return nullptr;
    }
    return &followed(root, *node);
}

std::string joined_names(const json& object) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : object.items()) names.push_back(name);
    return fmt::format("{}", fmt::join(names, ", "));
}

// "exactly one of psk, certificate" of {"oneOf": [{"required": ["psk"]}, ...]}.
std::string one_of(const json& node) {
    std::vector<std::string> names;
    for (const json& choice : node.at("oneOf")) {
        for (const json& name : choice.at("required")) names.push_back(name.get<std::string>());
    }
    return fmt::format("must have exactly one of {}", fmt::join(names, ", "));
}

// A choice that was not taken is no missing property: the fault of the oneOf says what is amiss.
bool is_choice(const json& root, const std::vector<std::string>& keys, const std::string& description) {
    const json* node = schema_at(root, keys);
    if (!node || !node->contains("oneOf") || !description.starts_with("Missing required property"))
        return false;
    return std::ranges::any_of(node->at("oneOf"), [&](const json& choice) {
        return description.find('\'' + choice.at("required").at(0).get<std::string>() + '\'') !=
               std::string::npos;
    });
}

// valijson says which constraint failed; a person also wants to know what was expected.
std::string explained(const json& root, const std::vector<std::string>& keys,
                      const std::string& description) {
    const json* node = schema_at(root, keys);
    if (!node) return description;
    if (description.starts_with("Failed to match against any enum")) {
        return "must be one of " + node->at("enum").dump();
    }
    if (description.starts_with("Value type not permitted"))
        return "must be of type " + node->at("type").dump();
    if (node->contains("oneOf") && (description.find("oneOf") != std::string::npos ||
                                    description.find("exactly one child") != std::string::npos)) {
        return one_of(*node);
    }
    if (description.starts_with("Failed to match regex")) {
        return "does not match " + node->value("pattern", std::string("the pattern"));
    }
    if (description.starts_with("Missing required property")) {
        const auto from = description.find('\'');
        return "misses the property " + description.substr(from, description.find('\'', from + 1) - from + 1);
    }
    return description;
}

// valijson names only the first unknown property of an object.
std::vector<Fault> unknown_properties(const json& root, const json& document,
                                      const std::vector<std::string>& keys) {
    const json* node = schema_at(root, keys);
    if (!node || !node->contains("properties")) return {};
    const json& known = node->at("properties");
    std::vector<Fault> faults;
    for (const auto& [name, unused] : document.at(json::json_pointer(pointer_of(keys))).items()) {
        if (known.contains(name)) continue;
        auto inside = keys;
        inside.push_back(name);
        faults.push_back({pointer_of(inside), "is not known here; known are " + joined_names(known)});
    }
    return faults;
}

}  // namespace

json config_schema() {
    return json::parse(kConfigSchema);
}

std::vector<Fault> validate(const json& schema, const json& document) {
    valijson::Schema compiled;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), compiled);
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    if (validator.validate(compiled, valijson::adapters::NlohmannJsonAdapter(document), &results)) return {};

    std::vector<Fault> faults;
    std::set<std::string> said;
    const auto add = [&](Fault fault) {
        if (said.insert(fault.pointer + '\n' + fault.message).second) faults.push_back(std::move(fault));
    };
    for (const auto& error : results) {
        const auto keys = keys_of(error.context);
        if (error.description.starts_with("Object contains a property")) {
            for (Fault& fault : unknown_properties(schema, document, keys)) add(std::move(fault));
        } else if (!is_choice(schema, keys, error.description)) {
            add({pointer_of(keys), explained(schema, keys, error.description)});
        }
    }
    // An object's "failed to validate" only repeats that something inside it did.
    const auto repeats = [&](const Fault& outer) {
        return outer.message.starts_with("Failed to validate") &&
               std::ranges::any_of(faults, [&](const Fault& inner) {
                   return &inner != &outer && inner.pointer.starts_with(outer.pointer) &&
                          !inner.message.starts_with("Failed to validate");
               });
    };
    std::vector<Fault> innermost;
    std::ranges::copy_if(faults, std::back_inserter(innermost),
                         [&](const Fault& fault) { return !repeats(fault); });
    return innermost;
}

namespace {

void fill(const json& root, const json& unresolved, json& document) {
    const json& schema = followed(root, unresolved);
    if (document.is_array()) {
        if (const auto items = schema.find("items"); items != schema.end()) {
            for (json& item : document) fill(root, *items, item);
        }
        return;
    }
    if (!document.is_object()) return;
    if (const auto properties = schema.find("properties"); properties != schema.end()) {
        for (const auto& [name, property] : properties->items()) {
            if (document.contains(name)) continue;
            // A default beside a $ref is for this place and goes before the shared definition's.
            const json& definition = followed(root, property);
            const json& owner = property.contains("default") ? property : definition;
            if (owner.contains("default")) document[name] = owner["default"];
        }
    }
    for (auto& [name, value] : document.items()) {
        if (const json* child = child_schema(root, schema, name)) fill(root, *child, value);
    }
}

}  // namespace

void fill_defaults(const json& schema, json& document) {
    fill(schema, schema, document);
}

}  // namespace keel::config
