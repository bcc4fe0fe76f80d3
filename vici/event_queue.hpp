// EventQueue: events that wait for their reader, in bounded memory. An event storm must neither eat the
// memory nor hide a death: where the bound is reached all that waits is dropped at once, and the reader meets
// EventsLost in its place: it then asks for the whole state (list-sas) instead of believing in a row with
// holes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include "vici/session.hpp"

namespace vici {

// Events are missing before the next one: list-sas tells what holds now.
struct EventsLost {
    std::uint64_t count = 0;   // of those dropped here; what a lost connection cost nobody can count
    bool reconnected = false;  // the connection was lost in between
};
using Notice = std::variant<EventReceived, EventsLost>;

class EventQueue {
public:
    struct Bounds {
        std::size_t events = 4096;
        std::size_t octets = 8 * 1024 * 1024;  // by Message::footprint()
    };

    EventQueue() = default;
    explicit EventQueue(Bounds bounds) : bounds_(bounds) {}

    void push(EventReceived event);
    // Everything that waits is stale: the connection was lost and made again.
    void reconnected();
    [[nodiscard]] std::optional<Notice> pop();

    [[nodiscard]] bool empty() const { return events_.empty() && !lost_; }
    [[nodiscard]] std::size_t size() const { return events_.size() + (lost_ ? 1 : 0); }
    [[nodiscard]] std::size_t octets() const { return octets_; }

private:
    struct Waiting {
        EventReceived event;
        std::size_t octets = 0;
    };

    void drop_all();

    Bounds bounds_{};
    std::deque<Waiting> events_;
    std::optional<EventsLost> lost_;  // stands before the first of events_
    std::size_t octets_ = 0;
};

}  // namespace vici
