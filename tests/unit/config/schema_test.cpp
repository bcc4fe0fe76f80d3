// The schema as a reference: each option says what it is, what its absence means, and shows an example that
// holds. tests/unit/config/drafts.py holds it and the examples to the drafts' own meta-schemas.
#include "config/schema.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

using namespace keel::config;
using nlohmann::json;

namespace {

// The definition with what stands beside the $ref before it.
json merged(const json& root, const json& node) {
    json out = followed(root, node);
    for (const auto& [keyword, value] : node.items()) out[keyword] = value;
    return out;
}

bool holds(const json& root, const json& node, const json& example) {
    const json around{{"definitions", root.at("definitions")}, {"properties", {{"example", node}}}};
    const json document{{"example", example}};
    valijson::Schema compiled;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(around), compiled);
    return valijson::Validator(valijson::Validator::kStrongTypes)
        .validate(compiled, valijson::adapters::NlohmannJsonAdapter(document), nullptr);
}

bool is_object_of_options(const json& node) {
    return node.contains("properties") && node.value("type", json()) == "object";
}

// Calls look(pointer, property as it stands, its object) for each option that can be reached.
class Tour {
public:
    template <class Look>
    void visit(const json& root, const json& unresolved, const std::string& at, const Look& look) {
        const json& node = followed(root, unresolved);
        if (!seen_.insert(&node).second) return;
        if (const auto properties = node.find("properties"); properties != node.end()) {
            for (const auto& [name, property] : properties->items()) {
                look(at + '/' + name, name, property, node);
                visit(root, property, at + '/' + name, look);
            }
        }
        for (const char* keyword : {"additionalProperties", "items"}) {
            if (const auto child = node.find(keyword); child != node.end() && child->is_object()) {
                visit(root, *child, at + "/*", look);
            }
        }
    }

private:
    std::set<const json*> seen_;
};

// Exactly one of its members is there: which, the object's own description says.
bool is_choice_of(const json& owner, const std::string& name) {
    if (owner.value("maxProperties", 0) == 1) return true;
    for (const json& choice : owner.value("oneOf", json::array())) {
        if (choice.at("required").at(0) == name) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("each option has a title, a description, what its absence means, and examples that hold") {
    const json& root = config_schema();
    std::size_t options = 0;
    Tour().visit(
        root, root, "",
        [&](const std::string& at, const std::string& name, const json& property, const json& owner) {
            CAPTURE(at);
            ++options;
            const json node = merged(root, property);
            CHECK_FALSE(node.value("title", "").empty());
            const std::string description = node.value("description", "");
            CHECK(description.ends_with('.'));
            const json required = owner.value("required", json::array());
            const bool is_required = std::ranges::count(required, json(name)) > 0;
            CHECK(int{is_required} + int{node.contains("default")} + int{description.contains("Absent: ")} +
                      int{is_choice_of(owner, name)} ==
                  1);
            if (is_object_of_options(node)) return;
            if (node.value("default", json()) == json::object() && !node.contains("examples")) return;
            CHECK_FALSE(node.value("examples", json::array()).empty());
            for (const json& example : node.value("examples", json::array())) {
                CAPTURE(example.dump());
                CHECK(holds(root, property, example));
            }
            if (node.contains("default")) CHECK(holds(root, property, node.at("default")));
        });
    CHECK(options > 60);
}

TEST_CASE("an example that does not hold is seen") {
    const json& root = config_schema();
    CHECK_FALSE(holds(root, root.at("properties").at("host-name"), 5));
    CHECK_FALSE(holds(root, {{"$ref", "#/definitions/path"}}, "relative"));
}

TEST_CASE("a level can be given to each area that a message is of, and to no other") {
    std::ifstream file(KEEL2TP_EVENTS);
    std::set<std::string> areas;
    const json events = json::parse(file);
    for (const auto& [id, unused] : events.at("definitions").items()) {
        // Of Monitor alone: no message of the log.
        if (const auto dot = id.find('.'); dot != id.npos && !id.starts_with("monitor."))
            areas.insert(id.substr(0, dot));
    }
    const json& root = config_schema();
    const json& levels = root.at("properties").at("log").at("properties").at("levels");
    CHECK(levels.at("propertyNames").at("enum").get<std::set<std::string>>() == areas);
}

TEST_CASE("every definition is used") {
    const json& root = config_schema();
    const std::string text = root.dump();
    for (const auto& [name, unused] : root.at("definitions").items()) {
        CAPTURE(name);
        CHECK(text.contains("\"#/definitions/" + name + '"'));
    }
}
