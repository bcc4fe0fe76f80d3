// Lists of ports as the kernel writes them: "1701,20000-39999".
#pragma once

#include <cstdint>
#include <string_view>

namespace keel::doctor {

// Whether every port from `first` to `last` is in the list.
[[nodiscard]] bool is_reserved(std::string_view list, std::uint16_t first, std::uint16_t last);

}  // namespace keel::doctor
