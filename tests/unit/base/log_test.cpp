#include "base/log.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <vector>

using namespace keel;

namespace {

struct Kept final : Log {
    explicit Kept(LogLevel most_verbose) : most_verbose_(most_verbose) {}
    [[nodiscard]] bool wants(LogLevel level, std::string_view) const override {
        return level <= most_verbose_;
    }
    void write(const Record& record) override { lines.push_back(to_text(record)); }

    std::vector<std::string> lines;

private:
    LogLevel most_verbose_;
};

}  // namespace

TEST_CASE("a log line is one line, whatever a peer put into it") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const LogLevels levels;
    StreamLog log(ends[1], levels, true);
    log.notice("tunnel.up", {{"peer", "evil\n<3>forged"}});
    log.debug("tunnel.unwanted", {});
    close(ends[1]);
    char buffer[256];
    const auto length = read(ends[0], buffer, sizeof buffer);
    close(ends[0]);
    REQUIRE(length > 0);
    CHECK(std::string(buffer, static_cast<std::size_t>(length)) ==
          "<5>id=tunnel.up peer=\"evil?<3>forged\"\n");
}

TEST_CASE("values of a key=value line are quoted where they need it") {
    const std::vector<Field> fields{{"plain", "plain"},
                                    {"blank", "two words"},
                                    {"nothing", ""},
                                    {"quote", "a\"b\\"},
                                    {"count", 7u},
                                    {"yes", true},
                                    {"took_ms", milliseconds(1500)},
                                    {"below", -3},
                                    {"load", 0.5}};
    CHECK(
        to_text({LogLevel::info, "daemon.running", fields}) ==
        "id=daemon.running plain=plain blank=\"two words\" nothing=\"\" quote=\"a\\\"b\\\\\" count=7 yes=yes "
        "took_ms=1500 below=-3 load=0.5");
}

TEST_CASE("what steers a terminal, or is no UTF-8, is not logged") {
    const std::vector<Field> fields{{"user", "x\xc2\x9b\xff"}};
    CHECK(to_text({LogLevel::info, "session.up", fields}) == "id=session.up user=x??");
}

TEST_CASE("an area may have a level of its own, for as long as it is set") {
    LogLevels levels(LogLevel::notice);
    CHECK_FALSE(levels.wants(LogLevel::info, "ppp"));
    levels.set("ppp", LogLevel::debug);
    levels.set("no-area", LogLevel::debug);
    CHECK(levels.wants(LogLevel::debug, "ppp"));
    CHECK_FALSE(levels.wants(LogLevel::info, "session"));
    CHECK_FALSE(levels.wants(LogLevel::info, "no-area"));
    levels.set(LogLevel::error);
    CHECK(levels.wants(LogLevel::debug, "ppp"));
    CHECK_FALSE(levels.wants(LogLevel::warning, "session"));
    levels.set("ppp", std::nullopt);
    CHECK_FALSE(levels.wants(LogLevel::warning, "ppp"));
}

TEST_CASE("a record tells its area and its fields") {
    const std::vector<Field> fields{{"session", 12u}};
    const Record record{LogLevel::notice, "session.up", fields};
    CHECK(record.area() == "session");
    REQUIRE(record.find("session"));
    CHECK(*record.find("session") == Field::Value(std::uint64_t{12}));
    CHECK_FALSE(record.find("user"));
}

TEST_CASE("a hub hands a record to those that want it") {
    Kept all(LogLevel::debug), few(LogLevel::error);
    LogHub hub;
    hub.attach(all);
    hub.attach(few);
    hub.notice("a.notice", {});
    hub.error("an.error", {});
    hub.detach(all);
    hub.notice("a.second", {});
    CHECK(all.lines == std::vector<std::string>{"id=a.notice", "id=an.error"});
    CHECK(few.lines == std::vector<std::string>{"id=an.error"});
}
