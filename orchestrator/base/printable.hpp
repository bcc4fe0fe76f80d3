// Text of strangers for a line or a terminal: what would steer either becomes '?'.
#pragma once

#include <string>
#include <string_view>

namespace keel {

// UTF-8 without control characters (C0, DEL, C1), without what ends a line or turns the writing direction,
// and without octets that are no UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace keel
