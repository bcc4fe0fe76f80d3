#include "cli/doctor_report.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "config/validate.hpp"

using namespace keel;
using doctor::Finding;
using doctor::Severity;

namespace {

const std::vector<Finding> kFindings{
    {Severity::ok, "clock", "the clock is synchronised", "", ""},
    {Severity::note, "daemon-stopped", "keel2tpd does not run", "/run/x", "start it"},
    {Severity::error, "port-1701-taken", "x\x1b[31ml2tpd holds it", "udp 1701", "stop it"},
    {Severity::warning, "ip-forward", "IPv4 is not forwarded", "net.ipv4.ip_forward", "set it"},
};

}  // namespace

TEST_CASE(
    "the worst comes first, what is fine is a number, and control characters do not reach the terminal") {
    CHECK(cli::doctor_text(kFindings, false) ==
          "error    x?[31ml2tpd holds it (udp 1701) [port-1701-taken]\n"
          "         -> stop it\n"
          "warning  IPv4 is not forwarded (net.ipv4.ip_forward) [ip-forward]\n"
          "         -> set it\n"
          "note     keel2tpd does not run (/run/x) [daemon-stopped]\n"
          "         -> start it\n"
          "\n"
          "1 error, 1 warning, 1 note; 1 check fine (--verbose lists them)\n");
    CHECK(cli::doctor_text(kFindings, true).find("ok       the clock is synchronised [clock]\n") !=
          std::string::npos);
    CHECK(cli::doctor_text({}, false) ==
          "0 errors, 0 warnings, 0 notes; 0 checks fine (--verbose lists them)\n");
}

TEST_CASE("as JSON it is what the schema says") {
    const auto json = cli::doctor_json(kFindings, "0.1.0", "/etc/keel2tp/keel2tp.json", true);
    CHECK(json["worst"] == "error");
    CHECK(json["counts"]["note"] == 1);
    CHECK(json["findings"][0]["id"] == "port-1701-taken");
    CHECK(json["findings"][3]["severity"] == "ok");

    std::ifstream file(DOCTOR_SCHEMA);
    const auto schema = nlohmann::json::parse(file);
    CHECK(config::validate(schema, json).empty());
    auto wrong = json;
    wrong["findings"][0].erase("remedy");
    CHECK_FALSE(config::validate(schema, wrong).empty());
}
