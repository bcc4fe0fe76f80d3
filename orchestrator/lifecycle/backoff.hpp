// Backoff: how long to wait before the next try. Doubles from 1 s to 30 s, each wait between 75 % and 125 %
// of that, so that many clients of one server do not come back in step.
#pragma once

#include <algorithm>

#include "base/random.hpp"
#include "base/time.hpp"

namespace keel::lifecycle {

class Backoff {
public:
    [[nodiscard]] Duration next(Random& random) {
        const Duration wait = next_ * (75 + random.u32() % 51) / 100;
        next_ = std::min<Duration>(next_ * 2, kCap);
        return wait;
    }
    void reset() { next_ = kFirst; }

private:
    static constexpr Duration kFirst = seconds(1);
    static constexpr Duration kCap = seconds(30);
    Duration next_ = kFirst;
};

}  // namespace keel::lifecycle
