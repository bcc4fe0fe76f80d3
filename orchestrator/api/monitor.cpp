#include "api/monitor.hpp"

#include <algorithm>

#include "base/event_name.hpp"

namespace keel::api {
namespace {

Subscription::Text reply_of(const Record& record, WallTime now) {
    return std::make_shared<const std::string>(R"({"parameters":{"event":)" + to_json_line(record, now) +
                                               R"(},"continues":true})");
}

bool means(std::string_view wanted, std::string_view id, std::string_view area) {
    return wanted == id || area_meant(wanted) == area;
}

// "office" is any role's connection of that name.
bool is_named(std::string_view connection, std::string_view name) {
    if (connection == name) return true;
    const auto slash = connection.find('/');
    return slash != std::string_view::npos && connection.substr(slash + 1) == name;
}

}  // namespace

bool EventFilter::wants(LogLevel record_level, std::string_view area) const {
    if (record_level > level) return false;
    return ids.empty() || std::ranges::any_of(ids, [&](const std::string& id) {
               return std::string_view(id).substr(0, id.find('.')) == area;
           });
}

bool EventFilter::passes(const Record& record) const {
    if (!wants(record.level, record.area())) return false;
    if (!ids.empty() && std::ranges::none_of(ids, [&](const std::string& id) {
            return means(id, record.id, record.area());
        })) {
        return false;
    }
    if (!connection) return true;
    const Field::Value* of = record.find("connection");
    const auto* name = of ? std::get_if<std::string>(of) : nullptr;
    return name && is_named(*name, *connection);
}

void Subscription::push(Text text) {
    const bool was_empty = queue_.empty() && missed_ == 0;
    bytes_ += text->size();
    queue_.push_back(std::move(text));
    while (queue_.size() > kMaxEvents || bytes_ > kMaxBytes) {
        bytes_ -= queue_.front()->size();
        queue_.pop_front();
        ++missed_;
    }
    if (was_empty && ready_) ready_();
}

Subscription::Text Subscription::take() {
    if (missed_ > 0) {
        const Field count("count", std::exchange(missed_, 0));
        return reply_of({LogLevel::warning, "monitor.missed", {&count, 1}}, now_());
    }
    if (queue_.empty()) return nullptr;
    Text text = std::move(queue_.front());
    queue_.pop_front();
    bytes_ -= text->size();
    return text;
}

std::shared_ptr<Subscription> Monitor::subscribe(EventFilter filter) {
    auto subscription = std::make_shared<Subscription>(std::move(filter), now_);
    subscription->push(reply_of({LogLevel::notice, "monitor.started", {}}, now_()));
    std::erase_if(subscriptions_, [](const auto& held) { return held.expired(); });
    subscriptions_.push_back(subscription);
    return subscription;
}

bool Monitor::wants(LogLevel level, std::string_view area) const {
    return std::ranges::any_of(subscriptions_, [&](const auto& held) {
        const auto subscription = held.lock();
        return subscription && subscription->filter().wants(level, area);
    });
}

void Monitor::write(const Record& record) {
    Subscription::Text text;  // made once, for whoever is the first to want it
    for (const auto& held : subscriptions_) {
        const auto subscription = held.lock();
        if (!subscription || !subscription->filter().passes(record)) continue;
        if (!text) text = reply_of(record, now_());
        subscription->push(text);
    }
}

}  // namespace keel::api
