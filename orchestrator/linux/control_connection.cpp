#include "linux/control_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <asio/post.hpp>
#include <asio/write.hpp>

namespace keel {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{64} << 10;
constexpr std::size_t kEventsAtOnce = std::size_t{64} << 10;  // octets
constexpr auto kFarewell = std::chrono::seconds(5);

}  // namespace

ControlConnection::ControlConnection(asio::local::stream_protocol::socket socket, const api::Service& service,
                                     const api::Caller& caller, std::unique_ptr<ControlCallers::Place> place,
                                     std::shared_ptr<ControlCallers> callers)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      service_(service),
      caller_(caller),
      place_(std::move(place)),
      callers_(std::move(callers)) {}

ControlConnection::~ControlConnection() {
    if (announced_ > 0) callers_->delivered(caller_, announced_);
}

std::size_t ControlConnection::longest_call() const {
    const ControlLimits& limits = callers_->limits();
    return caller_.access == api::Access::admin ? limits.request : limits.reader_request;
}

// Calls may come one behind the other, before the first is answered: they wait in input_.
void ControlConnection::next_call() {
    const auto end = input_.find('\0', searched_);
    if (end != std::string::npos) {
        std::string request = input_.substr(0, end);
        input_.erase(0, end + 1);
        if (input_.empty()) input_.shrink_to_fit();  // a configuration may have been large
        searched_ = 0;
        return answer(std::move(request));
    }
    searched_ = input_.size();
    if (input_.size() > longest_call()) {
        return send(
            api::refusal({ErrorCode::invalid,
                          fmt::format("a call is longer than the {} octets that it may have", longest_call()),
                          caller_.access == api::Access::admin
                              ? "end it with a NUL byte"
                              : "members of control.admin-group, and root, may send longer ones"}));
    }
    limit_time(input_.empty() ? callers_->limits().idle : callers_->limits().patience);
    read();
}

void ControlConnection::read() {
    const auto held = input_.size();
    const auto room = std::min(kReadAtOnce, longest_call() + 1 - held);
    input_.resize(held + room);
    socket_.async_read_some(asio::buffer(input_.data() + held, room),
                            [self = shared_from_this(), held](asio::error_code error, std::size_t size) {
                                self->input_.resize(held + size);
                                self->on_read(error, size);
                            });
}

void ControlConnection::on_read(asio::error_code error, std::size_t) {
    if (!error) return next_call();
    if (error != asio::error::eof || input_.empty()) return close();
    send(api::refusal({ErrorCode::invalid, "a call came without its end", "end it with a NUL byte"}));
}

void ControlConnection::answer(std::string request) {
    timer_.cancel();
    callers_->take_turn(caller_, [self = shared_from_this(), request = std::move(request)] {
        self->service_.call(request, self->caller_, [self](api::Reply reply) {
            self->announced_ = reply.text.size();
            self->callers_->answered(self->caller_, self->announced_);
            self->send(std::move(reply));
        });
    });
}

void ControlConnection::send(api::Reply reply) {
    if (reply.events) return stream(std::move(reply.events));
    hang_up_ = reply.hang_up;
    output_ = std::move(reply.text);
    if (output_.empty()) {
        // Not from inside the call: a long row of calls without replies would pile up on the stack.
        return asio::post(socket_.get_executor(), [self = shared_from_this()] { self->next_call(); });
    }
    output_ += '\0';
    write(0);
}

// Who reads, however slowly, is served; who does not is hung up on.
void ControlConnection::write(std::size_t from) {
    limit_time(callers_->limits().patience);
    socket_.async_write_some(asio::buffer(output_.data() + from, output_.size() - from),
                             [self = shared_from_this(), from](asio::error_code error, std::size_t size) {
                                 if (error) return self->close();
                                 if (from + size < self->output_.size()) return self->write(from + size);
                                 self->on_written();
                             });
}

void ControlConnection::on_written() {
    output_.clear();
    output_.shrink_to_fit();
    callers_->delivered(caller_, std::exchange(announced_, 0));
    if (!hang_up_) return next_call();
    asio::error_code ignored;
    socket_.shutdown(asio::local::stream_protocol::socket::shutdown_send, ignored);
    limit_time(kFarewell);
    wait_for_end();
}

// What still comes is thrown away: a socket that is closed over unread input would cost the caller our words.
void ControlConnection::wait_for_end() {
    input_.resize(kReadAtOnce);
    socket_.async_read_some(asio::buffer(input_),
                            [self = shared_from_this()](asio::error_code error, std::size_t) {
                                if (error) return self->close();
                                self->wait_for_end();
                            });
}

void ControlConnection::stream(std::shared_ptr<api::Subscription> events) {
    timer_.cancel();
    events_ = std::move(events);
    events_->on_ready([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && !self->writing_) {
            asio::post(self->socket_.get_executor(), [self] { self->write_events(); });
        }
    });
    // Nothing is read any more, so that it is the hang-up itself that tells of the end; who only has no more
    // to say (shutdown of his writing) goes on listening.
    socket_.async_wait(asio::local::stream_protocol::socket::wait_error,
                       [self = shared_from_this()](asio::error_code) { self->close(); });
    write_events();
}

void ControlConnection::write_events() {
    if (writing_ || !socket_.is_open()) return;
    output_.clear();
    while (output_.size() < kEventsAtOnce) {
        const auto text = events_->take();
        if (!text) break;
        output_ += *text;
        output_ += '\0';
    }
    if (output_.empty()) return;
    writing_ = true;
    asio::async_write(socket_, asio::buffer(output_),
                      [self = shared_from_this()](asio::error_code error, std::size_t) {
                          self->writing_ = false;
                          if (error) return self->close();
                          self->write_events();
                      });
}

void ControlConnection::limit_time(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this()](asio::error_code error) {
        if (!error) self->close();
    });
}

void ControlConnection::close() {
    asio::error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    events_.reset();
}

}  // namespace keel
