#include "vici/event_queue.hpp"

#include <utility>

namespace vici {

void EventQueue::push(EventReceived event) {
    const std::size_t octets = sizeof(Waiting) + event.name.size() + event.message.footprint();
    if (events_.size() >= bounds_.events || octets_ + octets > bounds_.octets) drop_all();
    if (octets > bounds_.octets) {
        ++lost_->count;
        return;
    }
    octets_ += octets;
    events_.push_back({std::move(event), octets});
}

void EventQueue::reconnected() {
    drop_all();
    lost_->reconnected = true;
}

void EventQueue::drop_all() {
    if (!lost_) lost_.emplace();
    lost_->count += events_.size();
    std::deque<Waiting>().swap(events_);
    octets_ = 0;
}

std::optional<Notice> EventQueue::pop() {
    if (auto lost = std::exchange(lost_, std::nullopt)) return *lost;
    if (events_.empty()) return std::nullopt;
    Waiting next = std::move(events_.front());
    events_.pop_front();
    octets_ -= next.octets;
    return std::move(next.event);
}

}  // namespace vici
