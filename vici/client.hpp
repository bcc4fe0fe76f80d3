// Client: a ready-to-use connection to charon's unix socket, for programs that have no event loop of their
// own to drive a Session in. Blocking, for one thread. The only part of this library that knows a socket and
// a clock.
//
// A call waits for its answer until its deadline; events that come meanwhile wait in a bounded queue for
// next_event(). A connection that is lost fails the call under way (`closed`, `timeout`: whether the daemon
// did it is then unknown, so nothing is sent twice), and the next call or next_event() connects anew,
// subscribes again and has next_event() say EventsLost.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "vici/event_queue.hpp"
#include "vici/reconnect.hpp"
#include "vici/session.hpp"

namespace vici {

class Client {
public:
    struct Options {
        std::string path = "/var/run/charon.vici";  // or "unix:///var/run/charon.vici"
        Duration deadline = std::chrono::seconds(15);
        EventQueue::Bounds events{};
        Reconnect::Pace pace{};
    };

    // closed where nobody listens or the socket may not be opened; the text says which.
    [[nodiscard]] static Result<Client> connect(Options options);
    [[nodiscard]] static Result<Client> connect();
    ~Client();
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;

    // The answer, with what it streamed. success=no is no error here: see run() and outcome().
    [[nodiscard]] Result<Reply> call(Request request);
    [[nodiscard]] Result<Reply> call(Request request, Duration deadline);
    // For commands that answer success: no becomes `refused` with the daemon's reason.
    Status run(Request request);
    // A call whose answer is parsed: ask(make_version(), parse_version).
    template <class Parse>
    [[nodiscard]] auto ask(Request request, Parse parse) {
        using Parsed = std::invoke_result_t<Parse, const Message&>;
        return asked<Parsed>(call(std::move(request)), parse);
    }
    // A streaming command; `item` is given each message as it comes, none is kept. It may not call this
    // client.
    Status each(Request request, const std::function<void(const Message&)>& item);
    // All are sent before the first is answered, and have one deadline; the answers stand in the requests'
    // order.
    [[nodiscard]] std::vector<Result<Reply>> pipeline(std::vector<Request> requests);

    // From now on, through reconnects too. unknown_event where this daemon has no such event.
    Status subscribe(const std::string& event);
    Status unsubscribe(const std::string& event);
    // The next event; nothing when none came in time.
    [[nodiscard]] Result<std::optional<Notice>> next_event(Duration patience);

    // To poll for reading in a loop of one's own: readable means that next_event(0) may have something. -1
    // while the connection is lost.
    [[nodiscard]] int fd() const;

private:
    struct State;
    explicit Client(std::unique_ptr<State> state);

    template <class Parsed, class Parse>
    static auto asked(Result<Reply> reply, Parse parse) {
        if constexpr (requires(Parsed parsed) { parsed.error(); }) {
            if (!reply) return Parsed(std::unexpected(reply.error()));
            return parse(reply->message);
        } else {
            if (!reply) return Result<Parsed>(std::unexpected(reply.error()));
            return Result<Parsed>(parse(reply->message));
        }
    }

    std::unique_ptr<State> state_;
};

}  // namespace vici
