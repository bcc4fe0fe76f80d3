// Session: one vici connection, sans-IO: bytes and time in, bytes and answers out. It knows no socket and no
// clock. Requests are answered by the daemon strictly in order and carry no number, so the session pairs by
// order; to make a wrong pairing impossible
//  - a request without an answer at its deadline ends the session (the owner connects again);
//  - behind a request whose answer may outgrow a segment (the daemon then drops the answer in silence)
//  nothing is
//    sent until it is answered (`Request::unbounded_reply`).
// The order of use: one input, then take_outgoing() and poll_output() until empty, then next_timeout(). So
// driven it holds at most one segment (512 KiB) and what the last receive() completed, however many events
// come.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vici/message.hpp"

namespace vici {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

struct Request {
    std::string command;
    Message arguments{};
    std::string stream{};          // the event whose messages belong to the answer: "list-sa"; empty: none
    bool unbounded_reply = false;  // the answer grows with what the daemon holds
    bool secret = false;           // wipe the buffers that held it
    bool incremental = false;      // streamed messages come out one by one (Streamed), not with the answer
};

struct Reply {
    Message message;
    // In the order of arrival; needs register_event(stream) before. Grows with what the daemon holds: see
    // Request::incremental.
    std::vector<Message> streamed;
};

using Ticket = std::uint64_t;  // of a request; never 0, never used twice in a session

struct Answered {
    Ticket ticket = 0;
    Result<Reply> reply;  // `success=no` is no error here: see outcome() in commands.hpp
};
struct Streamed {  // one item of an incremental request's answer; its Answered comes last
    Ticket ticket = 0;
    Message message;
};
struct EventReceived {
    std::string name;
    Message message;
};
using Output = std::variant<Answered, Streamed, EventReceived>;

class Session {
public:
    // Each ends in exactly one Answered. Registering an event twice sends it twice: do it once.
    [[nodiscard]] Ticket request(Time now, Request request, Duration deadline);
    [[nodiscard]] Ticket register_event(Time now, const std::string& event, Duration deadline);
    [[nodiscard]] Ticket unregister_event(Time now, const std::string& event, Duration deadline);

    // Any split of the byte stream. After an error the session is closed: drain poll_output(), then drop it.
    Status receive(ByteView bytes);
    // timeout when a deadline has passed; the session is then closed.
    Status on_timeout(Time now);
    // Every request that waits is answered with `why`.
    void close(const Error& why);

    [[nodiscard]] bool closed() const { return closed_.has_value(); }
    [[nodiscard]] std::optional<Time> next_timeout() const;
    [[nodiscard]] std::size_t waiting() const { return sent_.size() + held_.size(); }
    [[nodiscard]] std::optional<Output> poll_output();
    // What is to be written now; may hold a secret: wipe it after the write.
    [[nodiscard]] Bytes take_outgoing();

private:
    enum class Kind { command, register_event, unregister_event };
    struct Pending {
        Ticket ticket = 0;
        Kind kind = Kind::command;
        std::string name;
        std::string stream{};
        bool barrier = false;
        bool incremental = false;
        Time deadline;
        std::vector<Message> streamed{};
    };
    struct Held {
        Pending pending;
        Bytes segment;
    };

    Ticket enqueue(Pending pending, Result<Bytes> segment);
    void send_held();
    Status segment(ByteView bytes);
    Status event(ByteView bytes);
    Status answer(std::uint8_t type, ByteView body);
    Status broken(Error why);

    Ticket last_ticket_ = 0;
    std::deque<Pending> sent_;
    std::deque<Held> held_;
    std::deque<Output> outputs_;
    Bytes outgoing_;
    Bytes incoming_;
    std::optional<Error> closed_;
};

}  // namespace vici
