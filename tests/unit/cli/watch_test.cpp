#include <doctest/doctest.h>
#include <stdlib.h>

#include <ctime>

#include "cli/event_line.hpp"
#include "cli/show.hpp"
#include "cli/trace.hpp"

using namespace keel::cli;
using nlohmann::json;

namespace {

json sccrq() {
    return {{"time", "2026-01-02T03:04:05.678Z"},
            {"direction", "sent"},
            {"local", "192.0.2.1:1701"},
            {"remote", "192.0.2.2:1701"},
            {"message", "SCCRQ"},
            {"ns", 0},
            {"nr", 0},
            {"tunnel", 0},
            {"session", 0},
            {"avps",
             {{{"name", "host name"}, {"value", "br\x1b[2Janch"}, {"mandatory", true}, {"hidden", false}},
              {{"name", "challenge"}, {"value", nullptr}, {"mandatory", true}, {"hidden", true}}}},
            {"octets", "c802000c00000000"},
            {"note", "retransmission"}};
}

}  // namespace

TEST_CASE("an event is a line: local time, connection, what happened") {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    const json event =
        json::parse(R"({"time": "2026-01-02T03:04:05.678Z", "level": "notice", "id": "session.up",
        "area": "session", "connection": "lns/office", "mtu": 1400, "user": "al\u001bice"})");
    CHECK(event_line(event) == "03:04:05.678  lns/office        session.up  mtu 1400, user al?ice\n");
    CHECK(event_line({{"id", "daemon.ready"}, {"time", "soon"}}) ==
          "soon          -                 daemon.ready\n");
}

TEST_CASE("a long event is wrapped below its own words") {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    const json event = {{"time", "2026-01-02T03:04:05.678Z"},
                        {"level", "error"},
                        {"id", "ipsec.failed"},
                        {"connection", "lac/branch"},
                        {"message", "the pre-shared keys differ, or so it seems"}};
    CHECK(event_line(event, {.columns = 64, .colours = false}) ==
          "03:04:05.678  lac/branch        ipsec.failed  message the\n"
          "                                pre-shared keys differ, or so it\n"
          "                                seems\n");
}

TEST_CASE("a traced message tells its header and its AVPs") {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    CHECK(trace_text(json::array({sccrq()})) ==
          "03:04:05.678  -> SCCRQ  ns 0 nr 0, tunnel 0, session 0  to 192.0.2.2:1701 (retransmission)\n"
          "      host name [M]: br?[2Janch\n"
          "      challenge [MH]: (blanked)\n");
    CHECK(trace_text(json::array()) == "no control messages yet\n");
}

TEST_CASE("a pcap has each message in its IP and UDP header, with checksums that hold") {
    const auto file = trace_pcap(json::array({sccrq()}));
    REQUIRE(file);
    const auto octets = [&file](std::size_t at, std::size_t count) {
        std::string out;
        for (const char c : file->substr(at, count)) {
            constexpr const char* kDigits = "0123456789abcdef";
            out += kDigits[static_cast<unsigned char>(c) >> 4];
            out += kDigits[static_cast<unsigned char>(c) & 15];
        }
        return out;
    };
    REQUIRE(file->size() == 24 + 16 + 20 + 8 + 8);
    CHECK(octets(0, 24) ==
          "a1b2c3d4"
          "00020004"
          "0000000000000000"
          "0000ffff"
          "00000065");
    CHECK(octets(24, 16) ==
          "695735a5"
          "000a5870"
          "00000024"
          "00000024");
    CHECK(octets(40, 20) ==
          "45000024"
          "00000000"
          "4011f6c5"
          "c0000201"
          "c0000202");
    CHECK(octets(60, 6) == "06a506a50010");
    CHECK(octets(68, 8) == "c802000c00000000");
}

TEST_CASE("a trace that is not as it should be is no pcap") {
    for (const char* key : {"octets", "local", "remote"}) {
        json message = sccrq();
        message[key] = "x";
        CHECK_FALSE(trace_pcap(json::array({message})));
    }
    json mixed = sccrq();
    mixed["remote"] = "[2001:db8::1]:1701";
    CHECK_FALSE(trace_pcap(json::array({mixed})));
    mixed["local"] = "[2001:db8::2]:1701";
    CHECK(trace_pcap(json::array({mixed}))->size() == 24 + 16 + 40 + 8 + 8);
}

TEST_CASE("one connection in detail: why, what to do, the way up, its last transitions") {
    const json connection =
        json::parse(R"({"name": "lac/branch", "role": "lac", "state": "waiting", "stage": "ike",
        "server": "vpn.example.net", "peer": null, "retry_in_ms": 4000, "attempts": 3, "in_state_ms": 1500,
        "why": {"stage": "ike", "message": "the pre-shared keys differ", "remedy": "check both", "ago_ms": 2000,
                "cause": "denied", "notify": "AUTHENTICATION_FAILED"},
        "timeline": [{"stage": "resolve", "ms": 2.4}, {"stage": "ike", "ms": 40}],
        "history": [{"state": "up", "stage": null, "why": null, "ago_ms": 60000, "first_ago_ms": 60000, "count": 1},
                    {"state": "failed", "stage": "ike", "ago_ms": 2000, "first_ago_ms": 9000, "count": 3,
                     "why": {"message": "the pre-shared keys differ", "remedy": "check both"}}]})");
    const json overview = {{"tunnels", json::array()}, {"sessions", json::array()}, {"sas", json::array()}};
    CHECK(connection_text(connection, overview) ==
          "connection    lac/branch\n"
          "state         waiting, for 1 s\n"
          "server        vpn.example.net\n"
          "next try      in 4 s\n"
          "tries         3\n"
          "why           2 s ago, ike failed: the pre-shared keys differ\n"
          "notify        AUTHENTICATION_FAILED\n"
          "what to do    check both\n"
          "\n"
          "STAGE     TOOK  AFTER\n"
          "resolve   2 ms   2 ms\n"
          "ike      40 ms  42 ms\n"
          "\n"
          "WHEN      STATE   STAGE  WHY\n"
          "60 s ago  up      -\n"
          "2 s ago   failed  ike    3 times since 9 s ago: the pre-shared keys differ; check both\n");
}

TEST_CASE("the configuration is shown with where it stands; nothing in it steers the terminal") {
    const json answer = {{"config", {{"lns", {{"off\u009bice", json::object()}}}}},
                         {"hash", "abc"},
                         {"saved", false},
                         {"confirm_in_ms", 42000},
                         {"previous", 2}};
    CHECK(config_text(answer) ==
          "hash      abc\n"
          "saved     no: a restart brings the saved one back; keel2tp save keeps this one\n"
          "confirm   within 42 s, or it is rolled back: keel2tp confirm\n"
          "rollback  2 configurations to go back to\n"
          "\n"
          "{\n  \"lns\": {\n    \"off\\u009bice\": {}\n  }\n}\n");
}
