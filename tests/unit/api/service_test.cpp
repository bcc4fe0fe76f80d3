#include "api/service.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include "api/methods.hpp"
#include "recording_house.hpp"

using namespace keel::api;
using nlohmann::json;

namespace {

constexpr Caller kReader{.access = Access::read, .uid = 1000};
constexpr Caller kAdmin{.access = Access::admin, .uid = 0};

struct Lines final : keel::Log {
    [[nodiscard]] bool wants(keel::LogLevel level, std::string_view) const override {
        return level <= keel::LogLevel::info;
    }
    void write(const keel::Record& record) override { said.push_back(keel::to_text(record)); }
    std::vector<std::string> said;
};

struct Bench {
    RecordingHouse house;
    Monitor monitor{[] { return WallTime(); }};
    Lines log;
    Service service{"1.2.3", house, monitor, log};

    Reply called(std::string_view call, const Caller& caller = kAdmin) {
        std::optional<Reply> said;
        service.call(call, caller, [&said](Reply reply) {
            REQUIRE_FALSE(said);
            said = std::move(reply);
        });
        REQUIRE(said);
        return std::move(*said);
    }

    json reply(const json& call, const Caller& caller = kAdmin) {
        const auto said = called(call.dump(), caller);
        CHECK_FALSE(said.hang_up);
        REQUIRE_FALSE(said.text.empty());
        return json::parse(said.text);
    }

    json reply(const char* method, const json& parameters, const Caller& caller = kAdmin) {
        return reply({{"method", method}, {"parameters", parameters}}, caller);
    }
};

std::string file(const char* path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

// The names behind "method " or "error " in the interface file.
std::set<std::string> declared(const char* keyword) {
    const std::string text = file(KEEL_SOURCE_DIR "/schemas/org.keel2tp.varlink");
    REQUIRE_FALSE(text.empty());
    const std::regex pattern(std::string("(?:^|\n)") + keyword + " ([A-Za-z0-9]+)");
    std::set<std::string> names;
    for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it)
        names.insert((*it)[1]);
    return names;
}

}  // namespace

TEST_CASE("the table has the methods of the interface file, and no other") {
    std::set<std::string> names{"Monitor"};
    for (const Method& method : methods()) names.emplace(method.name);
    CHECK(names == declared("method"));
}

TEST_CASE("a name in the interface file means one thing: types, methods and errors share theirs") {
    std::set<std::string> names;
    for (const char* keyword : {"type", "method", "error"}) {
        for (const std::string& name : declared(keyword)) CHECK(names.insert(name).second);
    }
    CHECK(names.size() > 25);
}

TEST_CASE("what peers told need not be UTF-8") {
    class Latin1House final : public House {
        Outcome show() override { return json{{"host_name", "lns \xff"}}; }
    } house;
    Bench bench;
    const Service service("1", house, bench.monitor, bench.log);
    std::string said;
    service.call(R"({"method": "org.keel2tp.Show"})", kAdmin,
                 [&said](const Reply& reply) { said = reply.text; });
    CHECK(json::parse(said)["parameters"]["host_name"] == "lns \uFFFD");
}

TEST_CASE("parameters arrive typed; null is absent") {
    Bench bench;
    const auto asked = [&bench](const char* method, const json& parameters) {
        return bench.reply(method, parameters)["parameters"].value("asked", std::string("?"));
    };
    CHECK(asked("org.keel2tp.Show", json::object()) == "show");
    CHECK(asked("org.keel2tp.Users", {{"connection", nullptr}}) == "users -");
    CHECK(asked("org.keel2tp.Users", {{"connection", "lns/office"}}) == "users lns/office");
    CHECK(asked("org.keel2tp.Plan", {{"config", "{}"}}) == "plan {} by 0");
    CHECK(asked("org.keel2tp.Confirm", json::object()) == "confirm false");
    CHECK(asked("org.keel2tp.Confirm", {{"save", true}}) == "confirm true");
    CHECK(asked("org.keel2tp.Restart", {{"name", "office"}}) == "restart office");
    CHECK(asked("org.keel2tp.Drop", {{"session", 12}}) == "drop 12 - -");
    CHECK(asked("org.keel2tp.Drop", {{"user", "bob"}, {"connection", "lns/office"}}) ==
          "drop - bob lns/office");
    CHECK(asked("org.keel2tp.SetLog", {{"level", "debug"}}) == "set_log - debug");
    CHECK(asked("org.keel2tp.SetLog", {{"area", "ppp"}, {"level", "default"}}) == "set_log ppp default");
}

TEST_CASE("Apply is answered when all has settled") {
    Bench bench;
    std::string said;
    bench.service.call(
        R"({"method": "org.keel2tp.Apply",
            "parameters": {"config": "{}", "confirm_timeout_ms": 60000, "if_hash": "abc", "save": true}})",
        kAdmin, [&said](const Reply& reply) { said = reply.text; });
    CHECK(said.empty());
    CHECK(bench.house.asked == std::vector<std::string>{"apply {} 60000 abc true"});
    bench.house.pending(conflict("def"));
    CHECK(json::parse(said) == json{{"error", "org.keel2tp.Conflict"}, {"parameters", {{"hash", "def"}}}});
}

TEST_CASE("a parameter that is missing, unknown or of another type is named, and nothing is done") {
    struct Wrong {
        const char* method;
        json parameters;
        const char* at_fault;
    };
    const std::vector<Wrong> cases = {
        {"Show", {{"verbose", true}}, "verbose"},
        {"Users", {{"connection", 5}}, "connection"},
        {"Plan", json::object(), "config"},
        {"Plan", {{"config", {{"lns", json::object()}}}}, "config"},  // text is meant: it has line numbers
        {"Apply", {{"config", "{}"}, {"confirm_timeout_ms", -1}}, "confirm_timeout_ms"},
        {"Apply", {{"config", "{}"}, {"confirm_timeout_ms", 1.5}}, "confirm_timeout_ms"},
        {"Apply", {{"config", "{}"}, {"confirm_timeout_ms", 1ULL << 40}}, "confirm_timeout_ms"},
        {"Apply", {{"config", "{}"}, {"save", "yes"}}, "save"},
        {"Apply", {{"config", "{}"}, {"sav", true}}, "sav"},
        {"Confirm", {{"save", 1}}, "save"},
        {"Rollback", {{"to", 2}}, "to"},
        {"Up", json::object(), "name"},
        {"Up", {{"name", nullptr}}, "name"},
        {"Drop", json::object(), "session"},
        {"Drop", {{"session", 1ULL << 32}}, "session"},
        {"Drop", {{"session", "12"}}, "session"},
        {"SetLog", {{"level", "loud"}}, "level"},
        {"SetLog", {{"level", "default"}}, "level"},  // the general level has no other behind it
    };
    Bench bench;
    for (const Wrong& wrong : cases) {
        CAPTURE(wrong.method);
        CAPTURE(wrong.parameters.dump());
        CHECK(bench.reply((std::string("org.keel2tp.") + wrong.method).c_str(), wrong.parameters) ==
              json{{"error", "org.varlink.service.InvalidParameter"},
                   {"parameters", {{"parameter", wrong.at_fault}}}});
    }
    CHECK(bench.house.asked.empty());
}

TEST_CASE("a reader reads; what changes anything is for admins") {
    Bench bench;
    const std::set<std::string_view> read = {"Show", "Ipsec", "Users", "Metrics", "GetConfig", "GetLog"};
    for (const Method& method : methods()) {
        CAPTURE(method.name);
        const std::string name = "org.keel2tp." + std::string(method.name);
        const json reply = bench.reply(name.c_str(), json::object(), kReader);
        CHECK((reply.value("error", "") == "org.varlink.service.PermissionDenied") ==
              !read.contains(method.name));
        const json nobodys = bench.reply(name.c_str(), json::object(), Caller{});
        CHECK(nobodys.value("error", "") == "org.varlink.service.PermissionDenied");
    }
    CHECK(bench.house.asked.size() == read.size());
}

TEST_CASE("what a House does not do is said in varlink's words") {
    House nothing;
    Bench bench;
    const Service service("1", nothing, bench.monitor, bench.log);
    for (const Method& method : methods()) {
        const json call = {{"method", "org.keel2tp." + std::string(method.name)}};
        std::string said;
        service.call(call.dump(), kAdmin, [&said](const Reply& reply) { said = reply.text; });
        const json error = json::parse(said)["error"];
        CHECK((error == "org.varlink.service.MethodNotImplemented" ||
               error == "org.varlink.service.InvalidParameter"));  // what the method takes was not given
    }
}

TEST_CASE("who changed something is known afterwards; who only looked is not") {
    Bench bench;
    (void)bench.reply("org.keel2tp.Show", json::object());
    (void)bench.reply("org.keel2tp.Down", {{"name", "office"}});
    (void)bench.reply("org.keel2tp.Down", json::object());
    (void)bench.reply("org.keel2tp.Down", {{"name", "office"}}, kReader);  // could fill the log
    CHECK(bench.log.said == std::vector<std::string>{"id=control.done method=Down uid=0 pid=0",
                                                     "id=control.refused method=Down uid=0 pid=0 "
                                                     "error=org.varlink.service.InvalidParameter"});
}

TEST_CASE("Monitor streams to who calls it with more") {
    Bench bench;
    const json call = {{"method", "org.keel2tp.Monitor"},
                       {"parameters", {{"ids", {"session"}}, {"level", "notice"}}},
                       {"more", true}};
    const Reply reply = bench.called(call.dump(), kReader);
    CHECK(reply.text.empty());
    REQUIRE(reply.events);
    CHECK(reply.events->filter().ids == std::vector<std::string>{"session"});
    CHECK(reply.events->filter().level == keel::LogLevel::notice);
    const auto error = [&bench](const json& parameters, bool more, const Caller& caller = kReader) {
        return bench.reply({{"method", "org.keel2tp.Monitor"}, {"parameters", parameters}, {"more", more}},
                           caller);
    };
    CHECK(error(json::object(), false)["error"] == "org.varlink.service.ExpectedMore");
    CHECK(error(json::object(), true, Caller{})["error"] == "org.varlink.service.PermissionDenied");
    CHECK(error({{"ids", "session"}}, true)["parameters"]["parameter"] == "ids");
    CHECK(error({{"ids", {"sesion.up"}}}, true)["parameters"]["parameter"] == "ids");
    CHECK(error({{"ids", {"session.*", "session.upp"}}}, true)["parameters"]["parameter"] == "ids");
    CHECK(error({{"ids", std::vector<std::string>(65, "session")}}, true)["parameters"]["parameter"] ==
          "ids");
    CHECK(error({{"level", "loud"}}, true)["parameters"]["parameter"] == "level");
    CHECK(error({{"follow", true}}, true)["parameters"]["parameter"] == "follow");
    const json silent = {{"method", "org.keel2tp.Monitor"}, {"more", true}, {"oneway", true}};
    CHECK_FALSE(bench.called(silent.dump()).events);
}

TEST_CASE("a varlink client can ask what there is") {
    Bench bench;
    const auto info = bench.reply("org.varlink.service.GetInfo", json::object(), Caller{})["parameters"];
    CHECK(info["version"] == "1.2.3");
    CHECK(info["interfaces"] == json{"org.varlink.service", "org.keel2tp"});
    for (const std::string interface : info["interfaces"]) {
        const auto reply =
            bench.reply("org.varlink.service.GetInterfaceDescription", {{"interface", interface}});
        CHECK(reply["parameters"]["description"].get<std::string>().find("\ninterface " + interface + "\n") !=
              std::string::npos);
    }
}

TEST_CASE("what is not there is said in varlink's words") {
    Bench bench;
    const auto error = [&bench](const json& call) { return bench.reply(call)["error"]; };
    const std::string varlink = "org.varlink.service.";
    CHECK(error({{"method", "org.keel2tp.Fly"}}) == varlink + "MethodNotFound");
    CHECK(error({{"method", "org.varlink.service.Fly"}}) == varlink + "MethodNotFound");
    CHECK(error({{"method", "org.example.Show"}}) == varlink + "InterfaceNotFound");
    CHECK(error({{"method", "Show"}}) == varlink + "InterfaceNotFound");
    const std::string describe = varlink + "GetInterfaceDescription";
    CHECK(error({{"method", describe}, {"parameters", {{"interface", 5}}}}) == varlink + "InvalidParameter");
    CHECK(error({{"method", describe}, {"parameters", 5}}) == varlink + "InvalidParameter");
    CHECK(error({{"method", describe}, {"parameters", {{"interface", "org.example"}}}}) ==
          varlink + "InterfaceNotFound");
    CHECK(error({{"method", "org.keel2tp.Show"}, {"oneway", "yes"}}) == varlink + "InvalidParameter");
    CHECK(error({{"method", "org.keel2tp.Show"}, {"upgrade", true}}) == varlink + "InvalidParameter");
    CHECK(bench.house.asked.empty());
}

TEST_CASE("a oneway call is done and has no reply; what is no call is an error") {
    Bench bench;
    for (const char* call : {R"({"method": "org.keel2tp.Save", "oneway": true})",
                             R"({"method": "org.keel2tp.Ipsec", "oneway": true})",
                             R"({"method": "org.keel2tp.Fly", "oneway": true})"}) {
        const Reply reply = bench.called(call);
        CHECK(reply.text.empty());
        CHECK_FALSE(reply.hang_up);
    }
    CHECK(bench.house.asked == std::vector<std::string>{"save", "ipsec"});
    for (const char* bad : {"", "{", "[]", "5", R"({"method": 5})", R"({"call": "org.keel2tp.Show"})"}) {
        CAPTURE(bad);
        const Reply reply = bench.called(bad);
        CHECK(reply.hang_up);
        CHECK(json::parse(reply.text)["error"] == "org.keel2tp.Refused");
    }
}
