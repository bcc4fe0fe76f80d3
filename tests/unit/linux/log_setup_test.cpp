#include "linux/log_setup.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

using namespace keel;
using Format = config::LogSettings::Format;

namespace {

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() { REQUIRE(::pipe(ends) == 0); }
    ~Pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    [[nodiscard]] std::string said() const {
        char room[1024];
        const auto got = ::read(ends[0], room, sizeof room);
        return {room, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }
};

}  // namespace

TEST_CASE("levels and format follow the configuration, the command line before it") {
    Pipe pipe;
    LogSetup setup(pipe.ends[1], {"ppp=error"}, "");
    setup.follow({.format = Format::json,
                  .level = LogLevel::notice,
                  .levels = {{"session", LogLevel::debug}, {"ppp", LogLevel::debug}}});
    CHECK(setup.sink().wants(LogLevel::debug, "session"));
    CHECK_FALSE(setup.sink().wants(LogLevel::warning, "ppp"));
    CHECK_FALSE(setup.sink().wants(LogLevel::info, "tunnel"));
    setup.sink().notice("session.up", {{"user", "a b"}, {"session", 12u}});
    std::string line = pipe.said();
    const auto start = line.find('{');  // under journald, behind its priority
    REQUIRE(start != std::string::npos);
    const auto event = nlohmann::json::parse(line.substr(start));
    CHECK(event["id"] == "session.up");
    CHECK(event["user"] == "a b");
    CHECK(event["time"].get<std::string>().ends_with("Z"));
    CHECK(line.ends_with("}\n"));
    setup.follow({.format = Format::text, .level = LogLevel::info, .levels = {}});
    CHECK_FALSE(setup.sink().wants(LogLevel::debug, "session"));
    setup.sink().notice("session.up", {{"user", "a b"}});
    CHECK(pipe.said().ends_with("id=session.up user=\"a b\"\n"));
}

TEST_CASE("a format on the command line stays") {
    Pipe pipe;
    LogSetup setup(pipe.ends[1], {}, "json");
    setup.follow({.format = Format::text, .level = LogLevel::info, .levels = {}});
    setup.sink().notice("session.up", {});
    CHECK(pipe.said().find("\"id\":\"session.up\"") != std::string::npos);
}

TEST_CASE("what is a level, and what is not") {
    CHECK(LogSetup::is_level("debug"));
    CHECK(LogSetup::is_level("ppp=debug"));
    for (const char* wrong : {"", "loud", "=debug", "ppp=", "ppp=loud", "pp=debug", "ppp=debug=info"}) {
        CAPTURE(wrong);
        CHECK_FALSE(LogSetup::is_level(wrong));
    }
}
