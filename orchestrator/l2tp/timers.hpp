// Timers: the next deadline among many tunnels and sessions. A heap: setting, clearing and expiring cost
// O(log n), and nothing is scanned. The heap holds the times itself, and its owners keep but a number, so
// that reordering it does not touch them: with many tunnels they are not in the cache. Owner: Endpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"

namespace keel::l2tp {

class Timers {
public:
    enum class Timer : std::uint32_t {};

    struct Owner {
        LocalTunnelId tunnel;
        LocalSessionId session;  // 0: the timer is the tunnel's own
        bool operator==(const Owner&) const = default;
    };

    // A new timer, which is not set. It must be removed when its owner dies.
    [[nodiscard]] Timer add(const Owner& owner);
    void remove(Timer timer);
    // Sets, moves or (nothing) clears the timer.
    void set(Timer timer, std::optional<Time> at);
    [[nodiscard]] std::optional<Time> next() const;
    // Whose timer is due first, now cleared; nothing if none is due.
    [[nodiscard]] std::optional<Owner> take_due(Time now);

private:
    static constexpr std::uint32_t kUnset = 0xffffffff;
    struct Entry {
        Time at;
        std::uint32_t timer = 0;
    };
    struct State {
        Owner owner;
        std::uint32_t position = kUnset;  // in the heap
    };

    void place(std::size_t position, const Entry& entry);
    void rise(std::size_t position, const Entry& entry);
    void sink(std::size_t position, const Entry& entry);
    void clear(std::uint32_t timer);

    std::vector<Entry> heap_;    // each has four below it: half as deep as with two
    std::vector<State> states_;  // by timer
    std::vector<std::uint32_t> free_;
};

}  // namespace keel::l2tp
