// Reconnect: when to try again, sans-IO. charon is restarted by upgrades and administrators; a client that
// gives up is useless, and one that hammers its socket is worse. What to do once it is back: register the
// events, ask `version` and `stats` (another `since` is another run of the daemon, which has forgotten all),
// load credentials, then authorities, pools and connections, and list-sas for what holds now.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "vici/session.hpp"

namespace vici {

class Reconnect {
public:
    struct Pace {
        Duration first = std::chrono::milliseconds(200);
        Duration last = std::chrono::seconds(5);  // each pause doubles up to here
        Duration stable =
            std::chrono::seconds(10);  // a connection that lived so long begins with `first` again
    };

    Reconnect() = default;
    explicit Reconnect(Pace pace) : pace_(pace), pause_(pace.first) {}

    void connected(Time now) {
        since_ = now;
        next_.reset();
    }
    // The connection broke, or could not be made.
    void lost(Time now) {
        if (since_ && now - *since_ >= pace_.stable) pause_ = pace_.first;
        since_.reset();
        next_ = now + pause_;
        pause_ = std::min(pause_ * 2, pace_.last);
    }

    // When to try; nothing while connected or before the first loss.
    [[nodiscard]] std::optional<Time> next_attempt() const { return next_; }
    [[nodiscard]] bool due(Time now) const { return !since_ && (!next_ || *next_ <= now); }

private:
    Pace pace_{};
    Duration pause_ = pace_.first;
    std::optional<Time> since_, next_;
};

}  // namespace vici
