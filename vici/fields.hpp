// What reading charon's answers takes again and again: numbers, lists and sections of a Message. Private to
// the library.
#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "vici/message.hpp"

namespace vici::fields {

// 0 where the text is missing, malformed or out of range: the daemon's numbers never mean anything as 0.
template <std::integral T>
T number(std::string_view text, int base = 10) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} && end == text.data() + text.size() ? value : T{};
}

// SPIs, marks and interface ids are printed with or without "0x", by version.
template <std::unsigned_integral T = std::uint32_t>
T hex(std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    return number<T>(text, 16);
}

// A duration in whole seconds; negative ones (an overdue rekey) are kept.
inline std::optional<std::chrono::seconds> seconds(const Message& section, std::string_view name) {
    const std::string* text = section.find(name);
    if (!text) return std::nullopt;
    return std::chrono::seconds(number<std::int64_t>(*text));
}

inline List list_or_empty(const Message& message, std::string_view name) {
    const List* list = message.find_list(name);
    return list ? *list : List{};
}

template <class Visit>
void each_section(const Message& message, Visit visit) {
    for (const Message::Entry& entry : message.entries()) {
        if (const auto* section = std::get_if<Message>(&entry.content)) visit(entry.name, *section);
    }
}

inline std::string octets(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace vici::fields
