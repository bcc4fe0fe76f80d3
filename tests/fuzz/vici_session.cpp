// A vici session under a script: requests, registrations, the daemon's bytes in any pieces, time. Whatever
// comes, each ticket is answered exactly once, and the events that wait stay within their bounds.
#include <array>
#include <set>
#include <string>

#include "input.hpp"
#include "vici/event_queue.hpp"
#include "vici/session.hpp"

using keel::fuzz::Input;
using keel::fuzz::require;

namespace {

constexpr vici::EventQueue::Bounds kBounds{.events = 8, .octets = 2048};
constexpr std::array<const char*, 4> kNames{"list-sas", "version", "", "list-sa"};

class Run {
public:
    explicit Run(Input input) : input_(input) {}

    void play() {
        while (!input_.empty()) {
            step();
            drain();
        }
        session_.close({vici::ErrorCode::closed, "the end"});
        drain();
        require(session_.waiting() == 0 && !session_.next_timeout(), "a closed session waits for nothing");
    }

private:
    void step() {
        const std::uint8_t op = input_.u8();
        const std::string name = kNames.at(op >> 3 & 3);
        const vici::Duration deadline = std::chrono::seconds(op >> 5);
        switch (op & 7) {
            case 0:
                asked(session_.request(now_,
                                       {.command = name,
                                        .arguments = vici::Message().add("key", "value"),
                                        .stream = (op & 32) != 0 ? "list-sa" : "",
                                        .unbounded_reply = (op & 64) != 0,
                                        .secret = (op & 128) != 0,
                                        .incremental = (op & 128) != 0},
                                       std::chrono::seconds(5)));
                break;
            case 1: asked(session_.register_event(now_, name, deadline)); break;
            case 2: asked(session_.unregister_event(now_, name, deadline)); break;
            case 3: pass(std::chrono::milliseconds(input_.u8())); break;
            case 4: pass(std::chrono::seconds(input_.u8())); break;
            case 5: receive(input_.take(input_.u8())); break;
            case 6: receive(input_.take(input_.u16())); break;
            case 7: receive_segment(); break;
        }
    }

    // A packet with its length put right in front, as one piece or byte by byte.
    void receive_segment() {
        const bool split = (input_.u8() & 1) != 0;
        const vici::Bytes body = input_.take(input_.u8());
        vici::Bytes segment{0, 0, 0, static_cast<std::uint8_t>(body.size())};
        segment.insert(segment.end(), body.begin(), body.end());
        if (!split) return receive(segment);
        for (const std::uint8_t byte : segment) receive({byte});
    }

    void receive(const vici::Bytes& bytes) {
        const bool closed = session_.closed();
        require(session_.receive(bytes).has_value() != session_.closed(), "an error closes the session");
        require(!closed || session_.closed(), "a closed session stays closed");
    }
    void pass(vici::Duration time) {
        now_ += time;
        static_cast<void>(session_.on_timeout(now_));
        const auto next = session_.next_timeout();
        require(!next || *next > now_, "no deadline that has passed is left");
    }
    void asked(vici::Ticket ticket) {
        require(ticket != 0 && ticket > last_ticket_, "a ticket is not used twice");
        last_ticket_ = ticket;
        open_.insert(ticket);
    }

    void drain() {
        static_cast<void>(session_.take_outgoing());
        while (const auto output = session_.poll_output()) {
            if (const auto* answered = std::get_if<vici::Answered>(&*output)) {
                require(open_.erase(answered->ticket) == 1, "a ticket is answered once");
            } else if (const auto* streamed = std::get_if<vici::Streamed>(&*output)) {
                require(open_.contains(streamed->ticket), "nothing is streamed behind the answer");
            } else {
                queue_.push(std::get<vici::EventReceived>(*output));
                require(queue_.size() <= kBounds.events + 1 && queue_.octets() <= kBounds.octets,
                        "events wait within their bounds");
            }
        }
        require(open_.size() == session_.waiting(), "what is not answered is waited for");
    }

    Input input_;
    vici::Session session_;
    vici::EventQueue queue_{kBounds};
    vici::Time now_{};
    vici::Ticket last_ticket_ = 0;
    std::set<vici::Ticket> open_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run(Input(data, size)).play();
    return 0;
}
