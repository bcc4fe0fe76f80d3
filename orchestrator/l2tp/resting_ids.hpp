// RestingIds: ids that are free again and are not to be given out yet, because late packets of their last
// owner may still be on their way: the kernel knows a session by its id, and would give them to the next
// call. Owner: Endpoint.
#pragma once

#include <deque>

#include "base/time.hpp"
#include "l2tp/table.hpp"

namespace keel::l2tp {

template <class IdType>
class RestingIds {
public:
    void add(Time now, IdType id) {
        // Who begins and ends calls all the time must not use up the ids, nor memory.
        if (queue_.size() >= kMost) release_oldest();
        queue_.push_back({now + kRest, id});
        ids_.insert(id.value, 0);
    }
    void expire(Time now) {
        while (!queue_.empty() && queue_.front().until <= now) release_oldest();
    }
    // There must be one.
    void release_oldest() {
        ids_.erase(queue_.front().id.value, 0);
        queue_.pop_front();
    }
    [[nodiscard]] bool contains(IdType id) const {
        return ids_.find(id.value, [](std::uint32_t) { return true; }) != FlatIndex::kNone;
    }
    [[nodiscard]] std::size_t size() const { return queue_.size(); }

private:
    static constexpr Duration kRest = seconds(31);  // a full retransmission cycle, as in RFC 2661 5.7
    static constexpr std::size_t kMost = 16384;     // a quarter of the ids

    struct Entry {
        Time until;
        IdType id;
    };
    std::deque<Entry> queue_;
    FlatIndex ids_;
};

}  // namespace keel::l2tp
