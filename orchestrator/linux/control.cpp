#include "linux/control.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace keel {
namespace {

constexpr std::size_t kMaxRequest = std::size_t{64} << 10;
constexpr int kMaxConnections = 32;
constexpr auto kPatience = std::chrono::seconds(30);

bool someone_answers(asio::io_context& loop, const std::string& path) {
    asio::local::stream_protocol::socket probe(loop);
    asio::error_code error;
    probe.connect(asio::local::stream_protocol::endpoint(path), error);
    return !error;
}

}  // namespace

// One caller: read a call, answer it, read the next.
class ControlSocket::Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(asio::local::stream_protocol::socket socket, const api::Service& service,
               std::shared_ptr<int> count)
        : socket_(std::move(socket)),
          timer_(socket_.get_executor()),
          service_(service),
          count_(std::move(count)) {
        ++*count_;
    }
    ~Connection() { --*count_; }

    void read() {
        limit_time();
        asio::async_read_until(socket_, asio::dynamic_buffer(input_, kMaxRequest), '\0',
                               [self = shared_from_this()](asio::error_code error, std::size_t size) {
                                   if (error) return self->close();
                                   self->answer(size);
                               });
    }

private:
    void answer(std::size_t size) {
        const std::string request = input_.substr(0, size - 1);
        input_.erase(0, size);
        service_.call(request, [self = shared_from_this()](Result<std::string> reply) {
            self->send(std::move(reply));
        });
    }

    void send(Result<std::string> reply) {
        if (!reply) return close();
        if (reply->empty()) return read();
        output_ = std::move(*reply);
        output_ += '\0';
        limit_time();
        asio::async_write(socket_, asio::buffer(output_),
                          [self = shared_from_this()](asio::error_code error, std::size_t) {
                              if (error) return self->close();
                              self->read();
                          });
    }

    void limit_time() {
        timer_.expires_after(kPatience);
        timer_.async_wait([self = shared_from_this()](asio::error_code error) {
            if (!error) self->close();
        });
    }

    void close() {
        asio::error_code ignored;
        socket_.close(ignored);
        timer_.cancel();
    }

    asio::local::stream_protocol::socket socket_;
    asio::steady_timer timer_;
    const api::Service& service_;
    std::shared_ptr<int> count_;
    std::string input_, output_;
};

ControlSocket::~ControlSocket() {
    if (acceptor_) ::unlink(path_.c_str());
}

Status ControlSocket::open(const std::string& path) {
    std::error_code directory_error;
    const auto directory = std::filesystem::path(path).parent_path();
    if (!directory.empty()) std::filesystem::create_directories(directory, directory_error);
    if (directory_error) {
        return fail(ErrorCode::io,
                    fmt::format("cannot make {}: {}", directory.string(), directory_error.message()));
    }
    if (someone_answers(loop_, path)) {
        return fail(ErrorCode::exists, "another keel2tpd answers on " + path,
                    "stop it, or give this one another control.socket");
    }
    ::unlink(path.c_str());
    asio::error_code error;
    asio::local::stream_protocol::acceptor acceptor(loop_);
    acceptor.open({}, error);
    const mode_t before = ::umask(0177);
    if (!error) acceptor.bind(asio::local::stream_protocol::endpoint(path), error);
    ::umask(before);
    if (!error) acceptor.listen(16, error);
    if (error) return fail(ErrorCode::io, fmt::format("cannot listen on {}: {}", path, error.message()));
    path_ = path;
    acceptor_ = std::move(acceptor);
    accept();
    return {};
}

void ControlSocket::accept() {
    acceptor_->async_accept([this](asio::error_code error, asio::local::stream_protocol::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (!error && *connections_ < kMaxConnections) {
            std::make_shared<Connection>(std::move(socket), service_, connections_)->read();
        }
        accept();
    });
}

}  // namespace keel
