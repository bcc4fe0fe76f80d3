#include "metrics/families.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "metrics/exposition.hpp"

namespace {

using namespace keel;
using namespace keel::lifecycle;
using namespace keel::metrics;

void put(Collector& collector, LogLevel level, std::string_view id, std::initializer_list<Field> fields) {
    const Record record{level, id, fields};
    if (collector.wants(level, record.area())) collector.write(record);
}

// Something of everything.
void fill(Collector& collector) {
    put(collector, LogLevel::notice, "connection.up",
        {{"connection", "lac/branch"}, {"ike_ms", milliseconds(300)}, {"l2tp_ms", milliseconds(40)}});
    put(collector, LogLevel::notice, "tunnel.up",
        {{"connection", "lns/office"}, {"took_ms", milliseconds(20)}});
    put(collector, LogLevel::notice, "session.up", {{"connection", "lns/office"}, {"user", "alice"}});
    put(collector, LogLevel::debug, "session.negotiated",
        {{"lcp_ms", milliseconds(1000)},
         {"authentication_ms", milliseconds(5)},
         {"ipcp_ms", milliseconds(7)}});
    put(collector, LogLevel::debug, "session.ppp-ended", {{"cause", "echo-lost"}});
    put(collector, LogLevel::warning, "connection.lost",
        {{"connection", "lac/branch"}, {"stage", "tunnel"}, {"cause", "timeout"}, {"why", "secret words"}});
    put(collector, LogLevel::warning, "connection.refused",
        {{"connection", "lns/office"}, {"user", "mallory"}, {"stage", "ppp"}, {"cause", "denied"}});
    put(collector, LogLevel::error, "ipsec.charon-lost", {{"why", "it is gone"}});
}

std::string filled(const Collector& collector) {
    Overview overview;
    overview.charon = {.ready = true, .version = "5.9.8", .why = std::nullopt};
    overview.guard = GuardCounters{1, 2, 3};
    overview.control.retransmitted = 4;
    overview.lacs.push_back({});
    overview.lacs.back().name = "lac/branch";
    overview.lacs.back().state = LacStatus::State::up;
    overview.lnss.push_back({});
    overview.lnss.back().name = "lns/office";
    overview.lnss.back().pool_size = 254;
    overview.lnss.back().pool_used = 2;
    SessionStatus session{};
    session.connection = "lns/office";
    session.user = "alice";
    session.up = true;
    overview.sessions.push_back(session);
    Traffic sum;
    sum.data.tx_bytes = 7;
    sum.data.rx_bytes = std::uint64_t{1} << 53;
    sum.echo = {10, 9};
    const std::map<std::string, Traffic> traffic{{"lns/office", sum}};
    ProcessFacts process;
    process.version = "1.2\"3\\4\n";
    process.cpu_seconds = 0.25;
    return exposition({.overview = overview, .traffic = traffic, .collector = collector, .process = process});
}

std::string filled() {
    Collector collector;
    fill(collector);
    return filled(collector);
}

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::set<std::string> families_of(const std::string& text) {
    std::set<std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) names.insert(line.substr(7, line.find(' ', 7) - 7));
    }
    return names;
}

}  // namespace

TEST_CASE("promtool finds nothing to say of the exposition") {
    char path[] = "/tmp/keel2tp-metrics-XXXXXX";
    const int fd = ::mkstemp(path);
    REQUIRE(fd >= 0);
    const std::string text = filled();
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(fd);
    const std::string command = std::string("promtool check metrics < ") + path + " 2>&1";
    FILE* const tool = ::popen(command.c_str(), "r");  // Debian package prometheus, see tests/packages
    REQUIRE(tool);
    std::string said;
    for (char part[256]; std::fgets(part, sizeof part, tool);) said += part;
    const int status = ::pclose(tool);
    ::unlink(path);
    CHECK_MESSAGE(status == 0, said);
    CHECK(said.empty());
}

TEST_CASE("what is so now, and what has happened") {
    const std::string text = filled();
    for (const char* line : {
             R"(keel2tp_connection_up{connection="lac/branch",role="lac"} 1)",
             R"(keel2tp_connection_up{connection="lns/office",role="lns"} 0)",
             R"(keel2tp_client_state{connection="lac/branch",state="up"} 1)",
             R"(keel2tp_client_state{connection="lac/branch",state="waiting"} 0)",
             R"(keel2tp_sessions{connection="lns/office",state="up"} 1)",
             R"(keel2tp_sessions{connection="lac/branch",state="up"} 0)",
             R"(keel2tp_pool_addresses{connection="lns/office"} 254)",
             R"(keel2tp_pool_addresses_used{connection="lns/office"} 2)",
             R"(keel2tp_receive_bytes_total{connection="lns/office"} 9007199254740992)",
             R"(keel2tp_receive_bytes_total{connection="lac/branch"} 0)",
             R"(keel2tp_lcp_echo_requests_total{connection="lns/office"} 10)",
             R"(keel2tp_lcp_echo_replies_total{connection="lns/office"} 9)",
             R"(keel2tp_connection_failures_total{connection="lac/branch",stage="tunnel",cause="timeout"} 1)",
             R"(keel2tp_refusals_total{connection="lns/office",stage="ppp",cause="denied"} 1)",
             R"(keel2tp_sessions_started_total{connection="lns/office"} 1)",
             R"(keel2tp_setup_duration_seconds_bucket{stage="ike",le="0.25"} 0)",
             R"(keel2tp_setup_duration_seconds_bucket{stage="ike",le="0.5"} 1)",
             R"(keel2tp_setup_duration_seconds_count{stage="l2tp"} 2)",
             R"(keel2tp_setup_duration_seconds_bucket{stage="lcp",le="1"} 1)",
             R"(keel2tp_setup_duration_seconds_sum{stage="ipcp"} 0.007)",
             R"(keel2tp_control_messages_retransmitted_total 4)",
             R"(keel2tp_guard_dropped_packets_total{kind="cleartext-out"} 2)",
             R"(keel2tp_charon_up 1)",
             R"(keel2tp_charon_info{version="5.9.8"} 1)",
             R"(keel2tp_charon_losses_total 1)",
             R"(keel2tp_pppd_exits_total{cause="echo-lost"} 1)",
             R"(process_cpu_seconds_total 0.25)",
             R"(keel2tp_build_info{version="1.2\"3\\4\n"} 1)",
         }) {
        CHECK_MESSAGE(has_line(text, line), line);
    }
}

TEST_CASE("no user, no peer and no words of theirs are labels") {
    const std::string text = filled();
    for (const char* word : {"alice", "mallory", "secret words"}) CHECK(text.find(word) == std::string::npos);
}

TEST_CASE("series are bounded, whatever the records say") {
    Collector collector;
    for (std::size_t i = 0; i < Collector::kMostSeries + 100; ++i) {
        put(collector, LogLevel::warning, "connection.failed",
            {{"connection", std::to_string(i)}, {"stage", "ike"}, {"cause", "timeout"}});
    }
    CHECK(collector.failures().size() == Collector::kMostSeries);
}

TEST_CASE("the dashboard names no metric that is not there") {
    std::ifstream file(KEEL2TP_ROOT "/packaging/grafana/keel2tp.json");
    REQUIRE(file);
    const auto dashboard = nlohmann::json::parse(file);
    const std::set<std::string> families = families_of(filled());
    std::size_t named = 0;
    const std::regex name("(?:keel2tp|process)_[a-z0-9_]+");
    for (const auto& panel : dashboard.at("panels")) {
        for (const auto& target : panel.value("targets", nlohmann::json::array())) {
            const std::string expression = target.at("expr");
            for (std::sregex_iterator found(expression.begin(), expression.end(), name), end; found != end;
                 ++found) {
                ++named;
                std::string family = std::regex_replace(found->str(), std::regex("_bucket$"), "");
                CHECK_MESSAGE(families.contains(family), found->str());
            }
        }
    }
    CHECK(named > 20);
}
