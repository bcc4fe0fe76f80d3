#include "vici/event_queue.hpp"

#include <doctest/doctest.h>

#include "hex.hpp"
#include "vici/reconnect.hpp"

using namespace vici;
using namespace std::chrono_literals;

namespace {

EventReceived died(int child) {
    return {"child-updown", Message().add("office", Message().add("uniqueid", std::to_string(child)))};
}

// Every event as one segment that a session reads.
Bytes wire(const EventReceived& event) {
    Bytes body{7, static_cast<std::uint8_t>(event.name.size())};
    body.insert(body.end(), event.name.begin(), event.name.end());
    const Bytes message = *encode(event.message);
    body.insert(body.end(), message.begin(), message.end());
    Bytes out{0, 0, static_cast<std::uint8_t>(body.size() >> 8),
              static_cast<std::uint8_t>(body.size() & 0xff)};
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

}  // namespace

TEST_CASE("events wait in their order") {
    EventQueue queue;
    CHECK(queue.empty());
    queue.push(died(1));
    queue.push(died(2));
    CHECK(std::get<EventReceived>(*queue.pop()).message == died(1).message);
    CHECK(std::get<EventReceived>(*queue.pop()).message == died(2).message);
    CHECK_FALSE(queue.pop());
    CHECK(queue.octets() == 0);
}

TEST_CASE("an overflow is told before the events behind it: a reader cannot miss a death unawares") {
    EventQueue queue({.events = 3, .octets = 1 << 20});
    for (int i = 1; i <= 4; ++i) queue.push(died(i));
    const auto lost = queue.pop();
    REQUIRE(lost);
    CHECK(std::get<EventsLost>(*lost).count == 3);
    CHECK_FALSE(std::get<EventsLost>(*lost).reconnected);
    CHECK(std::get<EventReceived>(*queue.pop()).message == died(4).message);
    CHECK(queue.empty());
}

TEST_CASE("a storm of 100,000 child-updown through a session nobody reads stays within its bounds") {
    constexpr EventQueue::Bounds kBounds{.events = 1000, .octets = 256 * 1024};
    EventQueue queue(kBounds);
    Session session;
    std::uint64_t told = 0;
    for (int i = 0; i < 100'000; ++i) {
        REQUIRE(session.receive(wire(died(i))));
        while (auto output = session.poll_output()) queue.push(std::get<EventReceived>(std::move(*output)));
        REQUIRE(queue.octets() <= kBounds.octets);
        REQUIRE(queue.size() <= kBounds.events + 1);
    }
    const auto first = queue.pop();
    REQUIRE(std::holds_alternative<EventsLost>(*first));
    told = std::get<EventsLost>(*first).count;
    while (auto notice = queue.pop()) told += std::holds_alternative<EventReceived>(*notice) ? 1 : 0;
    CHECK(told == 100'000);
}

TEST_CASE("an event beyond the whole bound is lost, and told") {
    EventQueue queue({.events = 10, .octets = 4096});
    queue.push({"log", Message().add("msg", std::string(5000, 'x'))});
    CHECK(std::get<EventsLost>(*queue.pop()).count == 1);
    CHECK(queue.octets() == 0);
    CHECK(queue.empty());
}

TEST_CASE("after a reconnect what waited is stale") {
    EventQueue queue;
    queue.push(died(1));
    queue.reconnected();
    queue.push(died(2));
    const auto lost = std::get<EventsLost>(*queue.pop());
    CHECK(lost.reconnected);
    CHECK(lost.count == 1);
    CHECK(std::get<EventReceived>(*queue.pop()).message == died(2).message);
}

TEST_CASE("reconnect: pauses double up to the last, and begin anew after a stable connection") {
    const Time t0{};
    Reconnect reconnect({.first = 200ms, .last = 1s, .stable = 10s});
    CHECK(reconnect.due(t0));
    reconnect.lost(t0);
    CHECK_FALSE(reconnect.due(t0 + 199ms));
    CHECK(reconnect.due(t0 + 200ms));
    reconnect.lost(t0);
    CHECK(*reconnect.next_attempt() == t0 + 400ms);
    reconnect.lost(t0);
    reconnect.lost(t0);
    CHECK(*reconnect.next_attempt() == t0 + 1s);
    reconnect.connected(t0);
    CHECK_FALSE(reconnect.due(t0 + 1h));
    CHECK_FALSE(reconnect.next_attempt());
    reconnect.lost(t0 + 9s);  // a daemon that dies at each greeting is not hammered
    CHECK(*reconnect.next_attempt() == t0 + 10s);
    reconnect.connected(t0 + 10s);
    reconnect.lost(t0 + 20s);
    CHECK(*reconnect.next_attempt() == t0 + 20s + 200ms);
}
