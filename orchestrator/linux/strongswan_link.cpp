#include "linux/strongswan_link.hpp"

#include <sys/socket.h>

#include <utility>

namespace keel {

namespace {

vici::Time clock_now() {
    return std::chrono::steady_clock::now();
}

Error session_error(const std::string& path, const vici::Error& why) {
    const std::string at = "strongSwan at " + path + ": ";
    if (why.code == vici::ErrorCode::timeout) {
        return {ErrorCode::timeout, at + why.message,
                "charon hangs or is overloaded: look at its log, restart it"};
    }
    return {ErrorCode::unavailable, at + why.message,
            "set charon.vici to the vici socket of strongSwan's charon"};
}

}  // namespace

Error vici_socket_error(const std::string& path, const std::error_code& from_asio) {
    // Asio's own system category does not compare with std::errc.
    const bool is_errno = from_asio.category() == asio::error::get_system_category();
    const std::error_code code =
        is_errno ? std::error_code(from_asio.value(), std::system_category()) : from_asio;
    const std::string message = "strongSwan's vici socket " + path + ": " + code.message();
    if (code == std::errc::permission_denied || code == std::errc::operation_not_permitted) {
        return {ErrorCode::denied, message,
                "run as root, or give this user the group of the socket (charon.group in strongswan.conf)"};
    }
    if (code == std::errc::no_such_file_or_directory) {
        return {ErrorCode::unavailable, message,
                "install strongswan-charon and strongswan-swanctl, start it, or set charon.vici"};
    }
    if (code == std::errc::connection_refused) {
        return {ErrorCode::unavailable, message, "start strongSwan: nobody listens on that socket"};
    }
    if (code == asio::error::eof || code == std::errc::connection_reset || code == std::errc::broken_pipe) {
        return {ErrorCode::unavailable, "strongSwan closed its vici socket " + path,
                "start strongSwan again if it does not come back by itself"};
    }
    return {ErrorCode::io, message, "set charon.vici to the vici socket of strongSwan's charon"};
}

ViciLink::ViciLink(asio::io_context& io, Handlers handlers)
    : socket_(io), timer_(io), handlers_(std::move(handlers)) {}

ViciLink::~ViciLink() {
    vici::wipe(writing_.data(), writing_.size());
}

void ViciLink::connect(const std::string& path) {
    path_ = path;
    std::error_code bad_path;
    asio::local::stream_protocol::endpoint endpoint;
    try {
        endpoint = asio::local::stream_protocol::endpoint(path);  // throws on a path beyond 107 octets
    } catch (const std::system_error& error) {
        bad_path = error.code();
    }
    auto self = shared_from_this();
    if (bad_path) {
        asio::post(socket_.get_executor(),
                   [self, bad_path] { self->lose(vici_socket_error(self->path_, bad_path)); });
        return;
    }
    socket_.async_connect(endpoint, [self](const std::error_code& code) {
        if (self->detached_) return;
        if (code) return self->lose(vici_socket_error(self->path_, code));
        self->read();
        self->schedule();
        if (self->handlers_.connected) self->handlers_.connected();
    });
}

void ViciLink::request(vici::Request request, vici::Duration deadline, Done done) {
    const vici::Ticket ticket = session_.request(clock_now(), std::move(request), deadline);
    waiting_.emplace(ticket, std::move(done));
    schedule();
}

void ViciLink::request(vici::Request request, vici::Duration deadline, Item item, Done done) {
    request.incremental = true;
    const vici::Ticket ticket = session_.request(clock_now(), std::move(request), deadline);
    items_.emplace(ticket, std::move(item));
    waiting_.emplace(ticket, std::move(done));
    schedule();
}

void ViciLink::register_event(const std::string& event, vici::Duration deadline, Done done) {
    const vici::Ticket ticket = session_.register_event(clock_now(), event, deadline);
    waiting_.emplace(ticket, std::move(done));
    schedule();
}

void ViciLink::detach() {
    detached_ = true;
    handlers_ = {};
    waiting_.clear();
    items_.clear();
    timer_.cancel();
    std::error_code ignored;
    socket_.close(ignored);
}

pid_t ViciLink::peer_pid() {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return 0;
    return peer.pid;
}

void ViciLink::read() {
    socket_.async_read_some(
        asio::buffer(buffer_), [self = shared_from_this()](const std::error_code& code, std::size_t count) {
            if (self->detached_) return;
            if (code) return self->lose(vici_socket_error(self->path_, code));
            const vici::Status done = self->session_.receive(vici::ByteView(self->buffer_).first(count));
            self->pump();
            if (self->detached_) return;
            if (!done) return self->lose(session_error(self->path_, done.error()));
            self->read();
        });
}

// Through the loop, so that nothing is called back from inside request().
void ViciLink::schedule() {
    if (std::exchange(scheduled_, true)) return;
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        self->scheduled_ = false;
        if (!self->detached_) self->pump();
    });
}

void ViciLink::pump() {
    while (auto output = session_.poll_output()) {
        if (auto* answered = std::get_if<vici::Answered>(&*output)) {
            auto node = waiting_.extract(answered->ticket);
            items_.erase(answered->ticket);
            if (node && node.mapped()) node.mapped()(answered->reply);
        } else if (auto* streamed = std::get_if<vici::Streamed>(&*output)) {
            if (const auto item = items_.find(streamed->ticket); item != items_.end())
                item->second(streamed->message);
        } else if (handlers_.event) {
            const auto& event = std::get<vici::EventReceived>(*output);
            handlers_.event(event.name, event.message);
        }
        if (detached_) return;
    }
    write();
    arm_timer();
}

void ViciLink::write() {
    if (!writing_.empty() || !socket_.is_open()) return;
    writing_ = session_.take_outgoing();
    if (writing_.empty()) return;
    asio::async_write(socket_, asio::buffer(writing_),
                      [self = shared_from_this()](const std::error_code& code, std::size_t) {
                          vici::wipe(self->writing_.data(), self->writing_.size());
                          self->writing_.clear();
                          if (self->detached_) return;
                          if (code) return self->lose(vici_socket_error(self->path_, code));
                          self->write();
                      });
}

void ViciLink::arm_timer() {
    const auto next = session_.next_timeout();
    if (!next) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(*next);
    timer_.async_wait([self = shared_from_this()](const std::error_code& code) {
        if (code || self->detached_) return;
        if (const vici::Status alive = self->session_.on_timeout(clock_now()); !alive) {
            self->lose(session_error(self->path_, alive.error()));
        } else {
            self->arm_timer();
        }
    });
}

void ViciLink::lose(const Error& why) {
    if (detached_) return;
    const auto lost = handlers_.lost;
    detach();
    if (lost) lost(why);
}

}  // namespace keel
