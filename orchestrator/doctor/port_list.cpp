#include "doctor/port_list.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace keel::doctor {
namespace {

std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::pair<unsigned, unsigned>> range(std::string_view part) {
    const auto dash = std::min(part.find('-'), part.size());
    const auto first = number(part.substr(0, dash));
    const auto last = dash < part.size() ? number(part.substr(dash + 1)) : first;
    if (!first || !last) return std::nullopt;
    return std::pair(*first, *last);
}

}  // namespace

bool is_reserved(std::string_view list, std::uint16_t first, std::uint16_t last) {
    unsigned next = first;  // the kernel sorts the list and joins what touches
    while (!list.empty()) {
        const auto end = std::min(list.find_first_of(",\n"), list.size());
        const auto part = range(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        if (part && part->first <= next && next <= part->second) next = part->second + 1;
        if (next > last) return true;
    }
    return false;
}

}  // namespace keel::doctor
