#include "lifecycle/address_pool.hpp"

#include <doctest/doctest.h>

using keel::IpAddress;
using keel::Prefix;
using keel::lifecycle::AddressPool;

namespace {
IpAddress ip(const char* text) {
    return *IpAddress::parse(text);
}
}  // namespace

TEST_CASE("network, broadcast and reserved addresses are never handed out, all others once") {
    AddressPool pool({*Prefix::parse("10.9.0.0/29")}, {ip("10.9.0.1"), ip("192.0.2.1")});
    CHECK(pool.size() == 5);
    for (const char* expected : {"10.9.0.2", "10.9.0.3", "10.9.0.4", "10.9.0.5", "10.9.0.6"}) {
        CHECK(pool.take() == ip(expected));
    }
    CHECK_FALSE(pool.take());
    CHECK(pool.used() == 5);
}

TEST_CASE("what came back is given out again, the longest free first, after fresh ones") {
    AddressPool pool({*Prefix::parse("10.9.0.0/30"), *Prefix::parse("10.9.1.0/31")}, {});
    CHECK(pool.size() == 4);
    const auto first = *pool.take();
    const auto second = *pool.take();
    pool.give_back(second);
    pool.give_back(first);
    CHECK(pool.take() == ip("10.9.1.0"));
    CHECK(pool.take() == ip("10.9.1.1"));
    CHECK(pool.take() == second);
    CHECK(pool.take() == first);
    CHECK_FALSE(pool.take());
}

TEST_CASE("a fixed address is one user's at a time and never enters the pool") {
    AddressPool pool({*Prefix::parse("10.9.0.0/30")}, {ip("10.9.0.1")});
    CHECK(pool.take(ip("10.9.0.1")));
    CHECK_FALSE(pool.take(ip("10.9.0.1")));
    pool.give_back(ip("10.9.0.1"));
    CHECK(pool.take() == ip("10.9.0.2"));
    CHECK_FALSE(pool.take());
    pool.give_back(ip("203.0.113.9"));
    CHECK_FALSE(pool.take());
}

TEST_CASE("a large pool is counted, not walked") {
    AddressPool pool({*Prefix::parse("0.0.0.0/0")}, {});
    CHECK(pool.size() == 0xfffffffe);
    CHECK(pool.take() == ip("0.0.0.1"));
}
