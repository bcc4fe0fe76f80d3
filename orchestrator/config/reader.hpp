// Reader: a place in the JSON document, and what is read from it with every fault noted. Owner: parse().
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "config/parse.hpp"

namespace keel::config {

// A place in the document: the value and its pointer, so that a fault can name where it is. Reading is total:
// what is missing or of the wrong type reads as empty, since the schema has told of it, and the faults of
// meaning in the rest of the document are to be told beside that.
struct Node {
    const nlohmann::json& value;
    nlohmann::json::json_pointer pointer;

    [[nodiscard]] Node at(const std::string& key) const {
        static const nlohmann::json kMissing;
        return {has(key) ? value.at(key) : kMissing, pointer / key};
    }
    [[nodiscard]] bool has(const std::string& key) const { return value.is_object() && value.contains(key); }
    [[nodiscard]] std::vector<Node> items() const {
        std::vector<Node> nodes;
        for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
            nodes.push_back({value[i], pointer / i});
        }
        return nodes;
    }
    [[nodiscard]] std::vector<std::pair<std::string, Node>> members() const {
        std::vector<std::pair<std::string, Node>> nodes;
        if (!value.is_object()) return nodes;
        for (const auto& [name, member] : value.items()) nodes.push_back({name, {member, pointer / name}});
        return nodes;
    }
    [[nodiscard]] std::string string() const { return value.is_string() ? value.get<std::string>() : ""; }
    [[nodiscard]] bool boolean() const { return value.is_boolean() && value.get<bool>(); }
    // What is beyond an hour the schema has refused; here it must only fit a Duration.
    [[nodiscard]] Duration fractional_seconds() const {
        const double told = value.is_number() ? value.get<double>() : 0;
        return milliseconds(static_cast<std::int64_t>(std::clamp(told, 0.0, 3600.0) * 1000));
    }
    [[nodiscard]] std::int64_t integer() const {
        return value.is_number_integer() ? value.get<std::int64_t>() : 0;
    }
};

[[nodiscard]] bool has_control_characters(std::string_view text);

class Reader {
public:
    // `has_running`: whether there is a running configuration that {"unchanged": true} could have meant.
    Reader(const SecretReader& read_secret, bool has_running)
        : read_secret_(read_secret), has_running_(has_running) {}

    void fault(const Node& node, std::string message);
    void fault_of_key(const Node& node, std::string message);
    std::vector<Fault> take_faults() { return std::move(faults_); }

    // Text without control characters.
    [[nodiscard]] std::string text(const Node& node);
    [[nodiscard]] std::vector<std::string> texts(const Node& node);
    [[nodiscard]] IpAddress address(const Node& node);
    // The secret itself, or what its reference names.
    [[nodiscard]] Secret secret(const Node& node);

private:
    const SecretReader& read_secret_;
    bool has_running_;
    std::vector<Fault> faults_;
};

}  // namespace keel::config
