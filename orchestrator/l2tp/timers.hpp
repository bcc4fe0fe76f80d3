// Timers: the next deadline among many tunnels and sessions. An intrusive binary heap: setting, clearing and
// expiring cost O(log n), and nothing is scanned. Owner: Endpoint; each Timer lives in its tunnel or session,
// which must clear it before it dies.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"

namespace keel::l2tp {

struct Timer {
    static constexpr std::size_t kUnset = static_cast<std::size_t>(-1);

    LocalTunnelId tunnel;
    LocalSessionId session;  // 0: the timer is the tunnel's own
    Time at{};
    std::size_t position = kUnset;  // in the heap; Timers' business
};

class Timers {
public:
    // Sets, moves or (nothing) clears the timer.
    void set(Timer& timer, std::optional<Time> at);
    [[nodiscard]] std::optional<Time> next() const;
    // The earliest timer that is due, now cleared; nullptr if none is.
    [[nodiscard]] Timer* take_due(Time now);

private:
    void place(std::size_t position, Timer* timer);
    void rise(std::size_t position);
    void sink(std::size_t position);
    void remove(Timer& timer);

    std::vector<Timer*> heap_;
};

}  // namespace keel::l2tp
