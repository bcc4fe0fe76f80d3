#include "config/reader.hpp"

namespace keel::config {

bool has_control_characters(std::string_view text) {
    return std::ranges::any_of(text,
                               [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void Reader::fault(const Node& node, std::string message) {
    faults_.push_back({.pointer = node.pointer.to_string(), .message = std::move(message)});
}

void Reader::fault_of_key(const Node& node, std::string message) {
    fault(node, std::move(message));
    faults_.back().of_key = true;
}

std::string Reader::text(const Node& node) {
    auto value = node.string();
    if (has_control_characters(value)) fault(node, "must not contain control characters");
    return value;
}

std::vector<std::string> Reader::texts(const Node& node) {
    std::vector<std::string> out;
    for (const Node& item : node.items()) out.push_back(text(item));
    return out;
}

IpAddress Reader::address(const Node& node) {
    const auto parsed = IpAddress::parse(node.string());
    if (!parsed && node.value.is_string()) fault(node, "is not an IP address");
    return parsed.value_or(IpAddress{});
}

Secret Reader::secret(const Node& node) {
    if (node.value.is_string()) return Secret(node.value.get_ref<const std::string&>());
    if (node.at("unchanged").boolean()) {
        fault(node, has_running_
                        ? "the running configuration has no secret at this place that could stay: write the "
                          "secret, or a reference to it"
                        : "stands for the secret of a running configuration, which only `keel2tp plan` and "
                          "`keel2tp apply` know: write the secret, or a reference to it");
        return {};
    }
    const bool is_file = node.has("file");
    const Node reference = node.at(is_file ? "file" : "credential");
    if (!reference.value.is_string()) return {};
    const std::string path = (is_file ? "" : "credential:") + text(reference);
    auto read = read_secret_(path);
    if (!read) {
        fault(reference, read.error().text());
        return {};
    }
    if (read->empty()) fault(reference, "the secret is empty");
    return *read;
}

}  // namespace keel::config
