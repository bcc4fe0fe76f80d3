#include "l2tp/timers.hpp"

namespace keel::l2tp {

void Timers::set(Timer& timer, std::optional<Time> at) {
    if (!at) {
        if (timer.position != Timer::kUnset) remove(timer);
        return;
    }
    if (timer.position == Timer::kUnset) {
        timer.at = *at;
        heap_.push_back(nullptr);
        place(heap_.size() - 1, &timer);
        rise(timer.position);
        return;
    }
    const bool earlier = *at < timer.at;
    timer.at = *at;
    earlier ? rise(timer.position) : sink(timer.position);
}

std::optional<Time> Timers::next() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front()->at;
}

Timer* Timers::take_due(Time now) {
    if (heap_.empty() || heap_.front()->at > now) return nullptr;
    Timer* timer = heap_.front();
    remove(*timer);
    return timer;
}

void Timers::place(std::size_t position, Timer* timer) {
    heap_[position] = timer;
    timer->position = position;
}

void Timers::rise(std::size_t position) {
    Timer* timer = heap_[position];
    while (position > 0) {
        const std::size_t parent = (position - 1) / 2;
        if (heap_[parent]->at <= timer->at) break;
        place(position, heap_[parent]);
        position = parent;
    }
    place(position, timer);
}

void Timers::sink(std::size_t position) {
    Timer* timer = heap_[position];
    for (;;) {
        std::size_t child = 2 * position + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1]->at < heap_[child]->at) ++child;
        if (timer->at <= heap_[child]->at) break;
        place(position, heap_[child]);
        position = child;
    }
    place(position, timer);
}

void Timers::remove(Timer& timer) {
    const std::size_t hole = timer.position;
    Timer* last = heap_.back();
    heap_.pop_back();
    timer.position = Timer::kUnset;
    if (last == &timer) return;
    place(hole, last);
    rise(hole);
    sink(last->position);
}

}  // namespace keel::l2tp
