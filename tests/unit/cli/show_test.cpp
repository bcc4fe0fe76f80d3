#include "cli/show.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "api/overview_json.hpp"
#include "cli/table.hpp"

using namespace keel;
using namespace keel::lifecycle;

namespace {

const Time kNow{seconds(100)};

Overview overview() {
    Overview out;
    out.host_name = "gw";
    out.charon = {.ready = true, .version = "5.9.8", .why = std::nullopt};
    out.guard = GuardCounters{1, 2, 3};
    return out;
}

std::string shown(const Overview& out) {
    api::DaemonFacts facts;
    facts.version = "0.1.0";
    return cli::show_text(api::to_json(facts, out, kNow));
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what is down says in one sentence why and what to do") {
    auto out = overview();
    LacStatus lac;
    lac.name = "lac/branch";
    lac.server = "vpn.example.net";
    lac.state = LacStatus::State::waiting;
    lac.retry_in = seconds(4);
    lac.attempts = 3;
    lac.why =
        Why{Stage::ike, {ErrorCode::denied, "the pre-shared keys differ", "check both"}, kNow - seconds(2)};
    out.lacs.push_back(lac);
    const auto text = shown(out);
    CHECK(has(text,
              "lac/branch  waiting  vpn.example.net  next try in 4 s; try 3: ike failed: the pre-shared keys "
              "differ; check both\n"));
    CHECK(has(text, "guard dropped: 1 received in clear, 2 that would have left in clear, 3 not L2TP\n"));
}

TEST_CASE("no line of the overview is wider than a narrow terminal") {
    auto out = overview();
    for (const std::string name : {"lac/branch", "lac/a-branch-with-a-longer-name"}) {
        LacStatus lac;
        lac.name = name;
        lac.server = "vpn.example.net";
        lac.state = LacStatus::State::waiting;
        lac.why = Why{Stage::ike, {ErrorCode::denied, "the pre-shared keys differ", "check both"}, kNow};
        out.lacs.push_back(lac);
    }
    const auto json = api::to_json({.version = "0.1.0"}, out, kNow);
    for (const std::size_t columns : {60U, 80U}) {
        std::istringstream text(cli::show_text(json, {.columns = columns, .colours = false}));
        for (std::string line; std::getline(text, line);) CHECK(cli::width_of(line) <= columns);
    }
}

TEST_CASE("what is up shows its stages; a server its counts in words") {
    auto out = overview();
    LacStatus lac;
    lac.name = "lac/branch";
    lac.state = LacStatus::State::up;
    lac.peer = IpAddress::parse("192.0.2.2");
    lac.timeline = {{Stage::ike, milliseconds(34)}, {Stage::ppp, milliseconds(80)}};
    lac.in_state = seconds(12);
    out.lacs.push_back(lac);
    LnsStatus lns;
    lns.name = "lns/office";
    lns.listening = true;
    lns.listen = {*IpAddress::parse("192.0.2.9")};
    lns.users = 1;
    lns.pool_size = 253;
    out.lnss.push_back(lns);
    const auto text = shown(out);
    CHECK(has(text, "lac/branch  up 12 s    192.0.2.2  ike 34 ms, ppp 80 ms\n"));
    CHECK(has(text,
              "lns/office  listening  192.0.2.9  0 tunnels, 0 sessions, 1 user, 0 of 253 addresses lent\n"));
    CHECK_FALSE(has(text, "REFUSED BY"));
}

TEST_CASE("a client that waits for its server's call says so; the server says what became of its calls") {
    auto out = overview();
    LacStatus lac;
    lac.name = "lac/branch";
    lac.state = LacStatus::State::ready;
    lac.stage = Stage::call;
    lac.peer = IpAddress::parse("192.0.2.2");
    lac.why = Why{Stage::call, {ErrorCode::denied, "the server called 666", "add it"}, kNow};
    out.lacs.push_back(lac);
    LnsStatus lns;
    lns.name = "lns/office";
    CallStatus call;
    call.name = "branch7";
    call.lac = "branch";
    call.called_number = "666";
    call.state = CallStatus::State::waiting;
    call.retry_in = seconds(8);
    call.attempts = 2;
    call.why = Why{Stage::session, {ErrorCode::unavailable, "peer sent CDN: busy", ""}, kNow};
    lns.calls = {call, call};
    lns.calls[1].name = "up";
    lns.calls[1].state = CallStatus::State::up;
    lns.calls[1].session = LocalSessionId(4711);
    lns.calls[1].why.reset();
    out.lnss.push_back(lns);
    const auto text = shown(out);
    CHECK(has(text,
              "lac/branch  ready  192.0.2.2  waits for the server's call; call failed: the server called "
              "666; add it\n"));
    CHECK(
        has(text,
            "lns/office  branch7  waiting  branch  666     next try in 8 s; try 2: session failed: peer sent "
            "CDN: busy\n"));
    CHECK(has(text, "lns/office  up       up       branch  666     session 4711\n"));
}

TEST_CASE("what was told of a call is shown by session, line by line; nothing where nothing was told") {
    auto out = overview();
    SessionStatus session;
    session.ids.session = LocalSessionId(4711);
    session.control.emplace();
    out.sessions.push_back(session);
    session.control->tx_speed = session.control->rx_speed = 1'000'000'000;
    out.sessions.push_back(session);
    CHECK_FALSE(has(shown(out), "TOLD OF THE CALL"));
    session.control->facts = {{"called_number", "5551234"}, {"proxy_authentication", "PAP, name \"alice\""}};
    session.control->tx_speed = 64000;
    session.control->rx_speed = 9600;
    out.sessions.push_back(session);
    const auto text = shown(out);
    CHECK(has(text, "4711     called number         5551234\n"));
    CHECK(has(text, "4711     proxy authentication  PAP, name \"alice\"\n"));
    CHECK(has(text, "4711     connect speed         64000 bit/s to the caller, 9600 from it\n"));
    const auto json = api::to_json({}, out, kNow);
    CHECK(json["sessions"][2]["call"]["told"]["called_number"] == "5551234");
    CHECK(json["sessions"][2]["call"]["kind"] == "incoming");
}

TEST_CASE("a user's name that would steer the terminal does not") {
    auto out = overview();
    LnsStatus lns;
    lns.name = "lns/office";
    lns.refusals.push_back({kNow, "192.0.2.1:1701", "\x1b[2Jroot", Stage::ppp, "unknown user"});
    out.lnss.push_back(lns);
    const auto text = shown(out);
    CHECK_FALSE(has(text, "\x1b"));
    CHECK(has(text, "?[2Jroot"));
}

TEST_CASE("columns are as wide as their widest cell in characters, and lines have no blanks at their end") {
    cli::Table table({"NAME", "X"});
    table.add({"m\u00fcller", ""});
    table.add({"abcdef", "1"});
    CHECK(table.text() == "NAME    X\nm\u00fcller\nabcdef  1\n");
}
