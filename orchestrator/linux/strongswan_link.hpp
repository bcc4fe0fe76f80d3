// ViciLink: one connection to charon's vici socket on the event loop: a vici::Session with a socket and a
// timer. One-shot: connected once, lost once, then dropped. Owner: Strongswan. It never calls back from
// inside a call.
#pragma once

#include <sys/types.h>

#include <asio.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "vici/session.hpp"

namespace keel {

class ViciLink : public std::enable_shared_from_this<ViciLink> {
public:
    struct Handlers {
        std::function<void()> connected;
        std::function<void(const Error&)> lost;  // at most once; the link is then of no use
        std::function<void(const std::string& name, const vici::Message& message)> event;
    };
    using Done = std::function<void(const vici::Result<vici::Reply>&)>;
    using Item = std::function<void(const vici::Message&)>;

    ViciLink(asio::io_context& io, Handlers handlers);
    ~ViciLink();

    void connect(const std::string& path);
    void request(vici::Request request, vici::Duration deadline, Done done);
    // What the answer streams goes to `item` one by one, and none of it is kept.
    void request(vici::Request request, vici::Duration deadline, Item item, Done done);
    void register_event(const std::string& event, vici::Duration deadline, Done done);
    // No handler is called any more.
    void detach();

    [[nodiscard]] std::size_t waiting() const { return session_.waiting(); }
    // The process that listens on the socket; 0 where it cannot be told (another pid namespace).
    [[nodiscard]] pid_t peer_pid();

private:
    void read();
    void schedule();
    void pump();
    void write();
    void arm_timer();
    void lose(const Error& why);

    asio::local::stream_protocol::socket socket_;
    asio::steady_timer timer_;
    Handlers handlers_;
    std::string path_;
    vici::Session session_;
    std::map<vici::Ticket, Done> waiting_;
    std::map<vici::Ticket, Item> items_;
    vici::Bytes writing_;
    std::array<std::uint8_t, 16384> buffer_{};
    bool scheduled_ = false;
    bool detached_ = false;
};

// What `from_asio` on the socket at `path` means, with what to do about it.
[[nodiscard]] Error vici_socket_error(const std::string& path, const std::error_code& from_asio);

}  // namespace keel
