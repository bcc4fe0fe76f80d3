#include "vici/session.hpp"

#include <doctest/doctest.h>

#include "hex.hpp"

using namespace vici;
using namespace std::chrono_literals;

namespace {

const Time t0{};

Bytes segment(const Bytes& body) {
    Bytes out = {0, 0, static_cast<std::uint8_t>(body.size() >> 8),
                 static_cast<std::uint8_t>(body.size() & 0xff)};
    out.insert(out.end(), body.begin(), body.end());
    return out;
}
Bytes answer(std::string_view key) {  // CMD_RESPONSE { key = yes }
    Bytes body = {1, 3, static_cast<std::uint8_t>(key.size())};
    body.insert(body.end(), key.begin(), key.end());
    const Bytes yes = from_hex("0003796573");
    body.insert(body.end(), yes.begin(), yes.end());
    return segment(body);
}
Bytes event(std::string_view name) {  // EVENT name {}
    Bytes body = {7, static_cast<std::uint8_t>(name.size())};
    body.insert(body.end(), name.begin(), name.end());
    return segment(body);
}

Answered next_answer(Session& session) {
    auto output = session.poll_output();
    REQUIRE(output);
    REQUIRE(std::holds_alternative<Answered>(*output));
    return std::get<Answered>(*output);
}

}  // namespace

TEST_CASE("client -> charon version; charon -> client its answer; the very bytes of 5.9.8") {
    Session session;
    const Ticket ticket = session.request(t0, {.command = "version"}, 5s);
    CHECK(session.take_outgoing() == from_hex("00000009 00 07 76657273696f6e"));
    CHECK(session.take_outgoing().empty());
    REQUIRE(session.receive(
        segment(from_hex("0103066461656d6f6e0006636861726f6e030776657273696f6e0005352e392e38"))));
    const Answered answered = next_answer(session);
    CHECK(answered.ticket == ticket);
    REQUIRE(answered.reply);
    CHECK(answered.reply->message.value("version") == "5.9.8");
    CHECK(session.waiting() == 0);
    CHECK_FALSE(session.poll_output());
}

TEST_CASE("pipelined requests are answered in order, in whatever pieces the bytes come") {
    Session session;
    const Ticket one = session.request(t0, {.command = "one"}, 5s);
    const Ticket two = session.request(t0, {.command = "two"}, 5s);
    CHECK(session.take_outgoing() == from_hex("00000005 00 03 6f6e65 00000005 00 03 74776f"));
    Bytes both = answer("first");
    const Bytes second = answer("second");
    both.insert(both.end(), second.begin(), second.end());
    for (const std::uint8_t byte : both) REQUIRE(session.receive(ByteView(&byte, 1)));
    Answered answered = next_answer(session);
    CHECK(answered.ticket == one);
    CHECK(answered.reply->message.flag("first"));
    answered = next_answer(session);
    CHECK(answered.ticket == two);
    CHECK(answered.reply->message.flag("second"));
}

TEST_CASE("events: registered, unknown, received, and streamed to the request that they answer") {
    Session session;
    const Ticket known = session.register_event(t0, "list-sa", 5s);
    const Ticket unknown = session.register_event(t0, "alert", 5s);
    CHECK(session.take_outgoing() == from_hex("00000009 03 07 6c6973742d7361 00000007 03 05 616c657274"));
    REQUIRE(session.receive(from_hex("00000001 05 00000001 06")));
    Answered answered = next_answer(session);
    CHECK(answered.ticket == known);
    CHECK(answered.reply);
    answered = next_answer(session);
    CHECK(answered.ticket == unknown);
    REQUIRE_FALSE(answered.reply);
    CHECK(answered.reply.error().code == ErrorCode::unknown_event);

    REQUIRE(session.receive(event("list-sa")));
    auto output = session.poll_output();
    REQUIRE(output);
    CHECK(std::get<EventReceived>(*output).name == "list-sa");

    static_cast<void>(session.request(t0, {.command = "list-sas", .stream = "list-sa"}, 5s));
    REQUIRE(session.receive(event("list-sa")));
    REQUIRE(session.receive(event("log")));
    REQUIRE(session.receive(event("list-sa")));
    REQUIRE(session.receive(from_hex("00000001 01")));
    output = session.poll_output();
    REQUIRE(output);
    CHECK(std::get<EventReceived>(*output).name == "log");
    answered = next_answer(session);
    REQUIRE(answered.reply);
    CHECK(answered.reply->streamed.size() == 2);
}

TEST_CASE("a command that charon does not know") {
    Session session;
    static_cast<void>(session.request(t0, {.command = "nonsense"}, 5s));
    REQUIRE(session.receive(from_hex("00000001 02")));
    const Answered answered = next_answer(session);
    REQUIRE_FALSE(answered.reply);
    CHECK(answered.reply.error().code == ErrorCode::unknown_command);
    CHECK_FALSE(session.closed());
}

TEST_CASE("behind a request with an unbounded answer nothing is sent until it is answered") {
    Session session;
    const Ticket big = session.request(t0, {.command = "get-conns", .unbounded_reply = true}, 5s);
    const Ticket small = session.request(t0, {.command = "one"}, 5s);
    CHECK(session.take_outgoing() == from_hex("0000000b 00 09 6765742d636f6e6e73"));
    CHECK(session.waiting() == 2);
    REQUIRE(session.receive(answer("a")));
    CHECK(session.take_outgoing() == from_hex("00000005 00 03 6f6e65"));
    REQUIRE(session.receive(answer("b")));
    CHECK(next_answer(session).ticket == big);
    CHECK(next_answer(session).ticket == small);
}

TEST_CASE("a deadline that passes ends the session: a late answer can meet no other request") {
    Session session;
    const Ticket slow = session.request(t0, {.command = "slow"}, 5s);
    const Ticket later = session.request(t0 + 1s, {.command = "later"}, 5s);
    REQUIRE(session.next_timeout());
    CHECK(*session.next_timeout() == t0 + 5s);
    CHECK(session.on_timeout(t0 + 4s));
    const Status dead = session.on_timeout(t0 + 5s);
    REQUIRE_FALSE(dead);
    CHECK(dead.error().code == ErrorCode::timeout);
    CHECK(dead.error().message == "no answer to 'slow'");
    CHECK(next_answer(session).ticket == slow);
    CHECK(next_answer(session).ticket == later);
    CHECK(session.closed());
    CHECK_FALSE(session.receive(answer("late")));
    CHECK_FALSE(session.poll_output());
    CHECK_FALSE(session.next_timeout());
    const Ticket refused = session.request(t0 + 6s, {.command = "more"}, 5s);
    CHECK(next_answer(session).ticket == refused);
    CHECK(session.take_outgoing().empty());
}

TEST_CASE("what is not vici closes the session and answers what waits") {
    for (const char* hostile : {
             "00000000",              // an empty segment
             "00080001",              // one octet beyond 512 KiB
             "48545450",              // "HTTP"
             "00000001 00",           // a request from charon
             "00000001 08",           // no such packet
             "00000001 05",           // EVENT_CONFIRM to a command
             "00000002 02 00",        // CMD_UNKNOWN with something behind
             "00000004 01 03 01 6b",  // a response cut short inside
             "00000001 07",           // an event without a name
             "00000003 07 05 6c",     // an event's name cut short
         }) {
        CAPTURE(hostile);
        Session session;
        static_cast<void>(session.request(t0, {.command = "version"}, 5s));
        CHECK_FALSE(session.receive(from_hex(hostile)));
        CHECK(session.closed());
        CHECK_FALSE(next_answer(session).reply);
    }
    Session session;
    CHECK_FALSE(session.receive(answer("unasked")));
}

TEST_CASE("what cannot be sent is answered with its error and leaves the session whole") {
    Session session;
    for (const std::string& name :
         {std::string(), std::string(256, 'x'), std::string("a b"), std::string("\xff")}) {
        static_cast<void>(session.request(t0, {.command = name}, 5s));
        CHECK_FALSE(next_answer(session).reply);
    }
    Message huge;
    for (int i = 0; i < 9; ++i) huge.add("k", std::string(65535, 'v'));
    static_cast<void>(session.request(t0, {.command = "load-conn", .arguments = huge}, 5s));
    const Answered answered = next_answer(session);
    REQUIRE_FALSE(answered.reply);
    CHECK(answered.reply.error().code == ErrorCode::too_long);
    CHECK(session.take_outgoing().empty());
    CHECK_FALSE(session.closed());
}
