// Where things stand in a configuration's text: JSON pointer to offset, line and column. Pure, and total:
// text that is no JSON yields less, never harm. Depth is bounded by kMaxDepth.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/fault.hpp"

namespace keel::config {

inline constexpr std::size_t kMaxDepth = 32;

// Octet offsets into the text.
struct Place {
    std::optional<std::size_t> key;  // of its opening quote; nothing for an array's item and for the document
    std::size_t begin = 0, end = 0;  // of the value, half open
};

// The places of those of `pointers` (RFC 6901) that the text has.
[[nodiscard]] std::map<std::string, Place> find_places(std::string_view text,
                                                       const std::set<std::string>& pointers);

// Keys that stand twice in an object, each a fault at the later one.
[[nodiscard]] std::vector<Fault> repeated_keys(std::string_view text);

// The offset of the bracket that opens the level below kMaxDepth, if one does.
[[nodiscard]] std::optional<std::size_t> too_deep(std::string_view text);

// The offset of the first number that no double holds.
[[nodiscard]] std::optional<std::size_t> number_too_large(std::string_view text);

// Line and column of an offset for `fault`.
void put_position(std::string_view text, std::size_t offset, Fault& fault);

// Gives each fault that has none its line and column: of the value that its pointer names, or of the key; of
// the innermost object or array around it where it is not in the text.
void put_positions(std::string_view text, std::vector<Fault>& faults);

}  // namespace keel::config
