// ControlSocket: carries the control interface's calls over a unix socket, one NUL-ended JSON text each way
// (varlink.org). The file's mode says who may connect, the caller's credentials what he may call. Owner:
// Daemon.
//
// Callers with read access alone can neither keep an admin out, nor take all of the daemon's time or memory:
// their connections, requests, replies under way and share of the time are bounded.
#pragma once

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "api/service.hpp"
#include "base/result.hpp"
#include "linux/control_callers.hpp"

namespace keel {

class ControlSocket {
public:
    ControlSocket(asio::io_context& loop, const api::Service& service, ControlLimits limits = {});
    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    // Makes the socket's directory if need be. Without groups it is root's alone. `exists`: another keel2tpd
    // answers there, or the path is of something else.
    [[nodiscard]] Status open(const std::string& path, ControlGroups groups = {});

private:
    void accept();
    void receive(asio::local::stream_protocol::socket socket);

    asio::io_context& loop_;
    const api::Service& service_;
    ControlLimits limits_;
    ControlGroups groups_;
    std::string path_;
    std::optional<asio::local::stream_protocol::acceptor> acceptor_;
    asio::steady_timer pause_{loop_};
    std::shared_ptr<ControlCallers> callers_;
};

}  // namespace keel
