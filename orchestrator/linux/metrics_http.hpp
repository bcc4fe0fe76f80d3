// MetricsHttp: GET /metrics over HTTP/1.1, for Prometheus, and nothing else. Each connection is one request;
// requests, connections and their time are bounded. It reads nothing but the request's first line and asks
// for no login: listen on loopback, or where only the monitoring can reach it.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/result.hpp"

namespace keel {

class MetricsHttp {
public:
    static constexpr std::size_t kMaxRequest = 8192;  // octets
    static constexpr int kMaxConnections = 16;
    static constexpr auto kPatience = std::chrono::seconds(10);  // for the request, and again for the reply

    // `text` makes the body anew for each request.
    MetricsHttp(asio::io_context& loop, std::function<std::string()> text)
        : loop_(loop), text_(std::move(text)) {}

    // Listens there instead of where it did before. An Error: it still listens there.
    [[nodiscard]] Status open(const SocketAddress& address);
    void close();
    [[nodiscard]] std::optional<std::uint16_t> port() const;

private:
    class Connection;
    void accept();

    asio::io_context& loop_;
    std::function<std::string()> text_;
    std::optional<asio::ip::tcp::acceptor> acceptor_;
    std::shared_ptr<int> connections_ = std::make_shared<int>(0);
};

// The whole reply to a request's header; `text` is called for GET /metrics alone.
[[nodiscard]] std::string http_reply(std::string_view request, const std::function<std::string()>& text);

}  // namespace keel
