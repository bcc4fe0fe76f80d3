#include "linux/system.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "linux/errors.hpp"

using namespace keel;

TEST_CASE("time goes forward, and work costs CPU time") {
    const Time before = monotonic_now();
    const Duration cpu = own_cpu_time();
    while (own_cpu_time() == cpu) {
    }
    CHECK(monotonic_now() > before);
}

TEST_CASE("random bytes fill the whole span") {
    SystemRandom random;
    std::array<std::uint8_t, 64> first{}, second{};
    random.fill(first);
    random.fill(second);
    CHECK(first != second);
    CHECK(std::ranges::count(first, 0) < 16);
}

TEST_CASE("errno becomes a code, and a missing privilege its remedy") {
    CHECK(system_error(ENODEV, "x").code == ErrorCode::not_found);
    CHECK(system_error(EADDRINUSE, "x").code == ErrorCode::exists);
    CHECK(system_error(EPROTONOSUPPORT, "x").code == ErrorCode::unsupported);
    CHECK(system_error(EIO, "x").code == ErrorCode::io);
    CHECK(system_error(EPERM, "x").remedy.find("CAP_NET_ADMIN") != std::string::npos);
    CHECK(system_error(EPERM, "x", "y").text() == "x: Operation not permitted; y");
}
