// On the loopback, without privileges: plain sockets. What needs an SA is tried in the lab.
#include "linux/udp.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>

#include "linux/proc.hpp"
#include "linux/sockopt.hpp"
#include "linux/system.hpp"

using namespace keel;

namespace {

const IpAddress kHere = IpAddress::v4(0x7f000001);

Bytes control(std::uint8_t tag) {
    return {0xc8, 0x02, 0, 12, 0, tag, 0, 0, 0, 0, 0, 0};
}

// A peer with a socket of its own.
struct Peer {
    UniqueFd fd = udp_socket(true).value();
    SocketAddress address;

    Peer() {
        const RawAddress any = raw_address({kHere, 0});
        REQUIRE(bind(fd.value(), any.get(), any.size) == 0);
        RawAddress bound;
        bound.size = sizeof bound.storage;
        REQUIRE(getsockname(fd.value(), bound.get(), &bound.size) == 0);
        address = parse_raw_address(bound).value();
    }
    void send(const SocketAddress& to, const Bytes& datagram) const {
        const RawAddress raw = raw_address(to);
        REQUIRE(sendto(fd.value(), datagram.data(), datagram.size(), 0, raw.get(), raw.size) > 0);
    }
};

struct World {
    asio::io_context loop;
    NullLog log;
    SystemRandom random;
    Guard guard{log};
    std::vector<DatagramReceived> received;
    std::function<void(const DatagramReceived&)> then = [](const auto&) {};
    UdpSockets sockets{loop, log, random, guard, [this](Event event) {
                           received.push_back(std::get<DatagramReceived>(event));
                           then(std::get<DatagramReceived>(event));
                       }};

    SocketAddress listener_address;
    SocketId listener = open();

    SocketId open() {
        const Peer free_port;  // its port, and then it is gone
        listener_address = free_port.address;
        return open_again(free_port);
    }
    SocketId open_again(const Peer& free_port) {
        const_cast<Peer&>(free_port).fd.reset();
        return sockets.open_listener({listener_address, false}).value();
    }
    void run() {
        loop.restart();
        loop.run_for(std::chrono::milliseconds(30));
    }
};

}  // namespace

TEST_CASE("each tunnel port comes once, from any start") {
    for (const std::uint32_t random : {0u, 19999u, 20000u, 0xffffffffu}) {
        PortSequence ports(random);
        std::set<std::uint16_t> seen;
        while (const auto port = ports.next()) seen.insert(*port);
        CHECK(seen.size() == 20000);
        CHECK(*seen.begin() == 20000);
        CHECK(*seen.rbegin() == 39999);
    }
}

TEST_CASE("a listener tells from where and to where; data messages do not come up") {
    World world;
    const Peer peer;
    peer.send(world.listener_address, {0x00, 0x02, 0, 1, 0, 1, 0xff, 0x03});
    peer.send(world.listener_address, control(7));
    CHECK(world.received.empty());
    world.run();
    REQUIRE(world.received.size() == 1);
    CHECK(world.received[0].socket == world.listener);
    CHECK(world.received[0].from == peer.address);
    CHECK(world.received[0].local == kHere);
    CHECK(world.received[0].mark == 0);
    CHECK(world.received[0].datagram == control(7));
    CHECK(world.sockets.counters().received == 1);
}

TEST_CASE("a burst longer than one turn is read to its end") {
    World world;
    const Peer peer;
    for (int i = 0; i < 150; ++i) peer.send(world.listener_address, control(static_cast<std::uint8_t>(i)));
    world.run();
    CHECK(world.received.size() == 150);
}

TEST_CASE("a tunnel's socket takes its peer's datagrams from the listener, and no others") {
    World world;
    const Peer peer, other;
    const auto tunnel = world.sockets.open_tunnel_socket({kHere, peer.address, {}});
    REQUIRE(tunnel);
    peer.send(world.listener_address, control(1));
    other.send(world.listener_address, control(2));
    world.run();
    REQUIRE(world.received.size() == 2);
    for (const auto& datagram : world.received) {
        CHECK(datagram.socket == (datagram.from == peer.address ? *tunnel : world.listener));
    }
    world.sockets.send(*tunnel, {}, control(3));
    std::uint8_t buffer[64];
    RawAddress from;
    from.size = sizeof from.storage;
    REQUIRE(recvfrom(peer.fd.value(), buffer, sizeof buffer, 0, from.get(), &from.size) == 12);
    CHECK(parse_raw_address(from) == world.listener_address);
    CHECK(world.sockets.counters().sent == 1);
}

TEST_CASE("a LAC's socket has a port of its own") {
    World world;
    world.sockets.close(world.listener);
    const Peer peer;
    const auto tunnel = world.sockets.open_tunnel_socket({kHere, peer.address, {}});
    REQUIRE(tunnel);
    world.sockets.send(*tunnel, {}, control(3));
    std::uint8_t buffer[64];
    CHECK(recv(peer.fd.value(), buffer, sizeof buffer, 0) == 12);
}

TEST_CASE("closing a socket from within its own event is harmless") {
    World world;
    const Peer peer;
    world.then = [&world](const DatagramReceived& datagram) { world.sockets.close(datagram.socket); };
    for (int i = 0; i < 3; ++i) peer.send(world.listener_address, control(1));
    world.run();
    CHECK(world.received.size() == 1);
}

TEST_CASE("a taken port names its holder") {
    World world;
    const auto again = world.sockets.open_listener({world.listener_address, false});
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::exists);
    CHECK(again.error().message.find("unit_linux") != std::string::npos);
    CHECK_FALSE(again.error().remedy.empty());
    CHECK_FALSE(port_holder({kHere, 9}, Conflict::any));
}

TEST_CASE("errors of a tunnel socket change nothing") {
    World world;
    const SocketAddress six{IpAddress::parse("2001:db8::1").value(), 1701};
    CHECK(world.sockets.open_tunnel_socket({kHere, six, {}}).error().code == ErrorCode::invalid);
    const SocketAddress four{kHere, 1701};
    CHECK(world.sockets.open_tunnel_socket({kHere, four, SaBinding{0, 1}}).error().code ==
          ErrorCode::invalid);
    CHECK(world.sockets.open_tunnel_socket({kHere, four, SaBinding{0x01000000, 1}}).error().code ==
          ErrorCode::invalid);
    CHECK_FALSE(world.sockets.descriptor(SocketId(99)));
}

TEST_CASE("a DSCP marks what a tunnel's socket sends") {
    World world;
    const Peer peer;
    const auto tunnel = world.sockets.open_tunnel_socket({kHere, peer.address, {}});
    REQUIRE(tunnel);
    REQUIRE(world.sockets.set_dscp(*tunnel, 46));
    const int told = 1;
    REQUIRE(setsockopt(peer.fd.value(), IPPROTO_IP, IP_RECVTOS, &told, sizeof told) == 0);
    world.sockets.send(*tunnel, {}, control(3));
    std::uint8_t buffer[64], ancillary[64];
    iovec vector{buffer, sizeof buffer};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = ancillary;
    message.msg_controllen = sizeof ancillary;
    REQUIRE(recvmsg(peer.fd.value(), &message, 0) == 12);
    const cmsghdr* tos = CMSG_FIRSTHDR(&message);
    REQUIRE(tos != nullptr);
    CHECK(tos->cmsg_type == IP_TOS);
    CHECK(*CMSG_DATA(tos) == 46 << 2);
    CHECK(world.sockets.set_dscp(SocketId(99), 46).error().code == ErrorCode::internal);
}

TEST_CASE("a tunnel's socket has the source port that is asked for") {
    World world;
    const Peer peer, other;
    const auto port_of = [&](SourcePort port, const Peer& to) -> Result<std::uint16_t> {
        const auto tunnel = world.sockets.open_tunnel_socket({kHere, to.address, {}, port});
        if (!tunnel) return std::unexpected(tunnel.error());
        world.sockets.send(*tunnel, {}, control(1));
        std::uint8_t octet;
        RawAddress from;
        from.size = sizeof from.storage;
        REQUIRE(recvfrom(to.fd.value(), &octet, 1, 0, from.get(), &from.size) == 1);
        return parse_raw_address(from)->port;
    };
    // Beside a listener of ours its port, unless one of its own is asked for.
    CHECK(port_of(SourcePort::usual, peer) == world.listener_address.port);
    CHECK(port_of(SourcePort::own, peer) != world.listener_address.port);
    world.sockets.close_all();
    // 1701 for several tunnels, but one to each peer.
    CHECK(port_of(SourcePort::l2tp, peer) == 1701);
    CHECK(port_of(SourcePort::l2tp, other) == 1701);
    const auto again = world.sockets.open_tunnel_socket({kHere, peer.address, {}, SourcePort::l2tp});
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::exists);
    CHECK(again.error().remedy.find("source-port-any") != std::string::npos);
    world.sockets.close_all();
    Peer foreign;
    foreign.fd = udp_socket(true).value();
    const RawAddress taken = raw_address({kHere, 1701});
    REQUIRE(bind(foreign.fd.value(), taken.get(), taken.size) == 0);
    CHECK(port_of(SourcePort::l2tp, peer).error().code == ErrorCode::exists);
}
