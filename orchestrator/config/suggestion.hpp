// What a misspelt word was likely meant to be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keel::config {

// The one of `known` that is `word` with a few letters mistyped, swapped, missing or too many, in other case,
// or cut short; nothing where none is near or the word is far longer than any option's name.
[[nodiscard]] std::optional<std::string> likely_meant(std::string_view word,
                                                      const std::vector<std::string>& known);

}  // namespace keel::config
