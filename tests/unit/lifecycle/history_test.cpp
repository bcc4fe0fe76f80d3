#include <doctest/doctest.h>

#include "lifecycle/reason.hpp"
#include "pair.hpp"

namespace {

using namespace keel;
using namespace keel::lifecycle;
using keel::test::Pair;
using To = Transition::To;

constexpr Time kStart{seconds(1000)};

Time at(int s) {
    return kStart + seconds(s);
}

Error says(std::string message, ErrorCode code = ErrorCode::timeout) {
    return {code, std::move(message), "do this"};
}

void fail_once(History& history, int second, Stage stage, const Error& why) {
    history.add(at(second), To::connecting, Stage::resolve);
    history.failed(at(second + 1), stage, why);
}

std::vector<To> states(const std::deque<Transition>& entries) {
    std::vector<To> out;
    for (const Transition& entry : entries) out.push_back(entry.to);
    return out;
}

}  // namespace

TEST_CASE("tries that fail in the same way are one entry, with a count and the newest time") {
    History history;
    for (int i = 0; i < 100; ++i) {
        fail_once(
            history, i * 10, Stage::ike,
            says(i % 2 ? "no answer from 192.0.2.1 within 30 s" : "no answer from 192.0.2.20 within 31 s"));
    }
    REQUIRE(history.entries().size() == 1);
    const Transition& entry = history.entries().back();
    CHECK(entry.to == To::failed);
    CHECK(entry.count == 100);
    CHECK(entry.first == at(1));
    CHECK(entry.at == at(991));
    CHECK(entry.why->message == "no answer from 192.0.2.1 within 30 s");
}

TEST_CASE("failures that take turns are kept apart, and what came before them stays in sight") {
    History history;
    history.add(at(0), To::up);
    history.add(at(1), To::lost, Stage::tunnel, says("the peer stopped acknowledging"));
    for (int i = 0; i < 50; ++i) {
        fail_once(history, 10 + i * 10, Stage::ike, says("no answer"));
        fail_once(history, 15 + i * 10, Stage::ppp, says("wrong password", ErrorCode::denied));
    }
    CHECK(states(history.entries()) == std::vector{To::up, To::lost, To::failed, To::failed});
    CHECK(history.entries()[2].stage == Stage::ike);
    CHECK(history.entries()[3].count == 50);
}

TEST_CASE("a success ends the folding; a try that goes on tells how far it has come") {
    History history;
    fail_once(history, 0, Stage::ike, says("no answer"));
    history.add(at(10), To::connecting, Stage::resolve);
    history.reached(Stage::tunnel);
    CHECK(history.entries().back().stage == Stage::tunnel);
    history.add(at(12), To::up);
    history.add(at(20), To::lost, Stage::tunnel, says("gone"));
    fail_once(history, 21, Stage::ike, says("no answer"));
    CHECK(states(history.entries()) == std::vector{To::failed, To::connecting, To::up, To::lost, To::failed});
    CHECK(history.entries().back().count == 1);
}

TEST_CASE("twenty are kept, the newest") {
    History history;
    for (int i = 0; i < 30; ++i) history.add(at(i), i % 2 ? To::down : To::listening);
    REQUIRE(history.entries().size() == History::kKept);
    CHECK(history.entries().front().at == at(10));
    CHECK(history.entries().back().at == at(29));
    // Different failures without end, too: a peer chooses its words.
    for (int i = 0; i < 100; ++i)
        fail_once(history, 100 + i, Stage::tunnel, says(std::string(static_cast<std::size_t>(i), 'x')));
    CHECK(history.entries().size() == History::kKept);
}

TEST_CASE("a client's history: connecting, up, lost with its reason, up again") {
    Pair pair;
    pair.to_up();
    CHECK(states(pair.branch().history) == std::vector{To::connecting, To::up});
    CHECK(pair.branch().history[0].stage == Stage::routes);
    pair.lns.receive(pair.now, PppExited{PppId(1), PppExited::Cause::stopped, "told to stop"});
    pair.exchange();
    pair.pppds_obey();
    CHECK(states(pair.branch().history) == std::vector{To::connecting, To::up, To::lost});
    const Transition lost = pair.branch().history.back();
    CHECK(lost.stage == Stage::session);
    CHECK(lost.why->peer.result == 3);
    CHECK(lost.why->peer.disconnect == 1);
    CHECK_FALSE(lost.why->remedy.empty());
    pair.pass(seconds(2));
    CHECK(pair.branch().history.back().to == To::connecting);
}

TEST_CASE("a server's history: listening, and down while charon is away") {
    Pair pair;
    pair.start();
    CHECK(states(pair.office().history) == std::vector{To::down, To::listening});
    pair.lns.receive(pair.now, IpsecLost{says("charon went", ErrorCode::unavailable)});
    pair.lns.receive(pair.now, IpsecLost{says("charon went", ErrorCode::unavailable)});
    CHECK(states(pair.office().history) == std::vector{To::down, To::listening, To::down});
    CHECK(pair.office().history.back().stage == Stage::ike);
    CHECK(pair.office().history.back().why->message == "charon went");
    pair.lns.receive(pair.now, IpsecReady{"5.9.8"});
    CHECK(pair.office().history.back().to == To::listening);
    pair.lns.stop(pair.now);
    CHECK(pair.office().history.back().to == To::stopped);
}

TEST_CASE("every end that is not asked for has a remedy, and the peer's codes are told") {
    using Cause = l2tp::DownReason::Cause;
    for (const auto scope : {l2tp::DownReason::Scope::tunnel, l2tp::DownReason::Scope::session}) {
        for (std::uint16_t result = 0; result < 16; ++result) {
            const Error error = error_of(l2tp::DownReason{Cause::peer, result, 4, "words", scope});
            CHECK_MESSAGE(!error.remedy.empty(), result);
            CHECK(error.peer.result == result);
            CHECK(error.peer.error == 4);
            CHECK(error.message.find("words") != std::string::npos);
        }
    }
    for (const Cause cause : {Cause::timeout, Cause::protocol, Cause::collision}) {
        const Error error = error_of(l2tp::DownReason{cause, 2, 0, "words"});
        CHECK_FALSE(error.remedy.empty());
        CHECK(error.peer.result == 0);  // ours, not the peer's
    }
    for (int i = 0; i <= static_cast<int>(PppExited::Cause::error); ++i) {
        const auto cause = static_cast<PppExited::Cause>(i);
        if (cause == PppExited::Cause::stopped) continue;
        CHECK_MESSAGE(!error_of(PppExited{PppId(1), cause, "words"}, false).remedy.empty(), i);
    }
}
