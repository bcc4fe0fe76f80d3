// Text of strangers for a line, a terminal or JSON: what is no UTF-8, or would steer or deceive, becomes '?'.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace keel {

struct CodePoint {
    char32_t code = 0;
    std::size_t octets = 1;
};

// The first of `text`, which is not empty; none where no UTF-8 begins (RFC 3629: the shortest form alone, no
// surrogates, up to U+10FFFF).
[[nodiscard]] std::optional<CodePoint> first_code_point(std::string_view text);

// UTF-8 without control characters (C0, DEL, C1) and without what ends a line, turns the writing direction or
// is invisible by itself; each octet that is no UTF-8 becomes a '?', too.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace keel
