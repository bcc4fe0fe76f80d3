#include "api/service.hpp"

#include <doctest/doctest.h>

using keel::api::Service;
using nlohmann::json;

namespace {

const Service kService("1.2.3", [] { return json{{"host_name", "lns \xff"}}; });

json reply(std::string_view call) {
    const auto text = kService.call(call);
    REQUIRE(text);
    return json::parse(*text);
}

}  // namespace

TEST_CASE("Show gives the overview; what peers told need not be UTF-8") {
    CHECK(reply(R"({"method": "org.keel2tp.Show"})")["parameters"]["overview"]["host_name"] == "lns \uFFFD");
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
    CHECK(kService.call(R"({"method": "org.keel2tp.Show", "oneway": true})")->empty());
    for (const char* bad : {"", "{", "[]", "5", R"({"method": 5})", R"({"call": "org.keel2tp.Show"})"}) {
        CAPTURE(bad);
        CHECK_FALSE(kService.call(bad));
    }
}
