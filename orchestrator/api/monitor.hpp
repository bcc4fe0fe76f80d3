// Monitor: hands the log's records to those who asked for them over the control interface. Each reader has a
// bounded queue of his own: who does not keep up loses the oldest, and is told how many. Texts are shared
// among the queues, so that many readers cost little more than one. Owner: Daemon.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/event_json.hpp"
#include "base/log.hpp"

namespace keel::api {

struct EventFilter {
    std::vector<std::string> ids{};  // "session.up", "session" or "session.*": all of an area; none: every id
    std::optional<std::string> connection{};  // "lns/office" or "office"
    LogLevel level = LogLevel::info;

    [[nodiscard]] bool wants(LogLevel record_level, std::string_view area) const;
    [[nodiscard]] bool passes(const Record& record) const;
};

// The events for one reader, as varlink replies ("continues"), without NUL.
class Subscription {
public:
    static constexpr std::size_t kMaxEvents = 1024;
    static constexpr std::size_t kMaxBytes = std::size_t{128} << 10;
    using Text = std::shared_ptr<const std::string>;

    Subscription(EventFilter filter, std::function<WallTime()> now)
        : filter_(std::move(filter)), now_(std::move(now)) {}

    // The oldest; none: wait. Where some were lost, first an event that tells how many.
    [[nodiscard]] Text take();
    // Called when there is something to take again, from inside a log call: it must not log, nor end a
    // Subscription, but have that done later.
    void on_ready(std::function<void()> ready) { ready_ = std::move(ready); }

    [[nodiscard]] const EventFilter& filter() const { return filter_; }
    void push(Text text);
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    EventFilter filter_;
    std::function<WallTime()> now_;
    std::deque<Text> queue_;
    std::size_t bytes_ = 0;
    std::uint64_t missed_ = 0;
    std::function<void()> ready_;
};

class Monitor final : public Log {
public:
    explicit Monitor(std::function<WallTime()> now) : now_(std::move(now)) {}

    // Begins with "monitor.started". It ends when the last owner lets go of it.
    [[nodiscard]] std::shared_ptr<Subscription> subscribe(EventFilter filter);

    [[nodiscard]] bool wants(LogLevel level, std::string_view area) const override;
    void write(const Record& record) override;

private:
    std::function<WallTime()> now_;
    std::vector<std::weak_ptr<Subscription>> subscriptions_;
};

}  // namespace keel::api
