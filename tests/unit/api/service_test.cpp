#include "api/service.hpp"

#include <doctest/doctest.h>

using keel::api::Service;
using nlohmann::json;

namespace {

const Service kService(
    "1.2.3",
    [] {
        return json{{"host_name", "lns \xff"}};
    },
    [](const Service::Told& told) {
        told({{"peers", json::array()}});
    });

keel::Result<std::string> called(const Service& service, std::string_view call) {
    std::optional<keel::Result<std::string>> said;
    service.call(call, [&said](keel::Result<std::string> reply) { said = std::move(reply); });
    REQUIRE(said);
    return std::move(*said);
}

json reply(std::string_view call) {
    const auto text = called(kService, call);
    REQUIRE(text);
    return json::parse(*text);
}

}  // namespace

TEST_CASE("Show gives the overview; what peers told need not be UTF-8") {
    CHECK(reply(R"({"method": "org.keel2tp.Show"})")["parameters"]["overview"]["host_name"] == "lns \uFFFD");
}

TEST_CASE("Ipsec may be answered later, when charon has spoken") {
    Service::Told tell;
    const Service later(
        "1", [] { return json::object(); }, [&tell](Service::Told told) { tell = std::move(told); });
    std::string said;
    later.call(R"({"method": "org.keel2tp.Ipsec"})",
               [&said](const keel::Result<std::string>& reply) { said = reply.value_or("an error"); });
    CHECK(said.empty());
    tell({{"peers", {1}}});
    CHECK(json::parse(said)["parameters"]["ipsec"]["peers"] == json{1});
}

TEST_CASE("a varlink client can ask what there is") {
    const auto info = reply(R"({"method": "org.varlink.service.GetInfo", "parameters": {}})")["parameters"];
    CHECK(info["version"] == "1.2.3");
    CHECK(info["interfaces"] == json{"org.varlink.service", "org.keel2tp"});
    const auto text = reply(R"({"method": "org.varlink.service.GetInterfaceDescription",
                                "parameters": {"interface": "org.keel2tp"}})")["parameters"]["description"];
    CHECK(text.get<std::string>().find("method Show()") != std::string::npos);
}

TEST_CASE("what is not there is said in varlink's words") {
    CHECK(reply(R"({"method": "org.keel2tp.Fly"})")["error"] == "org.varlink.service.MethodNotFound");
    CHECK(reply(R"({"method": "org.example.Show"})")["error"] == "org.varlink.service.InterfaceNotFound");
    CHECK(reply(R"({"method": "Show"})")["error"] == "org.varlink.service.InterfaceNotFound");
    CHECK(
        reply(R"({"method": "org.varlink.service.GetInterfaceDescription", "parameters": {"interface": 5}})")
            ["error"] == "org.varlink.service.InvalidParameter");
    CHECK(reply(R"({"method": "org.varlink.service.GetInterfaceDescription", "parameters": 5})")["error"] ==
          "org.varlink.service.InvalidParameter");
}

TEST_CASE("a oneway call has no reply, and what is no call is an error") {
    CHECK(called(kService, R"({"method": "org.keel2tp.Show", "oneway": true})")->empty());
    CHECK(called(kService, R"({"method": "org.keel2tp.Ipsec", "oneway": true})")->empty());
    for (const char* bad : {"", "{", "[]", "5", R"({"method": 5})", R"({"call": "org.keel2tp.Show"})"}) {
        CAPTURE(bad);
        CHECK_FALSE(called(kService, bad));
    }
}
