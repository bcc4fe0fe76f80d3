#include "l2tp/reliable.hpp"

#include <doctest/doctest.h>

#include "l2tp/timers.hpp"
#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::control;
using Verdict = Reliable::Verdict;

namespace {

// One end; the test plays the other with bare numbers.
struct End {
    explicit End(ReliableState state = {}) : reliable(std::move(state)) {}

    Verdict receive(std::uint16_t ns, std::uint16_t nr, bool zlb = false) {
        const ControlHeader header{1, 0, ns, nr};
        return reliable.receive(now, header, control(header, Bytes(zlb ? 0 : 8)), zlb, limits, acknowledged);
    }
    void queue(LocalSessionId session = {}) { reliable.queue(control({9, 0, 0, 0}, Bytes(8)), session); }
    // Ns of the messages that go now; a ZLB counts in `zlbs`.
    std::vector<std::uint16_t> sent() {
        std::vector<std::uint16_t> out;
        while (const auto bytes = reliable.poll_transmit(now, 9, limits)) {
            const Datagram datagram = read_datagram(*bytes);
            last = datagram.header;
            if (datagram.body.empty()) {
                ++zlbs;
            } else {
                out.push_back(datagram.header.ns);
            }
        }
        return out;
    }

    ReliableLimits limits;
    Reliable reliable;
    Time now{};
    std::vector<LocalSessionId> acknowledged;
    ControlHeader last;
    int zlbs = 0;
};

using Numbers = std::vector<std::uint16_t>;

}  // namespace

TEST_CASE("RFC 2661 5.8: the intervals 1, 2, 4, 8, 8 s, and a cycle of 31 s") {
    const ReliableLimits limits;
    for (const auto& [n, wanted] : {std::pair{0u, 1}, {1u, 2}, {2u, 4}, {3u, 8}, {4u, 8}, {40u, 8}}) {
        CHECK(limits.interval(n) == seconds(wanted));
    }
    CHECK(limits.cycle() == seconds(31));
}

TEST_CASE("a message that is never acknowledged is sent six times and then given up") {
    End end;
    end.queue();
    CHECK(end.sent() == Numbers{0});
    for (const int at : {1, 3, 7, 15, 23}) {
        end.now = Time(seconds(at) - milliseconds(1));
        CHECK(end.reliable.on_timeout(end.now, end.limits));
        CHECK(end.sent().empty());
        end.now = Time(seconds(at));
        CHECK(end.reliable.next_timeout() == end.now);
        CHECK(end.reliable.on_timeout(end.now, end.limits));
        CHECK(end.sent() == Numbers{0});
    }
    end.now = Time(seconds(31));
    CHECK_FALSE(end.reliable.on_timeout(end.now, end.limits));
}

TEST_CASE("appendix A: slow start, then one more each window, and a window of one after a loss") {
    End end;
    end.reliable.set_peer_window(4);
    for (int i = 0; i < 20; ++i) end.queue();
    CHECK(end.sent() == Numbers{0});
    end.receive(0, 1, true);
    CHECK(end.sent() == Numbers{1, 2});
    end.receive(0, 2, true);
    CHECK(end.sent() == Numbers{3, 4});
    end.receive(0, 3, true);
    CHECK(end.sent() == Numbers{5, 6});
    end.receive(0, 4, true);  // the peer's window is the limit
    CHECK(end.sent() == Numbers{7});
    end.now += seconds(1);
    CHECK(end.reliable.on_timeout(end.now, end.limits));
    CHECK(end.sent() == Numbers{4});
    CHECK(end.reliable.state().ssthresh == 2);
    end.receive(0, 8, true);  // only 4 had been lost
    CHECK(end.sent() == Numbers{8, 9});
    CHECK(end.reliable.state().retransmitted == 1);
    end.receive(0, 9, true);  // congestion avoidance: two acknowledgements for one more
    CHECK(end.sent() == Numbers{10});
    end.receive(0, 10, true);
    CHECK(end.sent() == Numbers{11, 12});
}

TEST_CASE("a peer's window of 1 is kept to") {
    End end;
    end.reliable.set_peer_window(1);
    for (int i = 0; i < 3; ++i) end.queue();
    for (std::uint16_t i = 0; i < 3; ++i) {
        CHECK(end.sent() == Numbers{i});
        end.receive(0, static_cast<std::uint16_t>(i + 1), true);
    }
    CHECK(end.sent().empty());
    CHECK(end.reliable.all_acknowledged());
    CHECK_FALSE(end.reliable.next_timeout());
}

TEST_CASE("every message but a ZLB is acknowledged, at once, unless something else carries Nr") {
    End end;
    CHECK(end.receive(0, 0) == Verdict::deliver);
    CHECK(end.sent().empty());
    CHECK(end.zlbs == 1);
    CHECK(end.last == ControlHeader{9, 0, 0, 1});
    CHECK(end.receive(1, 0, true) == Verdict::nothing);  // a ZLB's Ns is of no account
    CHECK(end.sent().empty());
    CHECK(end.zlbs == 1);
    CHECK(end.receive(1, 0) == Verdict::deliver);
    end.queue();
    CHECK(end.sent() == Numbers{0});
    CHECK(end.last.nr == 2);
    CHECK(end.zlbs == 1);
}

TEST_CASE("a duplicate is acknowledged again and not delivered") {
    End end;
    end.receive(0, 0);
    end.sent();
    CHECK(end.receive(0, 0) == Verdict::duplicate);
    end.sent();
    CHECK(end.zlbs == 2);
    CHECK(end.last.nr == 1);
}

TEST_CASE("early messages wait for the missing one, wherever it stood") {
    End end;
    CHECK(end.receive(2, 0) == Verdict::nothing);
    CHECK(end.receive(1, 0) == Verdict::nothing);
    CHECK(end.receive(2, 0) == Verdict::duplicate);
    CHECK_FALSE(end.reliable.take_early(end.now));
    CHECK(end.receive(0, 0) == Verdict::deliver);
    CHECK(read_datagram(*end.reliable.take_early(end.now)).header.ns == 1);
    CHECK(read_datagram(*end.reliable.take_early(end.now)).header.ns == 2);
    CHECK_FALSE(end.reliable.take_early(end.now));
    end.sent();
    CHECK(end.last.nr == 3);
    CHECK(end.zlbs == 1);
}

TEST_CASE("what is beyond the window is dropped") {
    End end;
    CHECK(end.receive(7, 0) == Verdict::nothing);
    CHECK(end.receive(8, 0) == Verdict::dropped);
    CHECK(end.receive(32767, 0) == Verdict::dropped);
    CHECK(end.reliable.state().early.size() == 1);
}

TEST_CASE("RFC 2661 5.8's own example: after 15, 0..15 and 32784..65535 are old") {
    for (std::uint32_t ns = 0; ns <= 0xffff; ++ns) {
        ReliableState state;
        state.nr = 16;
        End end(state);
        const bool old = ns <= 15 || ns >= 32784;
        CHECK((end.receive(static_cast<std::uint16_t>(ns), 0) == Verdict::duplicate) == old);
    }
}

TEST_CASE("numbers wrap on both sides") {
    ReliableState state;
    state.oldest = 0xffff;
    state.nr = 0xffff;
    End end(state);
    end.reliable.set_peer_window(4);
    for (int i = 0; i < 3; ++i) end.queue();
    CHECK(end.sent() == Numbers{0xffff});
    CHECK(end.receive(0xffff, 0) == Verdict::deliver);
    CHECK(end.sent() == Numbers{0, 1});
    CHECK(end.last.nr == 0);
    CHECK(end.receive(0, 2) == Verdict::deliver);
    CHECK(end.reliable.all_acknowledged());
}

TEST_CASE("an Nr that acknowledges what was never sent changes nothing") {
    End end;
    end.queue();
    end.sent();
    CHECK(end.receive(0, 2) == Verdict::impossible_nr);
    CHECK(end.reliable.state().nr == 0);
    CHECK_FALSE(end.reliable.all_acknowledged());
    CHECK(end.receive(0, 1) == Verdict::deliver);
    CHECK(end.receive(1, 0) == Verdict::deliver);  // overtaken: its Nr is old
    CHECK(end.reliable.all_acknowledged());
}

TEST_CASE("the sessions whose messages were acknowledged are told, in order") {
    End end;
    end.reliable.set_peer_window(8);
    for (const unsigned id : {5u, 0u, 6u}) end.queue(LocalSessionId(id));
    end.sent();
    end.receive(0, 1, true);
    end.sent();
    end.receive(0, 3, true);
    CHECK(end.acknowledged == std::vector{LocalSessionId(5), LocalSessionId(6)});
}

TEST_CASE("what a session had sent that is over counts for no later one of its id") {
    End end;
    end.reliable.set_peer_window(8);
    end.queue(LocalSessionId(5));
    end.sent();
    end.reliable.disown(LocalSessionId(5));
    end.queue(LocalSessionId(5));
    end.receive(0, 1, true);
    CHECK(end.acknowledged.empty());
    end.sent();
    end.receive(0, 2, true);
    CHECK(end.acknowledged == std::vector{LocalSessionId(5)});
}

TEST_CASE("timers come in order of time, whatever is added, set, moved, cleared and removed between") {
    struct Kept {
        Timers::Timer timer;
        std::optional<Time> at;
    };
    std::mt19937 engine(3);
    Timers timers;
    std::vector<Kept> store(200);
    const auto owner = [](std::size_t i) {
        return Timers::Owner{LocalTunnelId(7), LocalSessionId(static_cast<std::uint32_t>(i))};
    };
    for (std::size_t i = 0; i < store.size(); ++i) store[i].timer = timers.add(owner(i));
    for (int round = 0; round < 20000; ++round) {
        const std::size_t chosen = engine() % store.size();
        Kept& kept = store[chosen];
        if (engine() % 8 == 0) {
            timers.remove(kept.timer);
            kept = {timers.add(owner(chosen)), std::nullopt};
        } else {
            kept.at.reset();
            if (engine() % 4 != 0) kept.at = Time(milliseconds(engine() % 1000));
            timers.set(kept.timer, kept.at);
        }
        std::optional<Time> least;
        for (const Kept& each : store) {
            if (each.at && (!least || *each.at < *least)) least = each.at;
        }
        REQUIRE(timers.next() == least);
        if (engine() % 3 != 0) continue;
        const Time now{milliseconds(engine() % 1000)};
        const auto due = timers.take_due(now);
        REQUIRE(due.has_value() == (least && *least <= now));
        if (!due) continue;
        Kept& expired = store.at(due->session.value);
        REQUIRE(expired.at == least);
        expired.at.reset();
    }
}
