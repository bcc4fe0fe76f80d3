#include "linux/metrics_http.hpp"

#include <fmt/format.h>

#include <array>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <utility>

namespace keel {
namespace {

std::string reply(std::string_view status, std::string_view type, std::string_view body,
                  std::string_view more = {}) {
    return fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
        type, body.size(), more, body);
}

constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kExposition = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace

std::string http_reply(std::string_view request, const std::function<std::string()>& text) {
    const std::string_view line = request.substr(0, request.find("\r\n"));
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos || !line.substr(second + 1).starts_with("HTTP/1."))
        return reply("400 Bad Request", kPlain, "this is no HTTP/1 request\n");
    std::string_view target = line.substr(first + 1, second - first - 1);
    target = target.substr(0, target.find('?'));
    if (target != "/metrics") return reply("404 Not Found", kPlain, "the metrics are at /metrics\n");
    if (line.substr(0, first) != "GET")
        return reply("405 Method Not Allowed", kPlain, "only GET is\n", "Allow: GET\r\n");
    return reply("200 OK", kExposition, text());
}

class MetricsHttp::Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(asio::ip::tcp::socket socket, const MetricsHttp& owner)
        : socket_(std::move(socket)), timer_(owner.loop_), text_(owner.text_), count_(owner.connections_) {
        ++*count_;
    }
    ~Connection() { --*count_; }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void serve() {
        be_patient();
        asio::async_read_until(socket_, asio::dynamic_buffer(request_, kMaxRequest), "\r\n\r\n",
                               [self = shared_from_this()](asio::error_code error, std::size_t) {
                                   if (!error) return self->answer();
                                   self->timer_.cancel();
                               });
    }

private:
    void answer() {
        be_patient();
        reply_ = http_reply(request_, text_);
        asio::async_write(socket_, asio::buffer(reply_),
                          [self = shared_from_this()](asio::error_code error, std::size_t) {
                              if (error) return static_cast<void>(self->timer_.cancel());
                              self->finish();
                          });
    }

    // The reader has all when it hangs up; closing with unread octets of its own would take them back.
    void finish() {
        asio::error_code ignored;
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        socket_.async_read_some(asio::buffer(rest_),
                                [self = shared_from_this()](asio::error_code error, std::size_t) {
                                    if (error) return static_cast<void>(self->timer_.cancel());
                                    self->finish();
                                });
    }

    void be_patient() {
        timer_.expires_after(kPatience);
        timer_.async_wait([weak = weak_from_this()](asio::error_code error) {
            const auto self = weak.lock();
            if (error || !self) return;
            asio::error_code ignored;
            self->socket_.close(ignored);
        });
    }

    asio::ip::tcp::socket socket_;
    asio::steady_timer timer_;
    std::function<std::string()> text_;
    std::shared_ptr<int> count_;
    std::string request_, reply_;
    std::array<char, 512> rest_{};
};

Status MetricsHttp::open(const SocketAddress& address) {
    asio::error_code error;
    const auto ip = asio::ip::make_address(address.ip.text(), error);
    const asio::ip::tcp::endpoint endpoint(ip, address.port);
    asio::ip::tcp::acceptor acceptor(loop_);
    if (!error) acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(kMaxConnections, error);
    if (error) {
        return fail(ErrorCode::unavailable,
                    fmt::format("cannot serve metrics at {}: {}", address.text(), error.message()),
                    "set metrics.listen to an address of this host and a free port");
    }
    acceptor_.reset();  // its wait ends
    acceptor_.emplace(std::move(acceptor));
    accept();
    return {};
}

void MetricsHttp::close() {
    acceptor_.reset();
}

std::optional<std::uint16_t> MetricsHttp::port() const {
    asio::error_code error;
    if (!acceptor_) return std::nullopt;
    return acceptor_->local_endpoint(error).port();
}

void MetricsHttp::accept() {
    acceptor_->async_accept([this](asio::error_code error, asio::ip::tcp::socket socket) {
        if (error == asio::error::operation_aborted || !acceptor_) return;
        // One too many is hung up on: who has the others is cut off soon.
        if (!error && *connections_ < kMaxConnections)
            std::make_shared<Connection>(std::move(socket), *this)->serve();
        accept();
    });
}

}  // namespace keel
