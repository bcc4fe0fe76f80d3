#include "vici/session.hpp"

#include <algorithm>
#include <utility>

namespace vici {
namespace {

enum Packet : std::uint8_t {  // the numbers of the wire
    cmd_request = 0,
    cmd_response = 1,
    cmd_unknown = 2,
    event_register = 3,
    event_unregister = 4,
    event_confirm = 5,
    event_unknown = 6,
    event_message = 7,
};
constexpr std::size_t kLengthField = 4;

std::size_t length_at(ByteView bytes) {
    return std::size_t{bytes[0]} << 24 | std::size_t{bytes[1]} << 16 | std::size_t{bytes[2]} << 8 |
           std::size_t{bytes[3]};
}

// charon does not answer a request whose name it cannot read, so such a one must not be sent.
bool sendable_name(const std::string& name) {
    return !name.empty() && name.size() <= kMaxName &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

Result<Bytes> make_segment(Packet type, const std::string& name, const Message* body) {
    if (!sendable_name(name))
        return fail(ErrorCode::malformed, "no command or event can be called '" + name + "'");
    Bytes payload;
    if (body) {
        auto encoded = encode(*body);
        if (!encoded) return encoded;
        payload = std::move(*encoded);
    }
    const std::size_t length = 2 + name.size() + payload.size();
    if (length > kMaxSegment) {
        wipe(payload.data(), payload.size());
        return fail(ErrorCode::too_long, "request '" + name + "' is longer than 512 KiB");
    }
    Bytes out;
    out.reserve(kLengthField + length);
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(length >> shift & 0xff));
    out.push_back(type);
    out.push_back(static_cast<std::uint8_t>(name.size()));
    out.insert(out.end(), name.begin(), name.end());
    out.insert(out.end(), payload.begin(), payload.end());
    wipe(payload.data(), payload.size());
    return out;
}

}  // namespace

Ticket Session::request(Time now, Request request, Duration deadline) {
    Result<Bytes> segment = make_segment(cmd_request, request.command, &request.arguments);
    if (request.secret) request.arguments.wipe();
    return enqueue({.kind = Kind::command,
                    .name = std::move(request.command),
                    .stream = std::move(request.stream),
                    .barrier = request.unbounded_reply,
                    .incremental = request.incremental,
                    .deadline = now + deadline},
                   std::move(segment));
}

Ticket Session::register_event(Time now, const std::string& event, Duration deadline) {
    return enqueue({.kind = Kind::register_event, .name = event, .deadline = now + deadline},
                   make_segment(event_register, event, nullptr));
}

Ticket Session::unregister_event(Time now, const std::string& event, Duration deadline) {
    return enqueue({.kind = Kind::unregister_event, .name = event, .deadline = now + deadline},
                   make_segment(event_unregister, event, nullptr));
}

Ticket Session::enqueue(Pending pending, Result<Bytes> segment) {
    pending.ticket = ++last_ticket_;
    if (closed_ || !segment) {
        outputs_.push_back(Answered{last_ticket_, std::unexpected(closed_ ? *closed_ : segment.error())});
        return last_ticket_;
    }
    held_.push_back({std::move(pending), std::move(*segment)});
    send_held();
    return last_ticket_;
}

void Session::send_held() {
    while (!held_.empty() && (sent_.empty() || !sent_.back().barrier)) {
        Held next = std::move(held_.front());
        held_.pop_front();
        // Growing the vector would leave copies of a secret behind in freed memory: move to a new one and
        // wipe.
        if (outgoing_.capacity() - outgoing_.size() < next.segment.size()) {
            Bytes larger;
            larger.reserve((outgoing_.size() + next.segment.size()) * 2);
            larger.insert(larger.end(), outgoing_.begin(), outgoing_.end());
            wipe(outgoing_.data(), outgoing_.size());
            outgoing_ = std::move(larger);
        }
        outgoing_.insert(outgoing_.end(), next.segment.begin(), next.segment.end());
        wipe(next.segment.data(), next.segment.size());
        sent_.push_back(std::move(next.pending));
    }
}

Status Session::receive(ByteView bytes) {
    if (closed_) return std::unexpected(*closed_);
    incoming_.insert(incoming_.end(), bytes.begin(), bytes.end());
    ByteView rest = incoming_;
    while (rest.size() >= kLengthField) {
        const std::size_t length = length_at(rest);
        if (length == 0) return broken({ErrorCode::malformed, "empty segment"});
        if (length > kMaxSegment) {
            return broken(
                {ErrorCode::malformed, "segment of " + std::to_string(length) + " octets: not vici"});
        }
        if (rest.size() - kLengthField < length) break;
        if (Status done = segment(rest.subspan(kLengthField, length)); !done) return broken(done.error());
        rest = rest.subspan(kLengthField + length);
    }
    incoming_.erase(incoming_.begin(), incoming_.end() - static_cast<std::ptrdiff_t>(rest.size()));
    send_held();
    return {};
}

Status Session::segment(ByteView bytes) {
    const std::uint8_t type = bytes.front();
    const ByteView body = bytes.subspan(1);
    switch (type) {
        case cmd_response:
        case cmd_unknown:
        case event_confirm:
        case event_unknown: return answer(type, body);
        case event_message: return event(body);
        default: return fail(ErrorCode::malformed, "unexpected packet type " + std::to_string(type));
    }
}

Status Session::event(ByteView bytes) {
    if (bytes.empty() || bytes.size() - 1 < bytes[0])
        return fail(ErrorCode::malformed, "event name is cut short");
    const std::string name(bytes.begin() + 1, bytes.begin() + 1 + bytes[0]);
    auto message = decode(bytes.subspan(1 + name.size()));
    if (!message) return std::unexpected(message.error());
    Pending* now_answered = sent_.empty() ? nullptr : &sent_.front();
    if (now_answered && !now_answered->stream.empty() && now_answered->stream == name) {
        if (now_answered->incremental) {
            outputs_.push_back(Streamed{now_answered->ticket, std::move(*message)});
        } else {
            now_answered->streamed.push_back(std::move(*message));
        }
    } else {
        outputs_.push_back(EventReceived{name, std::move(*message)});
    }
    return {};
}

Status Session::answer(std::uint8_t type, ByteView body) {
    if (sent_.empty()) return fail(ErrorCode::malformed, "an answer that nobody asked for");
    const bool to_command = type == cmd_response || type == cmd_unknown;
    if (to_command != (sent_.front().kind == Kind::command)) {
        return fail(ErrorCode::malformed,
                    "an answer of another kind than the request '" + sent_.front().name + "'");
    }
    if (type != cmd_response && !body.empty())
        return fail(ErrorCode::malformed, "an answer with something behind");
    Result<Reply> reply;
    if (type == cmd_response) {
        auto message = decode(body);
        if (!message) return std::unexpected(message.error());
        reply = Reply{std::move(*message), std::move(sent_.front().streamed)};
    } else if (type == cmd_unknown) {
        reply = fail(ErrorCode::unknown_command,
                     "the daemon does not know the command '" + sent_.front().name + "'");
    } else if (type == event_unknown) {
        reply =
            fail(ErrorCode::unknown_event, "the daemon does not know the event '" + sent_.front().name + "'");
    }
    outputs_.push_back(Answered{sent_.front().ticket, std::move(reply)});
    sent_.pop_front();
    return {};
}

Status Session::on_timeout(Time now) {
    if (closed_) return std::unexpected(*closed_);
    const auto next = next_timeout();
    if (!next || *next > now) return {};
    std::string name = "?";
    for (const Pending& pending : sent_) {
        if (pending.deadline <= now) {
            name = pending.name;
            break;
        }
    }
    return broken({ErrorCode::timeout, "no answer to '" + name + "'"});
}

std::optional<Time> Session::next_timeout() const {
    if (closed_) return std::nullopt;
    std::optional<Time> next;
    const auto consider = [&next](const Pending& pending) {
        if (!next || pending.deadline < *next) next = pending.deadline;
    };
    for (const Pending& pending : sent_) consider(pending);
    for (const Held& held : held_) consider(held.pending);
    return next;
}

Status Session::broken(Error why) {
    close(why);
    return std::unexpected(std::move(why));
}

void Session::close(const Error& why) {
    if (closed_) return;
    closed_ = why;
    for (const Pending& pending : sent_) outputs_.push_back(Answered{pending.ticket, std::unexpected(why)});
    for (Held& held : held_) {
        outputs_.push_back(Answered{held.pending.ticket, std::unexpected(why)});
        wipe(held.segment.data(), held.segment.size());
    }
    sent_.clear();
    held_.clear();
    wipe(outgoing_.data(), outgoing_.size());
    outgoing_.clear();
    incoming_.clear();
}

std::optional<Output> Session::poll_output() {
    if (outputs_.empty()) return std::nullopt;
    Output next = std::move(outputs_.front());
    outputs_.pop_front();
    return next;
}

Bytes Session::take_outgoing() {
    return std::exchange(outgoing_, {});
}

}  // namespace vici
