// Time as a value. The protocol and the lifecycle are told what time it is and never ask: MonotonicClock has
// no now(), so that only linux/ (and the tests' virtual time) can make a Time.
#pragma once

#include <chrono>
#include <cstdint>

namespace keel {

struct MonotonicClock {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::duration<rep, period>;
    using time_point = std::chrono::time_point<MonotonicClock, duration>;
    static constexpr bool is_steady = true;
};

using Duration = MonotonicClock::duration;
using Time = MonotonicClock::time_point;

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace keel
