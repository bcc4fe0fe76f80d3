// UdpSockets: the listeners and one connected socket per tunnel. Only control messages come up; data messages
// are taken by the kernel's L2TP below. With an SA the socket is tied to it by recipe S: a port of its own,
// socket policies by reqid, an entry in the guard.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/log.hpp"
#include "linux/guard.hpp"
#include "linux/guard_watch.hpp"
#include "ports.hpp"

namespace keel {

struct DatagramCounters {
    std::uint64_t received = 0;  // all that reached this process: control messages and nothing else
    std::uint64_t sent = 0;
    std::uint64_t send_errors = 0;
    std::uint64_t dropped = 0;  // oversized, or to a listener that protects and without a mark
};

// 20000..39999 in an order that starts at a random place and visits each port once; pure.
class PortSequence {
public:
    explicit PortSequence(std::uint32_t random);
    [[nodiscard]] std::optional<std::uint16_t> next();

private:
    std::uint32_t offset_;
    std::uint32_t taken_ = 0;
};

class UdpSockets final : public Datagrams {
public:
    // `emit` is called from the event loop only, with DatagramReceived.
    UdpSockets(asio::io_context& loop, Log& log, Random& random, Guard& guard,
               std::function<void(Event)> emit);
    ~UdpSockets() override;
    UdpSockets(const UdpSockets&) = delete;
    UdpSockets& operator=(const UdpSockets&) = delete;

    // `exists` when the port is taken; the message names the holder. With `sa`: where the SCCRQs under that
    // SA go from now on instead of the listener on that address.
    [[nodiscard]] Result<SocketId> open_listener(const ListenerSpec& spec) override;
    [[nodiscard]] bool tells_marks() override;
    // With `sa`: `exists` when another open socket holds the reqid under another mark (charon reuses reqids,
    // so that one's SA must be dead: close it first). A second socket under the same mark takes the SA's
    // packets over. On the wire the packets come from port 1701, or, with SourcePort::own, from the socket's
    // own port. Without `sa`: port 1701 where a listener stands on `local`, otherwise (a LAC) a port of the
    // kernel's choice; with SourcePort::l2tp port 1701 in any case: `exists` when another program holds it or
    // another socket of ours goes from there to the same peer.
    [[nodiscard]] Result<SocketId> open_tunnel_socket(const TunnelSocketSpec& spec) override;
    void send(SocketId socket, std::optional<SocketAddress> to, ByteView datagram) override;
    [[nodiscard]] Status set_dscp(SocketId socket, std::uint8_t dscp) override;
    [[nodiscard]] Status rebind(SocketId socket, std::optional<SaBinding> sa) override;
    // Of a tunnel socket: after its kernel tunnel was deleted.
    void close(SocketId socket) override;
    void close_all();

    // From now on the guard, on which the protected sockets depend, is put back when somebody removes it.
    [[nodiscard]] Status watch_guard() { return watch_.start(); }

    // The descriptor for the kernel's TUNNEL_CREATE; it stays ours.
    [[nodiscard]] Result<int> descriptor(SocketId socket) const;
    [[nodiscard]] const DatagramCounters& counters() const { return counters_; }

private:
    struct Socket;

    [[nodiscard]] Result<UniqueFd> bind_tunnel_port(const TunnelSocketSpec& spec, SocketAddress& local);
    [[nodiscard]] Status reqid_is_free(const SaBinding& sa) const;
    [[nodiscard]] Result<SocketId> open_offers(const ListenerSpec& spec);
    [[nodiscard]] Result<SocketId> open_protected(const TunnelSocketSpec& spec);
    [[nodiscard]] Result<SocketId> open_plain(const TunnelSocketSpec& spec);
    // The port to bind, 0 for one of the kernel's choice.
    [[nodiscard]] Result<std::uint16_t> plain_port(const TunnelSocketSpec& spec) const;
    [[nodiscard]] std::optional<SocketId> listener_on(const IpAddress& local) const;
    [[nodiscard]] SocketId adopt(std::shared_ptr<Socket> socket, UniqueFd fd);
    void wait(std::shared_ptr<Socket> socket);
    void drain(const std::shared_ptr<Socket>& socket);
    [[nodiscard]] bool receive_one(Socket& socket);
    void dispatch(const Socket& socket, DatagramReceived datagram);

    asio::io_context& loop_;
    Log& log_;
    Random& random_;
    Guard& guard_;
    GuardWatch watch_;
    std::function<void(Event)> emit_;
    std::map<SocketId, std::shared_ptr<Socket>> sockets_;
    std::uint32_t last_id_ = 0;
    std::optional<bool> tells_marks_;
    DatagramCounters counters_;
    Bytes buffer_;
};

}  // namespace keel
