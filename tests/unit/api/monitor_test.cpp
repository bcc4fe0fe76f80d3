#include "api/monitor.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace keel;
using namespace keel::api;
using nlohmann::json;

namespace {

// 2026-01-02T03:04:05.678Z
constexpr WallTime kNow{std::chrono::milliseconds(1767323045678)};
const auto kClock = [] { return kNow; };

json event(const Subscription::Text& text) {
    REQUIRE(text);
    const json reply = json::parse(*text);
    CHECK(reply["continues"] == true);
    return reply["parameters"]["event"];
}

std::vector<std::string> ids(Subscription& subscription) {
    std::vector<std::string> out;
    while (const auto text = subscription.take()) out.push_back(event(text)["id"]);
    return out;
}

struct Room {
    LogHub log;
    Monitor monitor{kClock};
    Room() { log.attach(monitor); }

    void speak() {
        log.notice("session.up", {{"connection", "lns/office"}, {"session", 12u}});
        log.notice("session.down", {{"connection", "lns/office"}});
        log.notice("session.up", {{"connection", "lac/branch"}});
        log.warning("ipsec.failed", {{"connection", "lac/branch"}});
        log.info("ppp.phase", {{"phase", "network"}});
        log.debug("ppp.says", {{"text", "x"}});
    }

    std::vector<std::string> heard(EventFilter filter) {
        const auto subscription = monitor.subscribe(std::move(filter));
        speak();
        auto out = ids(*subscription);
        REQUIRE(out.front() == "monitor.started");
        out.erase(out.begin());
        return out;
    }
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("an event is a record with its time, level, id, area and fields") {
    Room room;
    const auto subscription = room.monitor.subscribe({});
    room.log.notice("session.up", {{"connection", "lns/office"},
                                   {"session", 12u},
                                   {"below", -1},
                                   {"load", 0.5},
                                   {"hiding", true},
                                   {"user", "a\xff\n\xc3\xbc"}});
    CHECK(event(subscription->take())["id"] == "monitor.started");
    const auto text = subscription->take();
    CHECK(event(text) == json{{"time", "2026-01-02T03:04:05.678Z"},
                              {"level", "notice"},
                              {"id", "session.up"},
                              {"area", "session"},
                              {"connection", "lns/office"},
                              {"session", 12},
                              {"below", -1},
                              {"load", 0.5},
                              {"hiding", true},
                              {"user", "a\uFFFD\nü"}});
    CHECK(text->find("\\u00fc") != std::string::npos);  // ASCII alone, on one line
    CHECK(text->find('\n') == std::string::npos);
    CHECK_FALSE(subscription->take());
}

TEST_CASE("a filter by ids, area, connection and level") {
    Room room;
    CHECK(room.heard({}) == Ids{"session.up", "session.down", "session.up", "ipsec.failed", "ppp.phase"});
    CHECK(room.heard({.ids = {"session.up"}}) == Ids{"session.up", "session.up"});
    CHECK(room.heard({.ids = {"session"}}) == Ids{"session.up", "session.down", "session.up"});
    CHECK(room.heard({.ids = {"ipsec.*", "session.down"}}) == Ids{"session.down", "ipsec.failed"});
    CHECK(room.heard({.connection = "lns/office"}) == Ids{"session.up", "session.down"});
    CHECK(room.heard({.connection = "branch"}) == Ids{"session.up", "ipsec.failed"});
    CHECK(room.heard({.connection = "lac/office"}).empty());
    CHECK(room.heard({.level = LogLevel::warning}) == Ids{"ipsec.failed"});
    CHECK(room.heard({.ids = {"ppp"}, .level = LogLevel::debug}) == Ids{"ppp.phase", "ppp.says"});
}

TEST_CASE("without readers nothing is made, and a reader that has gone costs nothing") {
    Room room;
    CHECK_FALSE(room.log.wants(LogLevel::error, "session"));
    auto subscription = room.monitor.subscribe({.ids = {"session"}, .level = LogLevel::notice});
    CHECK(room.log.wants(LogLevel::notice, "session"));
    CHECK_FALSE(room.log.wants(LogLevel::info, "session"));
    CHECK_FALSE(room.log.wants(LogLevel::notice, "ppp"));
    subscription.reset();
    CHECK_FALSE(room.log.wants(LogLevel::error, "session"));
}

TEST_CASE("a reader is woken when there is something again, once") {
    Room room;
    const auto subscription = room.monitor.subscribe({});
    int woken = 0;
    subscription->on_ready([&woken] { ++woken; });
    room.speak();
    CHECK(woken == 0);  // there was still something to take
    (void)ids(*subscription);
    room.speak();
    CHECK(woken == 1);
}

TEST_CASE("who does not keep up loses the oldest, and is told how many") {
    Room room;
    const auto slow = room.monitor.subscribe({});
    const auto quick = room.monitor.subscribe({});
    std::size_t seen = 0;
    constexpr std::uint64_t kEvents = 5000;
    for (std::uint64_t i = 0; i < kEvents; ++i) {
        room.log.notice("session.up", {{"session", i}});
        seen += ids(*quick).size();
    }
    CHECK(seen == kEvents + 1);
    CHECK(slow->bytes() <= Subscription::kMaxBytes);
    const json missed = event(slow->take());
    CHECK(missed["id"] == "monitor.missed");
    CHECK(missed["level"] == "warning");
    std::uint64_t next = missed["count"].get<std::uint64_t>() - 1;  // monitor.started was one of them
    CHECK(next >= kEvents - Subscription::kMaxEvents);
    std::size_t left = 0;
    while (const auto text = slow->take()) {
        CHECK(event(text)["session"] == next++);
        ++left;
    }
    CHECK(next == kEvents);
    CHECK(left <= Subscription::kMaxEvents);
    CHECK(slow->bytes() == 0);
}

TEST_CASE("long events are bounded by their octets, whatever their number") {
    Room room;
    const auto slow = room.monitor.subscribe({});
    const std::string words(10'000, 'x');
    for (int i = 0; i < 100; ++i) room.log.notice("session.down", {{"why", words}});
    CHECK(slow->bytes() <= Subscription::kMaxBytes);
    CHECK(slow->bytes() > Subscription::kMaxBytes / 2);
    const json missed = event(slow->take());
    CHECK(missed["count"].get<std::size_t>() + ids(*slow).size() == 101);
}

TEST_CASE("the queues of many readers share their texts") {
    Room room;
    const auto one = room.monitor.subscribe({});
    const auto other = room.monitor.subscribe({.ids = {"session"}});
    (void)ids(*one);
    (void)ids(*other);
    room.log.notice("session.up", {});
    CHECK(one->take() == other->take());
}
