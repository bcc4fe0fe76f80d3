#include "api/parameters.hpp"

#include <algorithm>

namespace keel::api {

using nlohmann::json;

const json* Parameters::take(std::string_view name) {
    taken_.emplace(name);
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Parameters::reject(std::string_view name) {
    if (!fault_) fault_ = name;
}

std::optional<std::string> Parameters::maybe_text(std::string_view name) {
    const json* value = take(name);
    if (!value) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    reject(name);
    return std::nullopt;
}

std::string Parameters::text(std::string_view name) {
    auto value = maybe_text(name);
    if (!value) reject(name);
    return std::move(value).value_or(std::string());
}

std::optional<std::vector<std::string>> Parameters::maybe_texts(std::string_view name) {
    const json* value = take(name);
    if (!value) return std::nullopt;
    if (value->is_array() && std::ranges::all_of(*value, [](const json& entry) { return entry.is_string(); }))
        return value->get<std::vector<std::string>>();
    reject(name);
    return std::nullopt;
}

std::optional<bool> Parameters::maybe_flag(std::string_view name) {
    const json* value = take(name);
    if (!value) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    reject(name);
    return std::nullopt;
}

std::optional<std::uint64_t> Parameters::maybe_number(std::string_view name, std::uint64_t most) {
    const json* value = take(name);
    if (!value) return std::nullopt;
    // Not negative: such are no unsigned number to the library.
    if (value->is_number_unsigned() && value->get<std::uint64_t>() <= most)
        return value->get<std::uint64_t>();
    reject(name);
    return std::nullopt;
}

std::optional<std::string> Parameters::fault() {
    for (const auto& [name, value] : object_.items()) {
        if (!taken_.contains(name)) reject(name);
    }
    return fault_;
}

}  // namespace keel::api
