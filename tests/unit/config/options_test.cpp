// Schema and structs together: each option that the schema describes changes the Config when it is set to its
// example. One that parse() forgot would change nothing.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "config/difference.hpp"
#include "config/parse.hpp"
#include "config/schema.hpp"

using namespace keel::config;
using nlohmann::json;

namespace {

// Between them they have each object that an option can stand in.
constexpr const char* kDocuments[] = {
    R"({"charon": {}, "control": {}, "pppd": {}, "log": {}, "metrics": {},
        "lns": {"a": {"listen": ["198.51.100.1"], "ipsec": {"psk": "one"}, "tunnel": {"secret": "two"},
                "ppp": {"local-address": "10.1.0.1", "pool": ["10.1.0.0/24"]},
                "users": {"u": {"password": "three"}},
                "calls": {"c": {"lac": "x", "called-number": "1", "minimum-bps": 100, "maximum-bps": 10000}}}},
        "lac": {"b": {"server": "192.0.2.77", "ipsec": {"psk": "four"}, "tunnel": {"secret": "five"},
                "ppp": {"user": "u", "password": "six"}, "call": "outgoing"}}})",
    R"({"lns": {"a": {"listen": ["192.0.2.2", "192.0.2.3"], "ipsec": {"psks": {"192.0.2.2": "x", "192.0.2.3": "y"}},
                "ppp": {"auth": [], "local-address": "10.1.0.1", "pool": ["10.1.0.0/24"]}}},
        "lac": {"b": {"server": "x", "ipsec": {"psk": "four"}, "ppp": {"user": "u", "password": "six"}}}})",
    R"({"lns": {"a": {"listen": ["192.0.2.2"],
                "ipsec": {"certificate": {"cacerts": ["/a"], "cert": "/b", "private-key": {"file": "/c"}}},
                "ppp": {"auth": [], "local-address": "10.1.0.1", "pool": ["10.1.0.0/24"]}}},
        "lac": {"b": {"server": "x", "ppp": {"user": "u", "password": "p"}, "ipsec": {"remote-id": "y",
                "certificate": {"cacerts": ["/a"], "cert": "/b", "private-key": {"file": "/c"}}}}}})",
    R"({"lns": {"a": {"listen": ["192.0.2.2"], "ipsec": {"public-key": {"private-key": {"file": "/a"}, "pubkeys": ["/b"]}},
                "ppp": {"auth": [], "local-address": "10.1.0.1", "pool": ["10.1.0.0/24"]}}},
        "lac": {"b": {"server": "x", "ipsec": {"public-key": {"private-key": {"file": "/a"}, "pubkeys": ["/b"]}},
                "ppp": {"user": "u", "password": "p"}}}})",
    R"({"lns": {"a": {"listen": ["192.0.2.2"],
                "ppp": {"auth": [], "local-address": "10.1.0.1", "pool": ["10.1.0.0/24"]}}}})",
    R"({"lac": {"b": {"server": "x", "ppp": {"user": "u", "password": "p"}}}})"};

class Options {
public:
    void try_all(const json& document) {
        document_ = document;
        visit(config_schema(), document_, json::json_pointer(), "");
    }
    [[nodiscard]] const std::set<std::string>& untold() const { return untold_; }
    [[nodiscard]] std::size_t told() const { return told_.size(); }

private:
    static std::optional<Config> parsed(const json& document) {
        auto config = parse(document.dump(), [](const std::string& path) -> keel::Result<keel::Secret> {
            return keel::Secret("at " + path);
        });
        return config ? std::optional(std::move(*config)) : std::nullopt;
    }

    // Whether an example makes another Config than the document without it. (Without IPsec that is no Config,
    // unless "unprotected" asks for it.)
    bool tells(const json::json_pointer& at, const json& examples) const {
        const auto before = parsed(document_);
        for (const json& example : examples) {
            json changed = document_;
            changed[at] = example;
            const auto after = parsed(changed);
            if (after && (!before || !difference(*before, *after).empty())) return true;
        }
        return false;
    }

    void visit(const json& unresolved, const json& value, const json::json_pointer& at,
               const std::string& path) {
        const json& root = config_schema();
        const json& node = followed(root, unresolved);
        if (!value.is_object() || node.value("maxProperties", 0) == 1) return;  // a secret is one value
        if (const auto properties = node.find("properties"); properties != node.end()) {
            for (const auto& [name, property] : properties->items()) {
                try_one(property, value, at / name, path + '/' + name, name);
            }
        } else if (node.contains("additionalProperties")) {
            for (const auto& [name, member] : value.items()) {
                visit(node.at("additionalProperties"), member, at / name, path + "/*");
            }
        }
    }
    void try_one(const json& property, const json& owner, const json::json_pointer& at,
                 const std::string& path, const std::string& name) {
        const json& node = followed(config_schema(), property);
        const json& examples =
            property.contains("examples") ? property.at("examples") : node.value("examples", json::array());
        const bool is_one_value = node.value("maxProperties", 0) == 1 || !node.contains("properties");
        if (is_one_value && !examples.empty() && path != "/$schema" && !told_.contains(path)) {
            if (tells(at, examples)) {
                told_.insert(path);
                untold_.erase(path);
            } else {
                untold_.insert(path);
            }
        }
        if (!is_one_value || !node.contains("properties")) {
            if (owner.is_object() && owner.contains(name)) visit(property, owner.at(name), at, path);
        }
    }

    json document_;
    std::set<std::string> told_, untold_;
};

}  // namespace

TEST_CASE("each option of the schema changes the configuration, and a plan tells of it") {
    Options options;
    for (const char* document : kDocuments) options.try_all(json::parse(document));
    for (const std::string& path : options.untold()) FAIL_CHECK(path << " changes nothing");
    CHECK(options.told() > 60);
}
