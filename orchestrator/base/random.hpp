// Random: where unpredictable bytes come from; the kernel in linux/, a seeded generator in the tests.
#pragma once

#include <cstdint>
#include <span>

namespace keel {

class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;

    [[nodiscard]] std::uint32_t u32() {
        std::uint8_t bytes[4];
        fill(bytes);
        return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
               std::uint32_t{bytes[3]};
    }
};

}  // namespace keel
