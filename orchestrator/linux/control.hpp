// ControlSocket: carries the control interface's calls over a unix socket, one NUL-ended JSON text each way.
// Readable and writable by root alone. A caller that sends too much, or does not read, is hung up on.
#pragma once

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <memory>
#include <optional>
#include <string>

#include "api/service.hpp"
#include "base/result.hpp"

namespace keel {

class ControlSocket {
public:
    ControlSocket(asio::io_context& loop, const api::Service& service) : loop_(loop), service_(service) {}
    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    // Makes the socket's directory if need be. `exists`: another keel2tpd answers there.
    [[nodiscard]] Status open(const std::string& path);

private:
    class Connection;
    void accept();

    asio::io_context& loop_;
    const api::Service& service_;
    std::string path_;
    std::optional<asio::local::stream_protocol::acceptor> acceptor_;
    std::shared_ptr<int> connections_ = std::make_shared<int>(0);
};

}  // namespace keel
