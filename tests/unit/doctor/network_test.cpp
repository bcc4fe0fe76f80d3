#include "healthy.hpp"

using namespace healthy;

TEST_CASE("forwarding is a server's affair") {
    auto host = facts();
    host.network.forwarding4 = false;
    only(host, "ip-forward", Severity::warning);
    host = facts(kClient);
    host.network.forwarding4 = false;
    CHECK(exit_code(examine(host)) == 0);
}

TEST_CASE("strict reverse path filtering hurts on a second uplink, not on the only one") {
    auto host = facts();
    host.network.interfaces.front().rp_filter = 1;
    CHECK(exit_code(examine(host)) == 0);
    host.network.interfaces.push_back(ethernet("eth1", "198.51.100.2"));
    host.network.interfaces.back().rp_filter = 1;
    host.network.default_interfaces = {"eth0", "eth1"};
    CHECK(only(host, "rp-filter", Severity::warning).where == "net.ipv4.conf.eth1.rp_filter");
    host.network.interfaces.back().rp_filter = 2;
    CHECK(exit_code(examine(host)) == 0);
}

TEST_CASE("strict reverse path filtering hurts where a client takes the default route") {
    auto host = facts(kClient);
    host.network.interfaces.front().rp_filter = 1;
    CHECK(exit_code(examine(host)) == 0);
    host.config.config->lac.front().routes = {*Prefix::parse("0.0.0.0/0")};
    CHECK(has(only(host, "rp-filter", Severity::warning).what, "lac/branch"));
    host.config.config->lac.front().routes = {*Prefix::parse("0.0.0.0/1"), *Prefix::parse("128.0.0.0/1")};
    only(host, "rp-filter", Severity::warning);
}

TEST_CASE("IPsec switched off by sysctl") {
    auto host = facts();
    host.network.interfaces.front().disable_xfrm = true;
    only(host, "disable-xfrm", Severity::error);
    host = facts();
    host.network.interfaces.front().disable_policy = true;
    only(host, "disable-policy", Severity::warning);
    host.network.interfaces.front().loopback = true;  // where it is usual
    CHECK(exit_code(examine(host)) == 0);
}

TEST_CASE("listening addresses") {
    auto host = facts();
    host.network.interfaces.front().addresses = {*IpAddress::parse("203.0.113.3")};
    only(host, "listen-address", Severity::error);
    host = facts();
    host.network.interfaces.front().up = false;
    only(host, "listen-down", Severity::error);
    host = facts();
    const auto inner = *IpAddress::parse("192.168.1.2");
    host.config.config->lns.front().listen = {inner};
    host.network.interfaces.front().addresses = {inner};
    only(host, "listen-private", Severity::note);
}

TEST_CASE("a pool in a network of this host") {
    auto host = facts();
    host.config.config->lns.front().pool = {*Prefix::parse("203.0.113.128/25")};
    only(host, "pool-overlap", Severity::warning);
    host.network.interfaces.front().point_to_point = true;  // the link itself
    CHECK(exit_code(examine(host)) == 0);
}

TEST_CASE("names, ways and their MTU") {
    auto host = facts(kClient);
    host.network.ways.front().addresses = fail(ErrorCode::not_found, "vpn.example.net cannot be resolved");
    only(host, "resolve", Severity::error);
    host = facts(kClient);
    host.network.ways.front().unreachable = Error{ErrorCode::io, "no route to 198.51.100.1", ""};
    only(host, "no-route", Severity::error);
    host = facts(kClient);
    host.network.interfaces.front().mtu = 1300;
    only(host, "mtu-small", Severity::warning);
    host.network.interfaces.front().mtu = 600;
    only(host, "mtu-too-small", Severity::error);
    host = facts();
    host.network.interfaces.front().mtu = 1300;
    only(host, "mtu-small", Severity::warning);
    host = facts();
    host.config.config->lns.front().mtu = 1480;
    only(host, "mtu-configured", Severity::note);
}

TEST_CASE("a full connection tracking table") {
    auto host = facts();
    host.network.conntrack_count = 950;
    host.network.conntrack_max = 1000;
    only(host, "conntrack-full", Severity::warning);
    host.network.conntrack_count = 100;
    CHECK(exit_code(examine(host)) == 0);
}
