// History: the last twenty transitions of a connection, for whoever asks later how it came to this. What
// fails again in the same way is one entry with a count, so that a night of retries leaves the evening before
// in sight.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "lifecycle/stage.hpp"

namespace keel::lifecycle {

struct Transition {
    enum class To {
        connecting,  // a client's try; `stage`: how far it has come
        failed,      // ... which came to nothing
        up,
        lost,       // was up
        ready,      // a client that waits for the server's call
        listening,  // a server
        down,       // a server that cannot serve
        stopped,
    };
    To to = To::connecting;
    std::optional<Stage> stage;
    std::optional<Error> why;
    Time first, at;  // where count > 1: of the first and the last of them
    unsigned count = 1;
};
[[nodiscard]] std::string_view name_of(Transition::To to);

class History {
public:
    static constexpr std::size_t kKept = 20;

    void add(Time now, Transition::To to, std::optional<Stage> stage = {}, std::optional<Error> why = {});
    // A try has come further.
    void reached(Stage stage);
    // A try has failed: it takes the place of its `connecting`, and joins those that failed likewise since
    // the connection was last anything else.
    void failed(Time now, Stage stage, Error why);
    // The same as the newest, or to be added.
    void settle(Time now, Transition::To to, std::optional<Stage> stage, const std::optional<Error>& why);

    [[nodiscard]] const std::deque<Transition>& entries() const { return entries_; }  // the newest last

private:
    std::deque<Transition> entries_;
};

}  // namespace keel::lifecycle
