// What this program has allocated and not freed: operator new and delete are replaced by ones that count.
#pragma once

#include <cstddef>

namespace keel::l2tp::test {

struct Memory {
    std::size_t blocks = 0, octets = 0;

    [[nodiscard]] static Memory now();
    bool operator==(const Memory&) const = default;
};

}  // namespace keel::l2tp::test
