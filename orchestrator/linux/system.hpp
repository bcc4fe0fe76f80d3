// The small things that only the operating system knows: randomness, the time, our own CPU time, our
// privileges.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "base/time.hpp"

namespace keel {

class SystemRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override;  // getrandom(2); ends the process if the kernel has none
};

[[nodiscard]] Time monotonic_now();  // CLOCK_MONOTONIC
// Seconds since 1970, of a clock that can be set: for the dates of certificates, and never for a timer.
[[nodiscard]] std::int64_t calendar_now();
[[nodiscard]] milliseconds wall_now();  // of the same clock: for people to read
[[nodiscard]] Duration own_cpu_time();  // user and system time of this process so far

// Whether `capability` (a number of capabilities(7)) is in the process's effective set.
[[nodiscard]] bool has_capability(int capability);

}  // namespace keel
