#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>

#include "linux/errors.hpp"
#include "linux/netlink_mnl.hpp"

namespace {

using namespace keel;

int ask_for_link(unsigned index, int& answers) {
    const auto socket = open_mnl(NETLINK_ROUTE, "a test");
    REQUIRE(socket.has_value());
    MnlRequest request(RTM_GETLINK, 0);
    request.header<ifinfomsg>()->ifi_index = static_cast<int>(index);
    return mnl_exchange(socket->get(), request, [&](const nlmsghdr&) { ++answers; });
}

}  // namespace

TEST_CASE("what the kernel answers to a netlink request is told: an error as its errno") {
    int answers = 0;
    CHECK(ask_for_link(if_nametoindex("lo"), answers) == 0);
    CHECK(answers == 1);
    CHECK(ask_for_link(0x7fffffff, answers) == ENODEV);
    CHECK(answers == 1);
    CHECK_FALSE(system_fail(ENODEV, "a link").error().message.empty());
}
