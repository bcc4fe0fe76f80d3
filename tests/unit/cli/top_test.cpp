#include "cli/top.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace keel::cli;
using nlohmann::json;

namespace {

constexpr Terminal kClassic{.columns = 80, .colours = false};

json session(int id, const char* user, double rx, double tx) {
    return {{"tunnel", 7},
            {"id", id},
            {"connection", "lns/office"},
            {"user", user},
            {"state", "up"},
            {"phase", "running"},
            {"remote", "10.9.0." + std::to_string(id)},
            {"rx_bytes", rx},
            {"tx_bytes", tx},
            {"echo", {{"sent", 10}, {"lost", id == 3 ? 2 : 0}}}};
}

json overview(double octets) {
    return {
        {"version", "0.1.0"},
        {"host_name", "gw"},
        {"daemon", {{"uptime_ms", 7200000.0}}},
        {"charon", {{"state", "ready"}, {"version", "5.9.8"}}},
        {"connections",
         {{{"name", "lns/office"},
           {"role", "lns"},
           {"state", "listening"},
           {"listen", {"192.0.2.9"}},
           {"why", nullptr},
           {"refusals",
            {{{"ago_ms", 61000},
              {"peer", "192.0.2.7:1701"},
              {"user", "eve"},
              {"stage", "ppp"},
              {"message", "unknown user"}}}}},
          {{"name", "lac/branch"},
           {"role", "lac"},
           {"state", "waiting"},
           {"stage", "ike"},
           {"peer", nullptr},
           {"retry_in_ms", 4000},
           {"why",
            {{"stage", "ike"},
             {"message", "the keys differ"},
             {"remedy", "check both"},
             {"ago_ms", 2000}}}}}},
        {"tunnels", {{{"id", 7}, {"mark", 5}}}},
        {"sessions", {session(2, "bob", 1000 + octets, 500), session(3, "alice", 1000, 500 + 2 * octets)}}};
}

const json kIpsec = {
    {"peers", {{{"connection", "lns/office"}, {"sas", {{{"mark", 5}, {"rekey_in_ms", 600000}}}}}}}};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines{""};
    for (const char c : text) {
        if (c == '\n')
            lines.emplace_back();
        else
            lines.back() += c;
    }
    return lines;
}

Top running() {
    Top top;
    top.overview(overview(0), 0);
    top.ipsec(kIpsec, 0);
    top.overview(overview(4096), 2000);
    return top;
}

std::vector<std::string> users(const Top& top) {
    std::vector<std::string> out;
    for (const auto& row : top.rows()) out.push_back(row.user);
    return out;
}

}  // namespace

TEST_CASE("a screen of 80x24: what runs with rates, loss and rekeying; below, the last errors and the keys") {
    auto top = running();
    const auto lines = lines_of(top.screen(kClassic, 24, 5000));
    REQUIRE(lines.size() == 24);
    for (const auto& line : lines) CHECK(width_of(line) <= 80);
    CHECK(lines[0] == "keel2tp top: gw, keel2tpd 0.1.0 up 2 h, strongSwan 5.9.8");
    CHECK(lines[1] == "2 connections, 1 well, 2 sessions, in 2.0KB/s, out 4.0KB/s, sorted by connection");
    CHECK(lines[3] == "CONNECTION  USER   STAGE     ADDRESS   IN/s  OUT/s  LOSS  REKEY");
    CHECK(lines[4] == "lac/branch  -      retry 4s  -            -      -     -      -");
    CHECK(lines[5] == "lns/office  bob    up        10.9.0.2  2.0K      0    0%     9m");
    CHECK(lines[6] == "lns/office  alice  up        10.9.0.3     0   4.0K   20%     9m");
    CHECK(lines[21] == "  2s ago  lac/branch: ike failed: the keys differ; check both");
    CHECK(lines[22] == " 61s ago  lns/office refused 192.0.2.7:1701 eve: unknown user");
    CHECK(lines[23].starts_with("q quit  sort: c connection"));
}

TEST_CASE("keys sort, turn the order, scroll and quit") {
    auto top = running();
    CHECK(users(top) == std::vector<std::string>{"-", "bob", "alice"});
    CHECK(top.key('u'));
    CHECK(users(top) == std::vector<std::string>{"-", "alice", "bob"});
    CHECK(top.key('o'));  // the busiest first, what has no rate last
    CHECK(users(top) == std::vector<std::string>{"alice", "bob", "-"});
    CHECK(top.key('-'));
    CHECK(users(top) == std::vector<std::string>{"bob", "alice", "-"});
    CHECK(top.key('.'));
    CHECK(lines_of(top.screen(kClassic, 24, 5000))[4].find("alice") != std::string::npos);
    for (int i = 0; i < 9; ++i) CHECK(top.key('>'));
    CHECK(
        lines_of(top.screen(kClassic, 24, 5000))[4].starts_with("lac/branch"));  // never beyond the last row
    CHECK(top.key('\0'));
    CHECK_FALSE(top.key('q'));
}

TEST_CASE("no rate before the second answer, none where a counter fell, none of a session that is new") {
    Top top;
    top.overview(overview(4096), 0);
    CHECK(std::ranges::none_of(top.rows(), [](const TopRow& row) { return row.in_rate.has_value(); }));
    top.overview(overview(0), 1000);
    const auto rows = top.rows();
    CHECK_FALSE(rows[1].in_rate);
    auto more = overview(0);
    more["sessions"].push_back(session(9, "carol", 1, 1));
    top.overview(more, 2000);
    CHECK_FALSE(top.rows()[3].in_rate);
    CHECK(top.rows()[1].in_rate == 0.0);
}

TEST_CASE("a daemon that does not answer is told, what it said last stays") {
    auto top = running();
    top.failed("keel2tpd does not run");
    auto lines = lines_of(top.screen(kClassic, 24, 5000));
    CHECK(lines[1] == "keel2tpd does not run");
    CHECK(lines[5].find("bob") != std::string::npos);
    top.overview(overview(4096), 6000);
    CHECK(lines_of(top.screen(kClassic, 24, 7000))[1].starts_with("2 connections"));
}

TEST_CASE("any size of the terminal gives a screen of that size") {
    auto top = running();
    for (const std::size_t columns : {1, 5, 20, 40, 79, 200}) {
        for (const std::size_t rows : {1, 2, 3, 6, 10, 50}) {
            CAPTURE(columns);
            CAPTURE(rows);
            const auto lines = lines_of(top.screen({.columns = columns, .colours = false}, rows, 0));
            CHECK(lines.size() == rows);
            if (columns >= 20)
                for (const auto& line : lines) CHECK(width_of(line) <= columns);
        }
    }
}

TEST_CASE("an empty house is a screen, too") {
    Top top;
    CHECK(lines_of(top.screen(kClassic, 24, 0)).size() == 24);
    CHECK(top.to_json(0) == json::array());
}
