#include "lifecycle/ppp_cause.hpp"

#include <doctest/doctest.h>

#include "lifecycle/reason.hpp"

using namespace keel;
using namespace keel::lifecycle;
using Cause = PppExited::Cause;

namespace {

PppExited end_by(Cause cause, std::uint16_t protocol = 0) {
    return {PppId(1), cause, "words", protocol};
}

}  // namespace

TEST_CASE("RFC 3145 3: each end of PPP has its code, protocol and direction") {
    struct Row {
        Cause cause;
        std::uint16_t told_protocol;  // by the plugin
        bool server;
        std::uint16_t code, protocol;
        std::uint8_t direction;
    };
    // PAP 0xc023, LCP 0xc021, IPCP 0x8021, CHAP 0xc223.
    const Row rows[] = {
        {Cause::stopped, 0, true, 1, 0, 0},
        {Cause::peer_terminated, 0, true, 3, 0, 1},
        {Cause::negotiation, 0xc021, true, 5, 0xc021, 0},
        {Cause::negotiation, 0, false, 5, 0xc021, 0},
        {Cause::silent, 0xc021, true, 6, 0xc021, 0},
        {Cause::echo_lost, 0xc021, true, 8, 0xc021, 0},
        {Cause::auth_timeout, 0xc223, true, 13, 0xc223, 0},
        {Cause::auth_timeout, 0xc023, false, 13, 0xc023, 0},
        {Cause::auth_method, 0xc223, true, 15, 0xc223, 1},
        {Cause::auth_refused_peer, 0xc023, true, 16, 0xc023, 1},
        {Cause::auth_failed, 0xc223, false, 16, 0xc223, 2},
        {Cause::network_timeout, 0x8021, true, 17, 0x8021, 0},
        {Cause::no_network, 0x8021, true, 18, 0x8021, 0},
        {Cause::negotiation, 0x8021, true, 19, 0x8021, 2},
        {Cause::negotiation, 0x8021, false, 19, 0x8021, 1},
        {Cause::no_address, 0x8021, true, 20, 0x8021, 2},
    };
    for (const Row& row : rows) {
        CAPTURE(row.code);
        const auto causes = disconnect_causes(end_by(row.cause, row.told_protocol), row.server);
        REQUIRE(causes.size() == 1);
        CHECK(causes[0] == l2tp::PppDisconnect{row.code, row.protocol, row.direction, "words"});
    }
}

TEST_CASE("an end of which PPP knows nothing is told without a code") {
    CHECK(disconnect_causes(end_by(Cause::error), true).empty());
    CHECK(disconnect_causes(end_by(Cause::lost), false).empty());
}

TEST_CASE("an end on purpose is no failure, the rest is one with a remedy") {
    for (std::uint16_t code = 0; code <= 20; ++code) {
        CAPTURE(code);
        const bool on_purpose = code == 0 || code == 1 || code == 3;
        CHECK(tells_failure({{code, 0, 0, ""}}) == !on_purpose);
        CHECK(remedy_for(std::vector<l2tp::PppDisconnect>{{code, 0, 0, ""}}).empty() == on_purpose);
    }
    CHECK_FALSE(tells_failure({}));
    CHECK(remedy_for(std::vector<l2tp::PppDisconnect>{}).empty());
    CHECK(remedy_for(std::vector<l2tp::PppDisconnect>{{16, 0xc223, 1, ""}}).find("password") !=
          std::string::npos);
    CHECK(remedy_for(Cause::auth_failed).find("password") != std::string::npos);
    CHECK(remedy_for(Cause::stopped).empty());
}

TEST_CASE("a CDN without words is told with what the peer said in PPP before it") {
    const std::string farewell = "the peer ended the link: No network protocols running";
    l2tp::DownReason reason;
    reason.scope = l2tp::DownReason::Scope::session;
    reason.cause = l2tp::DownReason::Cause::peer;
    reason.result = 1;
    const std::string alone = error_of(reason).message;
    CHECK(error_of(reason, farewell).message == alone + "; before that " + farewell);
    CHECK(error_of(reason, "").message == alone);
    SUBCASE("an Error Message") {
        reason.message = "shut down";
    }
    SUBCASE("RFC 3145") {
        reason.ppp = {{16, 0xc223, 1, ""}};
    }
    CHECK(error_of(reason, farewell).message.ends_with(farewell) ==
          (reason.message.empty() && reason.ppp.empty()));
}
