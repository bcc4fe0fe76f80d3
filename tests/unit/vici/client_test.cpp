#include "vici/client.hpp"

#include <doctest/doctest.h>

#include "hex.hpp"
#include "scripted_daemon.hpp"
#include "vici/commands.hpp"

using namespace vici;
using namespace std::chrono_literals;

namespace {

using Peer = ScriptedDaemon::Peer;

Client connect_to(const ScriptedDaemon& daemon, Duration deadline = 5s) {
    auto client = Client::connect({.path = daemon.path(),
                                   .deadline = deadline,
                                   .events = {.events = 4, .octets = 1 << 20},
                                   .pace = {.first = 1ms, .last = 20ms, .stable = 1s}});
    REQUIRE(client);
    return std::move(*client);
}

Message version_answer() {
    return Message().add("daemon", "charon").add("version", "5.9.8");
}
Message sa(int id) {
    return Message().add("office", Message().add("uniqueid", std::to_string(id)).add("version", "1"));
}

}  // namespace

TEST_CASE("client -> daemon version; daemon -> client its answer") {
    ScriptedDaemon daemon({[](const Peer& peer) {
        if (peer.name() == "version") peer.answer(version_answer());
    }});
    Client client = connect_to(daemon);
    const auto version = client.ask(make_version(), parse_version);
    REQUIRE(version);
    CHECK(version->version == "5.9.8");
}

TEST_CASE("a streaming list is handed over item by item; its event is registered by itself, once") {
    std::vector<std::string> asked;
    {
        ScriptedDaemon daemon({[&asked](const Peer& peer) {
            asked.push_back(peer.name());
            peer.confirm();
            for (int round = 0; round < 2; ++round) {
                asked.push_back(peer.name());
                for (int i = 1; i <= 3; ++i) peer.event("list-sa", sa(i));
                peer.answer();
            }
        }});
        Client client = connect_to(daemon);
        std::uint32_t sum = 0;
        const auto add = [&sum](const Message& item) { sum += parse_ike_sas(item).at(0).uniqueid; };
        CHECK(client.each(make_list_sas(), add));
        CHECK(sum == 6);
        const auto whole = client.call(make_list_sas());
        REQUIRE(whole);
        CHECK(whole->streamed.size() == 3);
    }
    CHECK(asked == std::vector<std::string>{"list-sa", "list-sas", "list-sas"});
}

TEST_CASE("a pipeline is answered in its order, with what is refused and what is unknown in its place") {
    ScriptedDaemon daemon({[](const Peer& peer) {
        for (int i = 0; i < 3; ++i) (void)peer.read();  // all are sent before the first answer
        peer.answer(Message().add("success", "yes"));
        peer.answer(Message().add("success", "no").add("errmsg", "not found"));
        peer.packet(2, "", {});
    }});
    Client client = connect_to(daemon);
    const auto replies =
        client.pipeline({make_unload_conn("a"), make_unload_conn("b"), Request{.command = "nonsense"}});
    REQUIRE(replies.size() == 3);
    CHECK(outcome(replies[0]->message));
    CHECK(outcome(replies[1]->message).error().message == "not found");
    CHECK(replies[2].error().code == ErrorCode::unknown_command);
}

TEST_CASE("a missing answer ends the call at its deadline; the next call has a new connection") {
    ScriptedDaemon daemon({[](const Peer& peer) {
                               (void)peer.read();
                               (void)peer.read();  // until the client closes
                           },
                           [](const Peer& peer) {
                               (void)peer.read();
                               peer.answer(version_answer());
                           }});
    Client client = connect_to(daemon);
    const auto none = client.call(make_stats(), 50ms);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == ErrorCode::timeout);
    CHECK(client.fd() == -1);
    CHECK(client.ask(make_version(), parse_version));
}

TEST_CASE("bytes that are not vici, an oversized and a truncated answer: closed, not misread") {
    const auto hostile = [](const char* hex) {
        return [hex](const Peer& peer) {
            (void)peer.read();
            peer.raw(from_hex(hex));
        };
    };
    ScriptedDaemon daemon({hostile("48545450 2f312e31"), hostile("00080001 01"), hostile("00000009 01 03")});
    Client client = connect_to(daemon);
    CHECK(client.call(make_version()).error().code == ErrorCode::malformed);
    CHECK(client.call(make_version()).error().code == ErrorCode::malformed);
    CHECK(client.call(make_version()).error().code == ErrorCode::closed);  // the daemon went in the middle
}

TEST_CASE("events: subscribed again after a loss, which is told before the next of them") {
    ScriptedDaemon daemon({[](const Peer& peer) {
                               CHECK(peer.name() == "child-updown");
                               peer.confirm();
                               peer.event("child-updown", sa(1));
                           },
                           [](const Peer& peer) {
                               CHECK(peer.name() == "child-updown");
                               peer.confirm();
                               peer.event("child-updown", sa(2));
                               (void)peer.read();
                           }});
    Client client = connect_to(daemon);
    REQUIRE(client.subscribe("child-updown"));
    auto notice = client.next_event(5s);
    REQUIRE(notice);
    REQUIRE(*notice);
    const auto& first = std::get<EventReceived>(**notice);
    CHECK(std::get<ChildUpdown>(parse_event(first.name, first.message)).sas.at(0).uniqueid == 1);
    notice = client.next_event(5s);
    REQUIRE(notice);
    REQUIRE(*notice);
    CHECK(std::get<EventsLost>(**notice).reconnected);
    notice = client.next_event(5s);
    REQUIRE(notice);
    CHECK(std::get<EventReceived>(**notice).message == sa(2));
    notice = client.next_event(0s);
    REQUIRE(notice);
    CHECK_FALSE(*notice);
}

TEST_CASE("a storm while a call waits is bounded, and told") {
    ScriptedDaemon daemon({[](const Peer& peer) {
        (void)peer.read();
        peer.confirm();
        (void)peer.read();
        for (int i = 0; i < 1000; ++i) peer.event("log", sa(i));
        peer.answer(version_answer());
        (void)peer.read();
    }});
    Client client = connect_to(daemon);
    REQUIRE(client.subscribe("log"));
    CHECK(client.ask(make_version(), parse_version));
    std::uint64_t told = 0;
    std::size_t notices = 0;
    for (auto notice = client.next_event(0s); notice && *notice; notice = client.next_event(0s)) {
        ++notices;
        const auto* lost = std::get_if<EventsLost>(&**notice);
        told += lost ? lost->count : 1;
    }
    CHECK(told == 1000);
    CHECK(notices <= 5);
}

TEST_CASE("an event that the daemon does not know is refused, and not asked for again") {
    ScriptedDaemon daemon({[](const Peer& peer) {
        (void)peer.read();
        peer.packet(6, "", {});
        (void)peer.read();
        peer.answer(version_answer());
    }});
    Client client = connect_to(daemon);
    CHECK(client.subscribe("alert").error().code == ErrorCode::unknown_event);
    CHECK(client.ask(make_version(), parse_version));
}

TEST_CASE("nobody listens: said with the path; nothing hangs") {
    const auto none = Client::connect({.path = "/nonexistent/vici"});
    REQUIRE_FALSE(none);
    CHECK(none.error().code == ErrorCode::closed);
    CHECK(none.error().message.find("/nonexistent/vici") != std::string::npos);
    CHECK(Client::connect({.path = std::string(200, 'x')}).error().code == ErrorCode::too_long);
}
