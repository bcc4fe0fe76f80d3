#include "base/address.hpp"

#include <doctest/doctest.h>

using keel::IpAddress;
using keel::Prefix;

TEST_CASE("addresses parse wholly or not at all, and print canonically") {
    CHECK(IpAddress::parse("192.0.2.1")->text() == "192.0.2.1");
    CHECK(IpAddress::parse("192.0.2.1")->v4_value() == 0xc0000201);
    CHECK(IpAddress::parse("2001:DB8:0::1")->text() == "2001:db8::1");
    CHECK(IpAddress::v4(0xc0000201) == *IpAddress::parse("192.0.2.1"));
    for (const char* bad :
         {"", "192.0.2", "192.0.2.256", "192.0.2.1 ", "192.0.2.1/32", "fe80::1%eth0", "[::1]"}) {
        CAPTURE(bad);
        CHECK_FALSE(IpAddress::parse(bad));
    }
    CHECK_FALSE(IpAddress::parse(std::string_view("192.0.2.1\0", 10)));
}

TEST_CASE("a v4 and a v6 address are never equal, however alike their bytes") {
    CHECK(*IpAddress::parse("0.0.0.0") != *IpAddress::parse("::"));
    CHECK(IpAddress::parse("::")->is_unspecified());
}

TEST_CASE("prefixes refuse host bits and know what they contain") {
    const auto net = Prefix::parse("10.9.0.0/24");
    REQUIRE(net);
    CHECK(net->contains(*IpAddress::parse("10.9.0.255")));
    CHECK_FALSE(net->contains(*IpAddress::parse("10.9.1.0")));
    CHECK_FALSE(net->contains(*IpAddress::parse("2001:db8::1")));
    CHECK(Prefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("203.0.113.9")));
    CHECK(Prefix::parse("10.9.0.1")->length == 32);
    for (const char* bad : {"10.9.0.1/24", "10.9.0.0/33", "10.9.0.0/", "10.9.0.0/a", "10.9.0.0/8x", "/8"}) {
        CAPTURE(bad);
        CHECK_FALSE(Prefix::parse(bad));
    }
}

TEST_CASE("socket addresses print with brackets where they must") {
    CHECK(keel::SocketAddress{*IpAddress::parse("192.0.2.1"), 1701}.text() == "192.0.2.1:1701");
    CHECK(keel::SocketAddress{*IpAddress::parse("2001:db8::1"), 1701}.text() == "[2001:db8::1]:1701");
}
