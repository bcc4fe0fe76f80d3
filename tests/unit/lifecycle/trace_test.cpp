#include "lifecycle/trace.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "l2tp/describe.hpp"
#include "l2tp/message.hpp"
#include "pair.hpp"

namespace {

using namespace keel;
using namespace keel::lifecycle;
using keel::test::Pair;

Bytes sccrq(std::string host = "client", std::uint16_t ns = 0) {
    l2tp::Sccrq message;
    message.host_name = std::move(host);
    message.assigned_tunnel_id = 7;
    message.challenge = "tell-nobody-0123";
    Bytes bytes = l2tp::encode_message(0, 0, message);
    l2tp::set_sequence(bytes, ns, 0);
    return bytes;
}

Bytes zlb(std::uint16_t nr) {
    Bytes bytes = l2tp::encode_message(9, 0, l2tp::Zlb{});
    l2tp::set_sequence(bytes, 2, nr);
    return bytes;
}

TracedMessage from(const char* peer, Bytes octets) {
    return {.at = Time(seconds(1)),
            .direction = TracedMessage::Direction::received,
            .local = {*IpAddress::parse("192.0.2.2"), 1701},
            .remote = {*IpAddress::parse(peer), 1701},
            .octets = std::move(octets)};
}

std::size_t count_from(const Trace& trace, const char* peer) {
    return static_cast<std::size_t>(std::ranges::count_if(
        trace.messages(), [&](const auto& message) { return message.remote.ip.text() == peer; }));
}

}  // namespace

TEST_CASE("nothing secret is kept") {
    Trace trace;
    trace.record({}, false, from("192.0.2.1", sccrq()));
    REQUIRE(trace.messages().size() == 1);
    const Bytes octets = trace.messages()[0].octets;
    CHECK(octets.size() == sccrq().size());
    CHECK(as_text(octets).find("tell-nobody") == std::string_view::npos);
    CHECK(as_text(octets).find("client") != std::string_view::npos);
}

TEST_CASE("strangers cannot push a tunnel's messages out, nor make it grow") {
    Trace trace({.messages = 20, .octets = 2000, .idle = 4});
    trace.record({}, false, from("192.0.2.1", sccrq("mine")));
    for (std::uint16_t i = 0; i < 5; ++i)
        trace.record(LocalTunnelId(5), i > 2, from("192.0.2.1", sccrq("mine", i)));
    REQUIRE(count_from(trace, "192.0.2.1") == 6);
    for (std::uint16_t i = 0; i < 1000; ++i)
        trace.record({}, false, from("198.51.100.1", sccrq("flood" + std::to_string(i))));
    CHECK(count_from(trace, "192.0.2.1") == 6);
    CHECK(trace.messages().size() == 20);
}

TEST_CASE("a tunnel that talks much pushes out its own messages") {
    Trace trace({.messages = 20, .octets = 4000, .idle = 4});
    for (std::uint16_t i = 0; i < 5; ++i)
        trace.record(LocalTunnelId(5), true, from("192.0.2.1", sccrq("quiet", i)));
    for (std::uint16_t i = 0; i < 1000; ++i)
        trace.record(LocalTunnelId(6), true, from("192.0.2.3", sccrq("loud", i)));
    CHECK(count_from(trace, "192.0.2.1") == 5);
    CHECK(count_from(trace, "192.0.2.3") == 15);
}

TEST_CASE("keep-alives do not push the set-up out") {
    Trace trace({.messages = 20, .octets = 4000, .idle = 4});
    trace.record(LocalTunnelId(5), true, from("192.0.2.1", sccrq()));
    for (std::uint16_t i = 0; i < 1000; ++i) {
        trace.record(LocalTunnelId(5), true, from("192.0.2.1", zlb(i)));
        Bytes hello = l2tp::encode_message(9, 0, l2tp::Hello{});
        l2tp::set_sequence(hello, i, 0);
        trace.record(LocalTunnelId(5), true, from("192.0.2.1", hello));
    }
    const auto kept = trace.messages();
    REQUIRE(kept.size() == 5);
    CHECK(l2tp::describe(kept[0].octets)->name == "SCCRQ");
    CHECK(l2tp::describe(kept[4].octets)->name == "HELLO");
}

TEST_CASE("octets are bounded, too; what is no control message is not kept") {
    Trace trace({.messages = 100, .octets = 1000, .idle = 4});
    for (std::uint16_t i = 0; i < 100; ++i)
        trace.record({}, false, from("192.0.2.1", sccrq(std::string(200, 'x'), i)));
    CHECK(trace.messages().size() == 3);
    trace.record({}, false, from("192.0.2.1", sccrq(std::string(1000, 'x'))));
    trace.record({}, false, from("192.0.2.1", Bytes{0x40, 2, 0, 0}));
    trace.record({}, false, from("192.0.2.1", {}));
    CHECK(trace.messages().size() == 3);
}

TEST_CASE("what is sent again is told, whatever its Nr") {
    Trace trace;
    Bytes again = sccrq();
    l2tp::set_sequence(again, 0, 3);
    trace.record({}, false, from("192.0.2.1", sccrq()));
    trace.record({}, false, from("192.0.2.1", again));
    trace.record({}, false, from("192.0.2.1", sccrq("client", 1)));
    CHECK_FALSE(trace.messages()[0].repeated);
    CHECK(trace.messages()[1].repeated);
    CHECK_FALSE(trace.messages()[2].repeated);
}

TEST_CASE("both ends of a connection have its messages, in order") {
    Pair pair;
    pair.to_up();
    const auto names = [](const Orchestrator& orchestrator, const char* connection) {
        std::vector<std::string> out;
        const auto messages = orchestrator.trace(connection);
        REQUIRE(messages);
        for (const TracedMessage& message : *messages) {
            const auto text = l2tp::describe(message.octets);
            const bool sent = message.direction == TracedMessage::Direction::sent;
            if (text->name != "ZLB") out.push_back((sent ? "> " : "< ") + text->name);
        }
        return out;
    };
    CHECK(names(pair.lac, "lac/branch") ==
          std::vector<std::string>{"> SCCRQ", "< SCCRP", "> SCCCN", "> ICRQ", "< ICRP", "> ICCN"});
    CHECK(names(pair.lns, "lns/office") ==
          std::vector<std::string>{"< SCCRQ", "> SCCRP", "< SCCCN", "< ICRQ", "> ICRP", "< ICCN"});
    CHECK_FALSE(pair.lac.trace("lac/other"));
}
