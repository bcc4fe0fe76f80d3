#include "base/event_name.hpp"

#include <doctest/doctest.h>

using namespace keel;

TEST_CASE("events are named by id, by area, or by all of an area") {
    for (const char* name : {"session.up", "session", "session.*", "monitor.missed", "monitor.*"}) {
        CAPTURE(name);
        CHECK(names_events(name));
    }
    for (const char* name : {"", ".*", "session.upp", "sesion.*", "session.up.*", "*"}) {
        CAPTURE(name);
        CHECK_FALSE(names_events(name));
    }
    CHECK(area_meant("session.*") == "session");
    CHECK(area_meant("session.up").empty());
}
