#include "l2tp/timers.hpp"

#include <algorithm>

namespace keel::l2tp {

namespace {

constexpr std::size_t kChildren = 4;

}  // namespace

Timers::Timer Timers::add(const Owner& owner) {
    if (free_.empty()) {
        states_.push_back({owner, kUnset});
        return Timer(static_cast<std::uint32_t>(states_.size() - 1));
    }
    const std::uint32_t timer = free_.back();
    free_.pop_back();
    states_[timer] = {owner, kUnset};
    return Timer(timer);
}

void Timers::remove(Timer timer) {
    const auto number = static_cast<std::uint32_t>(timer);
    clear(number);
    free_.push_back(number);
}

void Timers::set(Timer timer, std::optional<Time> at) {
    const auto number = static_cast<std::uint32_t>(timer);
    if (!at) return clear(number);
    const Entry entry{*at, number};
    const std::uint32_t position = states_[number].position;
    if (position == kUnset) {
        heap_.emplace_back();
        return rise(heap_.size() - 1, entry);
    }
    const Time before = heap_[position].at;
    if (*at < before) rise(position, entry);
    if (*at > before) sink(position, entry);
}

std::optional<Time> Timers::next() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().at;
}

std::optional<Timers::Owner> Timers::take_due(Time now) {
    if (heap_.empty() || heap_.front().at > now) return std::nullopt;
    const std::uint32_t timer = heap_.front().timer;
    clear(timer);
    return states_[timer].owner;
}

void Timers::place(std::size_t position, const Entry& entry) {
    heap_[position] = entry;
    states_[entry.timer].position = static_cast<std::uint32_t>(position);
}

// `entry` takes a place at `position` or above it.
void Timers::rise(std::size_t position, const Entry& entry) {
    while (position > 0) {
        const std::size_t parent = (position - 1) / kChildren;
        if (heap_[parent].at <= entry.at) break;
        place(position, heap_[parent]);
        position = parent;
    }
    place(position, entry);
}

// `entry` takes a place at `position` or below it.
void Timers::sink(std::size_t position, const Entry& entry) {
    for (;;) {
        const std::size_t first = kChildren * position + 1;
        const std::size_t end = std::min(first + kChildren, heap_.size());
        if (first >= end) break;
        std::size_t least = first;
        for (std::size_t child = first + 1; child < end; ++child) {
            if (heap_[child].at < heap_[least].at) least = child;
        }
        if (entry.at <= heap_[least].at) break;
        place(position, heap_[least]);
        position = least;
    }
    place(position, entry);
}

void Timers::clear(std::uint32_t timer) {
    const std::uint32_t hole = states_[timer].position;
    if (hole == kUnset) return;
    states_[timer].position = kUnset;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (last.timer == timer) return;
    const bool up = hole > 0 && last.at < heap_[(hole - 1) / kChildren].at;
    up ? rise(hole, last) : sink(hole, last);
}

}  // namespace keel::l2tp
