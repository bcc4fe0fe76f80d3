#include "config/schema.hpp"

#include "schema_text.hpp"

namespace keel::config {

using nlohmann::json;

const json& config_schema() {
    static const json kSchema = json::parse(kConfigSchema);
    return kSchema;
}

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

const json* schema_at(const json& root, const std::vector<std::string>& keys) {
    const json* node = &root;
    for (const std::string& key : keys) {
        node = child_schema(root, *node, key);
        if (!node) return nullptr;
    }
    return &followed(root, *node);
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

void collect_secrets(const json& root, const json& unresolved, const json& document, json::json_pointer& at,
                     std::vector<json::json_pointer>& places) {
    const json& schema = followed(root, unresolved);
    if (&schema == &root.at("definitions").at("secret")) {
        places.push_back(at);
        return;
    }
    const auto descend = [&](const auto& key, const json& value, const json* child) {
        if (!child) return;
        at.push_back(key);
        collect_secrets(root, *child, value, at, places);
        at.pop_back();
    };
    if (document.is_object()) {
        for (const auto& [name, value] : document.items()) {
            descend(name, value, child_schema(root, schema, name));
        }
    }
    for (std::size_t i = 0; document.is_array() && i < document.size(); ++i) {
        descend(std::to_string(i), document[i], child_schema(root, schema, ""));
    }
}

}  // namespace

std::vector<json::json_pointer> secret_places(const json& schema, const json& document) {
    std::vector<json::json_pointer> places;
    json::json_pointer root;
    collect_secrets(schema, schema, document, root, places);
    return places;
}

void fill_defaults(const json& schema, json& document) {
    fill(schema, schema, document);
}

}  // namespace keel::config
