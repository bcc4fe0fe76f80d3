#include "cli/explain.hpp"

#include <doctest/doctest.h>

#include <cerrno>

#include "cli/plan.hpp"
#include "cli/select.hpp"

using namespace keel::cli;
using nlohmann::json;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

const std::vector<std::string> kKnown{"lns/office", "lns/lab", "lac/branch", "lac/lab"};

json overview() {
    return {
        {"connections",
         {{{"name", "lns/office"}, {"state", "listening"}}, {{"name", "lac/branch"}, {"state", "waiting"}}}},
        {"sessions",
         {{{"id", 12},
           {"user", "alice"},
           {"connection", "lns/office"},
           {"state", "up"},
           {"phase", "running"}},
          {{"id", 13},
           {"user", "bob"},
           {"connection", "lns/office"},
           {"state", "connecting"},
           {"phase", "lcp"}}}}};
}

}  // namespace

TEST_CASE("each error says what to do next") {
    struct Case {
        keel::Error error;
        const char *message, *remedy;
    };
    const Case cases[] = {
        {no_daemon("/run/x", ENOENT), "keel2tpd does not run", "systemctl start keel2tp"},
        {no_daemon("/run/x", ETIMEDOUT), "does not answer on /run/x", "keel2tp doctor"},
        {no_permission("/run/x", "vpn"), "you may not use /run/x", "member of the group vpn"},
        {no_permission("/run/x", ""), "you may not use", "control.read-group"},
        {explain("org.varlink.service.PermissionDenied", json::object(), "vpn"), "does not let you",
         "control.admin-group"},
        {explain("org.keel2tp.Conflict", {{"hash", "abc"}}, ""), "its hash is abc now",
         "keel2tp show config"},
        {explain("org.keel2tp.Refused", {{"message", "nothing waits"}, {"remedy", "apply first"}}, ""),
         "nothing waits", "apply first"},
        {explain("org.keel2tp.NotFound", {{"kind", "user"}, {"name", "alcie"}, {"known", {"alice", "bob"}}},
                 ""),
         "no user \"alcie\"", "did you mean \"alice\"?"},
        {explain("org.varlink.service.MethodNotFound", {{"method", "org.keel2tp.Plan"}}, ""),
         "org.keel2tp.Plan", "of one version"},
        {explain("org.keel2tp.Whatever", {{"a", "\x1b[2J"}}, ""), "org.keel2tp.Whatever", "of one version"},
    };
    for (const Case& one : cases) {
        CAPTURE(one.error.text());
        CHECK(has(one.error.message, one.message));
        CHECK(has(one.error.remedy, one.remedy));
        CHECK_FALSE(has(one.error.text(), "\x1b"));
    }
}

TEST_CASE("a connection may be called by its bare name where only one can be meant") {
    CHECK(*full_name("office", kKnown) == "lns/office");
    CHECK(*full_name("lac/lab", kKnown) == "lac/lab");
    CHECK(full_name("lab", kKnown).error().message == "\"lab\" may be lns/lab or lac/lab");
    CHECK(full_name("offcie", kKnown).error().remedy == "did you mean \"lns/office\"?");
    CHECK(full_name("zzz", kKnown).error().remedy == "there are lns/office, lns/lab, lac/branch, lac/lab");
    CHECK(full_name("x", {}).error().remedy == "there is no connection at all now");
    CHECK(full_name("\x1b[2J", kKnown).error().message == "there is no connection \"?[2J\"");
}

TEST_CASE("filters choose; a name that nobody has is an error, an empty choice is none") {
    const auto sessions = overview()["sessions"];
    const auto ids = [&](Filter filter) {
        std::vector<int> out;
        const json chosen = select("sessions", sessions, filter, overview()).value();
        for (const json& entry : chosen) out.push_back(entry["id"]);
        return out;
    };
    CHECK(ids({}) == std::vector{12, 13});
    CHECK(ids({.names = {"bob"}, .user = {}, .connection = {}, .state = {}}) == std::vector{13});
    CHECK(ids({.names = {"12"}, .user = {}, .connection = {}, .state = {}}) == std::vector{12});
    CHECK(ids({.names = {}, .user = "alice", .connection = "office", .state = "up"}) == std::vector{12});
    CHECK(ids({.names = {}, .user = {}, .connection = {}, .state = "lcp"}) == std::vector{13});
    CHECK(ids({.names = {}, .user = {}, .connection = "branch", .state = {}}).empty());
    const auto unknown = select("sessions", sessions,
                                {.names = {"alcie"}, .user = {}, .connection = {}, .state = {}}, overview());
    CHECK(unknown.error().message == "there is no session \"alcie\"");
    CHECK(unknown.error().remedy == "did you mean \"alice\"?");
    const auto connections = overview()["connections"];
    CHECK(select("connections", connections, {.names = {"branch"}, .user = {}, .connection = {}, .state = {}},
                 overview())
              ->size() == 1);
    CHECK(select("connections", connections, {.names = {}, .user = "bob", .connection = {}, .state = {}},
                 overview())
              ->at(0)["name"] == "lns/office");
}

TEST_CASE("faults of a file are told by place, for editors to jump to") {
    const json parameters = {
        {"faults",
         {{{"pointer", "/lns/office/users"}, {"line", 12}, {"column", 5}, {"message", "is no object"}},
          {{"pointer", ""}, {"line", 0}, {"column", 0}, {"message", "is empty\x1b"}}}}};
    CHECK(faults_text(parameters, "office.json") ==
          "office.json:12:5: /lns/office/users: is no object\n"
          "office.json: is empty?\n"
          "keel2tp: office.json has 2 faults; nothing was changed; mend them and try again\n");
}

TEST_CASE("a plan tells each object's change, its effect, and whose sessions end") {
    const json plan = {
        {"changes",
         {{{"object", "lns/office/users/alice"},
           {"change", "changed"},
           {"what", {"password"}},
           {"effect", "next"},
           {"note", ""},
           {"sessions", json::array()}},
          {{"object", "lns/lab"},
           {"change", "removed"},
           {"what", json::array()},
           {"effect", "drops"},
           {"note", ""},
           {"sessions",
            {{{"session", 12}, {"user", "bob"}, {"connection", "lns/lab"}, {"peer", "192.0.2.1:1701"}}}}}}},
        {"drops", 1}};
    CHECK(plan_text(plan, false) ==
          "OBJECT                  CHANGE   WHAT      EFFECT\n"
          "lns/office/users/alice  changed  password  from the next session\n"
          "lns/lab                 removed            drops 1 session\n"
          "\n"
          "WOULD DROP  USER  CONNECTION  PEER\n"
          "session 12  bob   lns/lab     192.0.2.1:1701\n"
          "\n"
          "2 changes; this drops 1 session\n");
    CHECK(plan_exit_code(plan) == 2);
    CHECK(plan_exit_code({{"changes", json::array()}, {"drops", 0}}) == 0);
    CHECK(plan_text({{"changes", json::array()}, {"drops", 0}}, true) == "nothing to change\n");
}
