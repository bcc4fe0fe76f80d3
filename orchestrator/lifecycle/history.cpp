#include "lifecycle/history.hpp"

#include <algorithm>
#include <utility>

namespace keel::lifecycle {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The same words, whatever the numbers in them: addresses that take turns, seconds, identifiers.
bool same_words(std::string_view a, std::string_view b) {
    std::size_t i = 0, k = 0;
    for (;;) {
        while (i < a.size() && is_digit(a[i])) ++i;
        while (k < b.size() && is_digit(b[k])) ++k;
        if (i == a.size() || k == b.size()) return i == a.size() && k == b.size();
        if (a[i++] != b[k++]) return false;
    }
}

bool same_cause(const std::optional<Error>& a, const std::optional<Error>& b) {
    if (!a || !b) return !a && !b;
    return a->code == b->code && same_words(a->message, b->message);
}

}  // namespace

std::string_view name_of(Transition::To to) {
    switch (to) {
        case Transition::To::connecting: return "connecting";
        case Transition::To::failed: return "failed";
        case Transition::To::up: return "up";
        case Transition::To::lost: return "lost";
        case Transition::To::ready: return "ready";
        case Transition::To::listening: return "listening";
        case Transition::To::down: return "down";
        case Transition::To::stopped: return "stopped";
    }
    return "?";
}

void History::add(Time now, Transition::To to, std::optional<Stage> stage, std::optional<Error> why) {
    entries_.push_back({to, stage, std::move(why), now, now, 1});
    if (entries_.size() > kKept) entries_.pop_front();
}

void History::reached(Stage stage) {
    if (!entries_.empty() && entries_.back().to == Transition::To::connecting) entries_.back().stage = stage;
}

void History::failed(Time now, Stage stage, Error why) {
    if (!entries_.empty() && entries_.back().to == Transition::To::connecting) entries_.pop_back();
    Transition entry{Transition::To::failed, stage, std::move(why), now, now, 1};
    for (auto before = entries_.rbegin(); before != entries_.rend(); ++before) {
        if (before->to != Transition::To::failed) break;
        if (before->stage != entry.stage || !same_cause(before->why, entry.why)) continue;
        entry.first = before->first;
        entry.count = before->count + 1;
        entries_.erase(std::next(before).base());
        break;
    }
    entries_.push_back(std::move(entry));
    if (entries_.size() > kKept) entries_.pop_front();
}

void History::settle(Time now, Transition::To to, std::optional<Stage> stage,
                     const std::optional<Error>& why) {
    if (!entries_.empty()) {
        Transition& newest = entries_.back();
        if (newest.to == to && newest.stage == stage && same_cause(newest.why, why)) return;
    }
    add(now, to, stage, why);
}

}  // namespace keel::lifecycle
