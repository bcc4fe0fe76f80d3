#include "linux/probe.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace keel;

namespace {

constexpr KernelSupport kAll{.receive_mark = true, .set_mark = true, .socket_policy = true, .rules = true};

}  // namespace

TEST_CASE("a kernel that can do everything lacks nothing") {
    CHECK(missing_for_ipsec(kAll).empty());
}

TEST_CASE("what could not be tried is not held against the kernel") {
    CHECK(missing_for_ipsec({}).empty());
}

TEST_CASE("each thing that IPsec cannot do without is told with a remedy") {
    KernelSupport none{.receive_mark = false, .set_mark = false, .socket_policy = false, .rules = false};
    const auto missing = missing_for_ipsec(none);
    CHECK(missing.size() == 3);
    CHECK(std::ranges::all_of(missing, [](const Error& error) {
        return error.code == ErrorCode::unsupported && !error.message.empty() && !error.remedy.empty();
    }));
}

TEST_CASE("without SO_RCVMARK IPsec goes another way") {
    KernelSupport older = kAll;
    older.receive_mark = false;
    CHECK(missing_for_ipsec(older).empty());
}
