#include "base/log.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

TEST_CASE("a log line is one line, whatever a peer put into it") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    keel::StreamLog log(ends[1], keel::LogLevel::info, true);
    log.notice("peer={}", "evil\n<3>forged");
    log.debug("not wanted");
    close(ends[1]);
    char buffer[256];
    const auto length = read(ends[0], buffer, sizeof buffer);
    close(ends[0]);
    REQUIRE(length > 0);
    CHECK(std::string(buffer, static_cast<std::size_t>(length)) == "<5>peer=evil?<3>forged\n");
}

TEST_CASE("values of a key=value line are quoted where they need it") {
    CHECK(keel::quote("plain") == "plain");
    CHECK(keel::quote("two words") == "\"two words\"");
    CHECK(keel::quote("") == "\"\"");
    CHECK(keel::quote("a\"b\\") == "\"a\\\"b\\\\\"");
}
