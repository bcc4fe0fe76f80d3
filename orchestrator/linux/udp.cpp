#include "linux/udp.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "linux/errors.hpp"
#include "linux/proc.hpp"
#include "linux/sockopt.hpp"

namespace keel {
namespace {

constexpr std::size_t kLargestDatagram = 65535;
constexpr int kBurst = 64;                      // datagrams of one socket before the others have their turn
constexpr std::uint32_t kNoReqid = 0xffffffff;  // charon counts from 1
constexpr std::uint32_t kPortCount = kLastTunnelPort - kFirstTunnelPort + 1;

Error taken(Error error, const SocketAddress& local) {
    if (error.code != ErrorCode::exists) return error;
    const auto holder = port_holder(local, Conflict::any);
    error.message = fmt::format("UDP {} is taken by {}", local.text(), holder ? *holder : "another socket");
    error.remedy = "stop it, or listen on another address";
    return error;
}

// Applies each step and returns the first error.
template <class... Steps>
Status in_turn(Steps&&... steps) {
    Status status;
    static_cast<void>(((status = steps()).has_value() && ...));
    return status;
}

}  // namespace

PortSequence::PortSequence(std::uint32_t random) : offset_(random % kPortCount) {}

std::optional<std::uint16_t> PortSequence::next() {
    if (taken_ == kPortCount) return std::nullopt;
    const std::uint32_t step = (offset_ + taken_++) % kPortCount;
    return static_cast<std::uint16_t>(kFirstTunnelPort + step);
}

struct UdpSockets::Socket {
    explicit Socket(asio::io_context& loop) : descriptor(loop) {}

    SocketId id;
    asio::posix::stream_descriptor descriptor;
    bool open = true;
    bool listener = false;
    bool protect = false;
    SocketAddress local;
    std::optional<SocketAddress> remote;
    std::optional<SaBinding> sa;
    std::optional<GuardedTunnel> guarded;
};

UdpSockets::UdpSockets(asio::io_context& loop, Log& log, Random& random, Guard& guard,
                       std::function<void(Event)> emit)
    : loop_(loop),
      log_(log),
      random_(random),
      guard_(guard),
      watch_(loop, log, guard),
      emit_(std::move(emit)),
      buffer_(kLargestDatagram) {}

UdpSockets::~UdpSockets() {
    close_all();
}

bool UdpSockets::tells_marks() {
    if (!tells_marks_) {
        const auto fd = udp_socket(true);
        const Status tried = fd ? tell_mark(fd->value()) : Status{};
        tells_marks_ = tried || tried.error().code != ErrorCode::unsupported;
    }
    return *tells_marks_;
}

Result<SocketId> UdpSockets::open_listener(const ListenerSpec& spec) {
    if (spec.sa) return open_offers(spec);
    if (spec.protect && spec.local.ip.is_unspecified()) {
        return fail(ErrorCode::invalid,
                    fmt::format("listener {} would protect no address", spec.local.text()),
                    "name the addresses to listen on");
    }
    const bool v4 = spec.local.ip.is_v4();
    auto fd = udp_socket(v4);
    if (!fd) return std::unexpected(fd.error());
    const int raw = fd->value();
    // A datagram socket with SO_REUSEADDR may be bound over another's that has it too (xl2tpd): ask first.
    if (port_holder(spec.local, Conflict::listening)) {
        return std::unexpected(taken(system_error(EADDRINUSE, "bind"), spec.local));
    }
    const Status ready =
        in_turn([&] { return keep_control_messages_only(raw); }, [&] { return set_reuse_address(raw); },
                [&] { return tell_destination(raw, v4); },
                [&] { return spec.protect && tells_marks() ? tell_mark(raw) : Status{}; },
                [&] { return spec.protect ? require_esp(raw, v4, PolicyDirection::in, 0) : Status{}; },
                [&] { return bind_to(raw, spec.local); });
    if (!ready) return wrap(taken(ready.error(), spec.local), fmt::format("listener {}", spec.local.text()));
    auto socket = std::make_shared<Socket>(loop_);
    socket->listener = true;
    socket->protect = spec.protect;
    socket->local = spec.local;
    const SocketId id = adopt(std::move(socket), std::move(*fd));
    log_.info("kernel.listener", {{"listener", spec.local.text()}, {"protect", spec.protect ? "yes" : "no"}});
    return id;
}

Result<SocketId> UdpSockets::open_tunnel_socket(const TunnelSocketSpec& spec) {
    if (spec.local.is_v4() != spec.remote.ip.is_v4()) {
        return fail(ErrorCode::invalid, fmt::format("tunnel socket from {} to {}: two address families",
                                                    spec.local.text(), spec.remote.text()));
    }
    auto id = spec.sa ? open_protected(spec) : open_plain(spec);
    if (!id) return wrap(id.error(), fmt::format("tunnel socket to {}", spec.remote.text()));
    return id;
}

Status UdpSockets::reqid_is_free(const SaBinding& sa) const {
    for (const auto& [id, socket] : sockets_) {
        if (!socket->sa || socket->listener || socket->sa->reqid != sa.reqid || socket->sa->mark == sa.mark)
            continue;
        return fail(
            ErrorCode::exists,
            fmt::format("reqid {} of mark {:#x} still belongs to the tunnel to {} under mark {:#x}", sa.reqid,
                        sa.mark, socket->remote ? socket->remote->text() : "?", socket->sa->mark),
            "close that tunnel: its SA is dead, because strongSwan gives a reqid to one CHILD_SA at a time");
    }
    return {};
}

Result<UniqueFd> UdpSockets::bind_tunnel_port(const TunnelSocketSpec& spec, SocketAddress& local) {
    if (spec.sa->mark == 0 || (spec.sa->mark & ~kSaMarkMask) != 0 || spec.sa->reqid == 0) {
        return fail(
            ErrorCode::invalid,
            fmt::format("mark {:#x} and reqid {} name no SA", spec.sa->mark, spec.sa->reqid),
            "the connection in charon needs mark_in=%unique/0x00ffffff and set_mark_in=%same/0x00ffffff");
    }
    const std::uint32_t send_mark = spec.port == SourcePort::own ? kOwnPortSocketMark : kSocketMark;
    PortSequence ports(random_.u32());
    while (const auto port = ports.next()) {
        auto fd = udp_socket(spec.local.is_v4());
        if (!fd) return fd;
        local = {spec.local, *port};
        // Before bind, so that there is no moment in which anything else could be queued.
        const int raw = fd->value();
        const bool v4 = spec.local.is_v4();
        const Status ready =
            in_turn([&] { return keep_control_messages_only(raw); },
                    [&] { return v4 ? send_without_checksum(raw) : accept_zero_checksum6(raw); },
                    [&] { return set_send_mark(raw, send_mark | (spec.sa->mark & kSaMarkMask)); },
                    [&] { return require_esp(raw, v4, PolicyDirection::out, spec.sa->reqid); },
                    [&] { return require_esp(raw, v4, PolicyDirection::in, spec.sa->reqid); });
        if (!ready) return std::unexpected(ready.error());
        const Status bound = bind_to(raw, local);
        if (bound) return fd;
        if (bound.error().code != ErrorCode::exists) return std::unexpected(bound.error());
    }
    return fail(
        ErrorCode::busy,
        fmt::format("no free UDP port {}-{} on {}", kFirstTunnelPort, kLastTunnelPort, spec.local.text()),
        "spread the clients over more local addresses");
}

Result<SocketId> UdpSockets::open_protected(const TunnelSocketSpec& spec) {
    if (auto is_free = reqid_is_free(*spec.sa); !is_free) return std::unexpected(is_free.error());
    auto socket = std::make_shared<Socket>(loop_);
    auto fd = bind_tunnel_port(spec, socket->local);
    if (!fd) return std::unexpected(fd.error());
    if (auto connected = connect_to(fd->value(), spec.remote); !connected)
        return std::unexpected(connected.error());
    socket->local = bound_address(fd->value(), socket->local);
    const GuardedTunnel guarded{spec.sa->mark, socket->local, spec.port == SourcePort::own};
    if (auto led = guard_.add(guarded); !led) return std::unexpected(led.error());
    socket->remote = spec.remote;
    socket->sa = spec.sa;
    socket->guarded = guarded;
    return adopt(std::move(socket), std::move(*fd));
}

Result<SocketId> UdpSockets::open_offers(const ListenerSpec& spec) {
    auto socket = std::make_shared<Socket>(loop_);
    const TunnelSocketSpec way{.local = spec.local.ip, .remote = {}, .sa = spec.sa};
    auto fd = bind_tunnel_port(way, socket->local);
    if (!fd) return std::unexpected(fd.error());
    const GuardedTunnel guarded{.mark = spec.sa->mark, .local = socket->local, .offers = true};
    if (auto led = guard_.add(guarded); !led) return std::unexpected(led.error());
    socket->listener = true;
    socket->sa = spec.sa;
    socket->guarded = guarded;
    return adopt(std::move(socket), std::move(*fd));
}

std::optional<SocketId> UdpSockets::listener_on(const IpAddress& local) const {
    for (const auto& [id, socket] : sockets_) {
        if (socket->listener && !socket->sa && socket->local.ip == local) return id;
    }
    return std::nullopt;
}

Result<std::uint16_t> UdpSockets::plain_port(const TunnelSocketSpec& spec) const {
    const auto listener = listener_on(spec.local);
    if (spec.port == SourcePort::own) return std::uint16_t{0};
    if (spec.port == SourcePort::usual) {
        return listener ? sockets_.at(*listener)->local.port : std::uint16_t{0};
    }
    const SocketAddress local{spec.local, kL2tpPort};
    bool ours = false;
    for (const auto& [id, socket] : sockets_) {
        if (socket->local != local) continue;
        ours = true;
        if (socket->remote != spec.remote) continue;
        return fail(ErrorCode::exists,
                    fmt::format("from UDP {} another tunnel goes to {}", local.text(), spec.remote.text()),
                    "give one of the two connections the quirk source-port-any");
    }
    if (!ours && port_holder(local, Conflict::any)) {
        return std::unexpected(taken(system_error(EADDRINUSE, "bind"), local));
    }
    return kL2tpPort;
}

Result<SocketId> UdpSockets::open_plain(const TunnelSocketSpec& spec) {
    const auto port = plain_port(spec);
    if (!port) return std::unexpected(port.error());
    auto socket = std::make_shared<Socket>(loop_);
    auto fd = udp_socket(spec.local.is_v4());
    if (!fd) return std::unexpected(fd.error());
    const int raw = fd->value();
    socket->local = {spec.local, *port};
    const Status ready =
        in_turn([&] { return keep_control_messages_only(raw); },
                [&] { return *port != 0 ? set_reuse_address(raw) : Status{}; },
                [&] { return bind_to(raw, socket->local); }, [&] { return connect_to(raw, spec.remote); });
    if (!ready) return std::unexpected(ready.error());
    socket->local = bound_address(raw, socket->local);
    socket->remote = spec.remote;
    return adopt(std::move(socket), std::move(*fd));
}

SocketId UdpSockets::adopt(std::shared_ptr<Socket> socket, UniqueFd fd) {
    socket->id = SocketId(++last_id_);
    socket->descriptor.assign(fd.release());
    const SocketId id = socket->id;
    sockets_.emplace(id, socket);
    wait(std::move(socket));
    return id;
}

void UdpSockets::wait(std::shared_ptr<Socket> socket) {
    auto& descriptor = socket->descriptor;
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [this, socket = std::move(socket)](const asio::error_code& error) mutable {
                              if (!socket->open || error) return;  // closed; `this` may be gone too
                              drain(socket);
                              if (socket->open) wait(std::move(socket));
                          });
}

void UdpSockets::drain(const std::shared_ptr<Socket>& socket) {
    for (int count = 0; count < kBurst && socket->open; ++count) {
        if (!receive_one(*socket)) return;
    }
}

// False when there is nothing left to read. May close the socket: emit() runs the protocol.
bool UdpSockets::receive_one(Socket& socket) {
    RawAddress from;
    std::array<std::uint8_t, 256> control{};
    iovec vector{buffer_.data(), buffer_.size()};
    msghdr message{};
    message.msg_name = from.get();
    message.msg_namelen = sizeof from.storage;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = recvmsg(socket.descriptor.native_handle(), &message, MSG_DONTWAIT);
    if (size < 0) return errno != EAGAIN && errno != EWOULDBLOCK;  // an ICMP error was read: more may follow
    ++counters_.received;
    from.size = message.msg_namelen;
    const auto sender = parse_raw_address(from);
    if (!sender || (message.msg_flags & MSG_TRUNC) != 0) {
        ++counters_.dropped;
        return true;
    }
    const Ancillary extra = ancillary(message);
    DatagramReceived datagram;
    datagram.socket = socket.id;
    datagram.local = extra.local.value_or(socket.local.ip);
    datagram.from = *sender;
    datagram.mark = socket.sa ? socket.sa->mark : extra.mark & kSaMarkMask;
    datagram.datagram.assign(buffer_.begin(), buffer_.begin() + size);
    dispatch(socket, std::move(datagram));
    return true;
}

void UdpSockets::dispatch(const Socket& socket, DatagramReceived datagram) {
    if (socket.protect && datagram.mark == 0) {
        ++counters_.dropped;
        return;
    }
    // Between bind and connect a plain tunnel socket catches what is meant for the listener.
    if (socket.remote && !socket.sa && datagram.from != *socket.remote) {
        const auto listener = listener_on(socket.local.ip);
        if (!listener) {
            ++counters_.dropped;
            return;
        }
        datagram.socket = *listener;
    }
    emit_(std::move(datagram));
}

void UdpSockets::send(SocketId socket, std::optional<SocketAddress> to, ByteView datagram) {
    const auto found = sockets_.find(socket);
    if (found == sockets_.end()) return;
    RawAddress raw;
    if (found->second->listener) {
        if (!to) return;
        raw = raw_address(*to);
    }
    const int fd = found->second->descriptor.native_handle();
    const ssize_t sent = sendto(fd, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                                raw.size == 0 ? nullptr : raw.get(), raw.size);
    if (sent < 0) {
        ++counters_.send_errors;
        log_.debug("kernel.send-failed", {{"send", "failed"},
                                          {"socket", socket.value},
                                          {"local", found->second->local.text()},
                                          {"error", std::strerror(errno)}});
    } else {
        ++counters_.sent;
    }
}

Status UdpSockets::set_dscp(SocketId id, std::uint8_t dscp) {
    const auto fd = descriptor(id);
    if (!fd) return std::unexpected(fd.error());
    return keel::set_dscp(*fd, sockets_.at(id)->local.ip.is_v4(), dscp);
}

Status UdpSockets::rebind(SocketId id, std::optional<SaBinding> sa) {
    const auto fd = descriptor(id);
    if (!fd) return std::unexpected(fd.error());
    Socket& socket = *sockets_.at(id);
    if (!socket.sa || !socket.guarded) {
        return fail(ErrorCode::internal, fmt::format("socket {} is tied to no SA", id.value));
    }
    const SaBinding next = sa.value_or(SaBinding{socket.sa->mark, kNoReqid});
    if (auto is_free = reqid_is_free(next); sa && !is_free) return is_free;
    GuardedTunnel guarded = *socket.guarded;
    guarded.mark = next.mark;
    const bool v4 = socket.local.ip.is_v4();
    const std::uint32_t send_mark = guarded.own_port ? kOwnPortSocketMark : kSocketMark;
    // The reqid first: whatever fails then, nothing passes under an SA that is not the peer's.
    const Status tied = in_turn([&] { return require_esp(*fd, v4, PolicyDirection::out, next.reqid); },
                                [&] { return require_esp(*fd, v4, PolicyDirection::in, next.reqid); },
                                [&] { return set_send_mark(*fd, send_mark | (next.mark & kSaMarkMask)); },
                                [&] { return guard_.move(*socket.guarded, guarded); });
    if (!tied) return tied;
    socket.sa = next;
    socket.guarded = guarded;
    return {};
}

void UdpSockets::close(SocketId id) {
    const auto found = sockets_.find(id);
    if (found == sockets_.end()) return;
    const std::shared_ptr<Socket> socket = found->second;
    sockets_.erase(found);
    socket->open = false;
    if (socket->guarded) guard_.erase(*socket->guarded);
    asio::error_code ignored;
    socket->descriptor.close(ignored);
}

void UdpSockets::close_all() {
    while (!sockets_.empty()) close(sockets_.begin()->first);
}

Result<int> UdpSockets::descriptor(SocketId id) const {
    const auto found = sockets_.find(id);
    if (found == sockets_.end())
        return fail(ErrorCode::internal, fmt::format("socket {} is not open", id.value));
    return found->second->descriptor.native_handle();
}

}  // namespace keel
