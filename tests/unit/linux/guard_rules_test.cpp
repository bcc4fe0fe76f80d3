#include "linux/guard_rules.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace keel;

namespace {

IpAddress ip(const char* text) {
    return IpAddress::parse(text).value();
}
bool has(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the table replaces what is there, in one transaction, and protects each address once") {
    const std::vector addresses{ip("192.0.2.2"), ip("2001:db8::2"), ip("192.0.2.2"), ip("192.0.2.1")};
    const std::string text = guard_install_text(addresses);
    CHECK(text.starts_with("add table inet keel2tp\ndelete table inet keel2tp\ntable inet keel2tp {"));
    CHECK(has(text, "set protected4 { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 }; }"));
    CHECK(has(text, "set protected6 { type ipv6_addr; elements = { 2001:db8::2 }; }"));
}

TEST_CASE("a guard without addresses is that of a LAC: the sets are empty, the rules are there") {
    const std::string text = guard_install_text({});
    CHECK(has(text, "set protected4 { type ipv4_addr; }"));
    CHECK(has(text, "rt ipsec missing counter name cleartext_out drop"));
}

TEST_CASE("the checksum is cleared after the port is rewritten: rewriting a zero checksum spoils it") {
    const std::string text = guard_install_text({});
    for (const char* rewriting : {"udp dport set meta mark", "udp checksum 0 udp sport set 1701"}) {
        const auto rewrite = text.find(rewriting);
        REQUIRE(rewrite != std::string::npos);
        const auto clear = text.find("udp checksum set 0", rewrite);
        REQUIRE(clear != std::string::npos);
        CHECK(text.find('\n', rewrite) > clear);
    }
}

TEST_CASE("a socket for an SA's requests has a map of its own, asked before the listener has its turn") {
    const GuardedTunnel socket{.mark = 0x1f, .local = {ip("192.0.2.2"), 20003}, .offers = true};
    CHECK(guard_add_text(socket, std::nullopt) ==
          "add element inet keel2tp tunnels4 { 192.0.2.2 . 20003 }\n"
          "add element inet keel2tp offers { 0x1f : 20003 }\n");
    CHECK(guard_delete_text(socket, false) ==
          "delete element inet keel2tp tunnels4 { 192.0.2.2 . 20003 }\n"
          "delete element inet keel2tp offers { 0x1f : 20003 }\n");
    GuardState state;
    state.tunnels.insert(socket);
    const std::string text = guard_install_text({}, state);
    CHECK(has(text, "add element inet keel2tp offers { 0x1f : 20003 }"));
    const auto led = text.find("map @offers");
    REQUIRE(led != std::string::npos);
    CHECK(led < text.find("ip daddr @protected4 accept"));
}

TEST_CASE("a tunnel's entries") {
    const GuardedTunnel tunnel{0x1f, {ip("192.0.2.2"), 20001}};
    CHECK(guard_add_text(tunnel, std::nullopt) ==
          "add element inet keel2tp tunnels4 { 192.0.2.2 . 20001 }\n"
          "add element inet keel2tp ports { 0x1f : 20001 }\n");
    CHECK(guard_add_text(tunnel, std::uint16_t{30000}) ==
          "add element inet keel2tp tunnels4 { 192.0.2.2 . 20001 }\n"
          "delete element inet keel2tp ports { 0x1f : 30000 }\n"
          "add element inet keel2tp ports { 0x1f : 20001 }\n");
    CHECK(guard_delete_text(tunnel, false) == "delete element inet keel2tp tunnels4 { 192.0.2.2 . 20001 }\n");
    const GuardedTunnel six{2, {ip("2001:db8::2"), 20002}};
    CHECK(guard_delete_text(six, true) ==
          "delete element inet keel2tp tunnels6 { 2001:db8::2 . 20002 }\n"
          "delete element inet keel2tp ports { 0x2 : 20002 }\n");
}

TEST_CASE("a tunnel whose port is seen on the wire is not rewritten, but let in and watched") {
    const GuardedTunnel tunnel{0x1f, {ip("192.0.2.2"), 20001}, true};
    CHECK(guard_add_text(tunnel, std::nullopt) ==
          "add element inet keel2tp tunnels4 { 192.0.2.2 . 20001 }\n"
          "add element inet keel2tp own_ports { 0x1f . 20001 }\n"
          "add element inet keel2tp ports { 0x1f : 20001 }\n");
    CHECK(guard_delete_text(tunnel, false) ==
          "delete element inet keel2tp tunnels4 { 192.0.2.2 . 20001 }\n"
          "delete element inet keel2tp own_ports { 0x1f . 20001 }\n");
    GuardState state;
    state.tunnels.insert(tunnel);
    const std::string text = guard_install_text({}, state);
    CHECK(has(text, "add element inet keel2tp own_ports { 0x1f . 20001 }"));
    CHECK(has(text, "meta mark & 0xff000000 == 0x4d000000 goto own_port_out"));
    const auto chain = text.find("chain own_port_out");
    CHECK(text.find("rt ipsec missing counter name cleartext_out drop", chain) < text.find('}', chain));
}

TEST_CASE("a link's MSS is its MTU without the headers of IPv4 and TCP") {
    CHECK(guard_link_text("ppp0", std::nullopt, std::uint16_t{1400}) ==
          "add element inet keel2tp mss { \"ppp0\" : 1360 }\n");
    CHECK(guard_link_text("ppp0", std::uint16_t{1400}, std::uint16_t{1392}) ==
          "delete element inet keel2tp mss { \"ppp0\" : 1360 }\n"
          "add element inet keel2tp mss { \"ppp0\" : 1352 }\n");
    CHECK(guard_link_text("ppp0", std::uint16_t{1400}, std::nullopt) ==
          "delete element inet keel2tp mss { \"ppp0\" : 1360 }\n");
    GuardState state;
    state.links = {{"ppp7", 1000}};
    CHECK(has(guard_install_text({}, state), "add element inet keel2tp mss { \"ppp7\" : 960 }\n"));
}

TEST_CASE("counters are read from nft's listing") {
    const char* listing =
        "table inet keel2tp {\n"
        "\tcounter cleartext_in {\n\t\tpackets 4 bytes 160\n\t}\n"
        "\tcounter cleartext_out {\n\t\tpackets 10 bytes 5400\n\t}\n"
        "\tcounter foreign_in {\n\t\tpackets 0 bytes 0\n\t}\n}\n";
    const auto counters = parse_guard_counters(listing);
    REQUIRE(counters);
    CHECK(counters->cleartext_in == 4);
    CHECK(counters->cleartext_out == 10);
    CHECK(counters->foreign_in == 0);
    CHECK_FALSE(parse_guard_counters("table inet keel2tp {\n\tcounter cleartext_in {\n"));
    CHECK_FALSE(parse_guard_counters(""));
}

TEST_CASE("an earlier run's ports are read from nft's listing") {
    const char* listing =
        "table inet keel2tp {\n\tset tunnels4 {\n\t\ttype ipv4_addr . inet_service\n"
        "\t\telements = { 192.0.2.1 . 37274,\n\t\t\t     192.0.2.2 . 20000 }\n\t}\n}\n";
    CHECK(parse_guard_ports(listing) ==
          std::vector<SocketAddress>{{ip("192.0.2.1"), 37274}, {ip("192.0.2.2"), 20000}});
    CHECK(parse_guard_ports(
              "table inet keel2tp {\n\tset tunnels4 {\n\t\ttype ipv4_addr . inet_service\n\t}\n}\n")
              .empty());
    CHECK(parse_guard_ports("elements = { 192.0.2.1 . 99999, nonsense }").empty());
}

TEST_CASE("a table made anew keeps the counters and the open tunnels, each mark with its newest") {
    GuardState state;
    state.counters = {.cleartext_in = 4, .cleartext_out = 5, .foreign_in = 6};
    state.tunnels = {{1, {ip("192.0.2.2"), 20001}}, {1, {ip("192.0.2.2"), 20002}}};
    state.ports_by_mark = {{1, 20002}};
    const std::string text = guard_install_text({}, state);
    CHECK(has(text, "counter cleartext_out { packets 5 bytes 0 }"));
    CHECK(has(text, "add element inet keel2tp tunnels4 { 192.0.2.2 . 20001 }\n"));
    CHECK(has(text, "add element inet keel2tp tunnels4 { 192.0.2.2 . 20002 }\n"));
    CHECK(has(text, "add element inet keel2tp ports { 0x1 : 20002 }\n"));
    CHECK_FALSE(has(text, "ports { 0x1 : 20001 }"));
}
