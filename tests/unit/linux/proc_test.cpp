#include "linux/proc.hpp"

#include <doctest/doctest.h>

#include <bit>

using namespace keel;

namespace {

static_assert(std::endian::native == std::endian::little, "the lines below come from a little-endian kernel");

constexpr const char* kUdp =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref "
    "pointer "
    "drops\n"
    "  101: 020200C0:06A5 010200C0:06A5 01 00000000:00000000 00:00000000 00000000     0        0 7001 2 0 0\n"
    "  102: 020200C0:06A5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7002 2 0 0\n"
    "  103: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7003 2 0 "
    "0\n";
constexpr const char* kUdp6 =
    "  11: B80D0120000000000000000002000000:06A5 00000000000000000000000000000000:0000 07 00000000:00000000 "
    "00:00000000 00000000     0        0 8001 2 0 0\n"
    "  12: 00000000000000000000000000000000:01F4 00000000000000000000000000000000:0000 07 00000000:00000000 "
    "00:00000000 00000000     0        0 8002 2 0 0\n";

SocketAddress at(const char* address, std::uint16_t port) {
    return {IpAddress::parse(address).value(), port};
}

}  // namespace

TEST_CASE("who is in the way of an address and port") {
    const auto any = conflicting_socket(kUdp, at("192.0.2.2", 1701), Conflict::any);
    REQUIRE(any);
    CHECK(any->inode == 7001);
    const auto listening = conflicting_socket(kUdp, at("192.0.2.2", 1701), Conflict::listening);
    REQUIRE(listening);
    CHECK(listening->inode == 7002);
    CHECK_FALSE(listening->connected);
}

TEST_CASE("another address or port is not in the way, a wildcard socket is") {
    CHECK_FALSE(conflicting_socket(kUdp, at("192.0.2.3", 1701), Conflict::any));
    CHECK_FALSE(conflicting_socket(kUdp, at("192.0.2.2", 1702), Conflict::any));
    CHECK(conflicting_socket(kUdp, at("192.0.2.3", 68), Conflict::any)->inode == 7003);
    CHECK(conflicting_socket(kUdp6, at("192.0.2.3", 500), Conflict::any)->inode == 8002);
}

TEST_CASE("IPv6 addresses are read word by word") {
    const auto entry = parse_udp_line(kUdp6);
    REQUIRE(entry);
    CHECK(entry->local == at("2001:db8::2", 1701));
}

TEST_CASE("malformed lines are nothing") {
    for (const char* line :
         {"", "  1:", "x x x x x x x x x x", "1: 0200C0:06A5 0:0 07 0 0 0 0 0 12 2",
          "1: 020200C0:106A5 0:0 07 0 0 0 0 0 12 2", "1: 020200C006A5 0:0 07 0 0 0 0 0 12 2"}) {
        CHECK_FALSE(parse_udp_line(line));
    }
}
