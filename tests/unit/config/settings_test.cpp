// What is the daemon's own: control interface, log, metrics; and when two configurations are the same.
#include <doctest/doctest.h>

#include <string>

#include "config/parse.hpp"

using keel::LogLevel;
using keel::config::LogSettings;
using keel::config::parse;

namespace {

keel::Result<keel::Secret> read_secret(const std::string& path) {
    return keel::Secret("secret of " + path);
}

keel::config::Config config_of(const std::string& text) {
    auto parsed = parse(text, read_secret);
    REQUIRE(parsed);
    return std::move(*parsed);
}

std::string fault_at(const std::string& text, const std::string& pointer) {
    const auto parsed = parse(text, read_secret);
    if (parsed || parsed.error().size() != 1 || parsed.error()[0].pointer != pointer) return "(another)";
    return parsed.error()[0].message;
}

}  // namespace

TEST_CASE("control, log and metrics have their defaults") {
    const auto config = config_of("{}");
    CHECK(config.control.socket == "/run/keel2tp/control.sock");
    CHECK(config.control.read_group.empty());
    CHECK(config.control.admin_group.empty());
    CHECK(config.log.format == LogSettings::Format::text);
    CHECK(config.log.level == LogLevel::info);
    CHECK(config.log.levels.empty());
    CHECK_FALSE(config.metrics.listen);
    CHECK(config.metrics.textfile.empty());
}

TEST_CASE("control, log and metrics as they can be set") {
    const auto config = config_of(R"({
        "control": {"read-group": "operators", "admin-group": "netadmin"},
        "log": {"format": "json", "level": "notice", "levels": {"ipsec": "debug", "session": "error"}},
        "metrics": {"listen": "[::1]:9465", "textfile": "/var/lib/node/keel2tp.prom"}})");
    CHECK(config.control.read_group == "operators");
    CHECK(config.control.admin_group == "netadmin");
    CHECK(config.log.format == LogSettings::Format::json);
    CHECK(config.log.level == LogLevel::notice);
    CHECK(config.log.levels.at("ipsec") == LogLevel::debug);
    CHECK(config.log.levels.at("session") == LogLevel::error);
    CHECK(config.metrics.listen->text() == "[::1]:9465");
    CHECK(config.metrics.textfile == "/var/lib/node/keel2tp.prom");
}

TEST_CASE("what they cannot be") {
    for (const auto* listen : {"127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "localhost:9465", "::1:9465",
                               "[127.0.0.1]:9465", ":9465", "127.0.0.1:94 65", ""}) {
        CAPTURE(listen);
        CHECK(fault_at(R"({"metrics": {"listen": ")" + std::string(listen) + R"("}})", "/metrics/listen")
                  .contains("not an address and port"));
    }
    CHECK(fault_at(R"({"metrics": {"textfile": "/tmp/keel2tp.txt"}})", "/metrics/textfile") != "(another)");
    CHECK(fault_at(R"({"control": {"read-group": "a b"}})", "/control/read-group") != "(another)");
    CHECK_FALSE(parse(R"({"log": {"levels": {"sesion": "debug"}}})", read_secret));
    CHECK(fault_at(R"({"log": {"levels": {"session": "loud"}}})", "/log/levels/session") != "(another)");
}

TEST_CASE("two configurations are equal when they say the same, secrets included") {
    const auto lns = [](const std::string& psk, const std::string& password, const std::string& dns) {
        return config_of(R"({"lns": {"a": {"listen": ["192.0.2.2"], "ipsec": {"psk": )" + psk +
                         R"(}, "ppp": {"local-address": "10.9.0.1", "pool": ["10.9.0.0/24"], "dns": [)" +
                         dns + R"(]}, "users": {"u": {"password": )" + password + "}}}}}");
    };
    const auto base = lns(R"("one")", R"("two")", R"("10.9.0.1")");
    CHECK((base == lns(R"("one")", R"("two")", R"("10.9.0.1")")));
    CHECK((base != lns(R"("ons")", R"("two")", R"("10.9.0.1")")));
    CHECK((base != lns(R"("one")", R"("twp")", R"("10.9.0.1")")));
    CHECK((base != lns(R"("one")", R"("two")", R"("10.9.0.2")")));
    CHECK((lns(R"({"file": "/k"})", R"("two")", "") == lns(R"("secret of /k")", R"("two")", "")));
    CHECK((config_of("{}") != config_of(R"({"log": {"level": "debug"}})")));
}
