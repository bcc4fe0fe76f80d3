// Secrets in the document itself: shown to nobody, and kept by {"unchanged": true}.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "config/parse.hpp"

using keel::config::inline_secrets;
using keel::config::parse_document;
using keel::config::redacted;

namespace {

keel::Result<keel::Secret> read_secret(const std::string& path) {
    return keel::Secret("secret of " + path);
}

// Each place that may hold a secret holds one, by each way.
const std::string kRunning = R"({
  "lns": {
    "a": { "listen": ["192.0.2.2", "192.0.2.3"],
      "ipsec": { "psks": { "192.0.2.2": "psk two", "192.0.2.3": {"file": "/three"} } },
      "tunnel": { "secret": "tunnel secret" },
      "ppp": { "local-address": "10.9.0.1",   "pool": ["10.9.0.0/24"] },
      "users": { "z~/ \"u": { "password": "user secret" }, "a": { "password": {"credential": "a"} } } }
  },
  "lac": { "b": { "server": "x", "ipsec": { "psk": "client psk" },
      "ppp": { "user": "u", "password": "client secret" } } }
})";

std::string with(std::string text, std::string_view old, std::string_view fresh) {
    const auto at = text.find(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), fresh);
}

}  // namespace

TEST_CASE("inline secrets are found, references are not") {
    CHECK(inline_secrets(kRunning) ==
          std::set<std::string>{"/lac/b/ipsec/psk", "/lac/b/ppp/password", "/lns/a/ipsec/psks/192.0.2.2",
                                "/lns/a/tunnel/secret", "/lns/a/users/z~0~1 \"u/password"});
    CHECK(inline_secrets("{").empty());
}

TEST_CASE("inline secrets are blanked wherever the schema has one, and nothing else is touched") {
    std::string expected = kRunning;
    for (const auto* secret :
         {"\"psk two\"", "\"tunnel secret\"", "\"user secret\"", "\"client psk\"", "\"client secret\""}) {
        expected = with(expected, secret, R"({"unchanged":true})");
    }
    CHECK(redacted(kRunning) == expected);
    CHECK(redacted("{}") == "{}");
    CHECK(redacted("no JSON") == "no JSON");
}

TEST_CASE("what was redacted can be applied again") {
    const auto running = parse_document(kRunning, read_secret);
    REQUIRE(running);
    CHECK(running->document == kRunning);
    const auto again = parse_document(redacted(kRunning), read_secret, {}, running->document);
    REQUIRE(again);
    CHECK((again->config == running->config));
    CHECK(again->document == kRunning);
}

TEST_CASE("an unchanged secret stays beside what changes, a reference as well") {
    const auto edited = with(with(redacted(kRunning), R"({"file": "/three"})", R"({"unchanged": true})"),
                             R"("server": "x")", R"("server": "y")");
    const auto parsed = parse_document(edited, read_secret, {}, kRunning);
    REQUIRE(parsed);
    CHECK(parsed->document == with(with(kRunning, R"("server": "x")", R"("server": "y")"),
                                   R"({"file": "/three"})", R"({"file":"/three"})"));
    CHECK(parsed->config.lac.at(0).server == "y");
    CHECK(keel::as_text(parsed->config.lac.at(0).password.reveal()) == "client secret");
    CHECK((parsed->config.lns == keel::config::parse(kRunning, read_secret)->lns));
}

TEST_CASE("an unchanged secret without one to keep is a fault that says so") {
    const std::string fresh = R"({"lac": {"new": {"server": "x", "unprotected": true,
        "ppp": {"user": "u", "password": {"unchanged": true}}}}})";
    const auto at_start = parse_document(fresh, read_secret);
    REQUIRE_FALSE(at_start);
    REQUIRE(at_start.error().size() == 1);
    CHECK(at_start.error()[0].pointer == "/lac/new/ppp/password");
    CHECK(at_start.error()[0].line == 2);
    CHECK(at_start.error()[0].column == 42);
    CHECK(at_start.error()[0].message.contains("`keel2tp apply`"));
    const auto renamed = parse_document(fresh, read_secret, {}, kRunning);
    REQUIRE_FALSE(renamed);
    REQUIRE(renamed.error().size() == 1);
    CHECK(renamed.error()[0].message.contains("no secret at this place"));
    for (const auto* running : {"", "[]", "{\"lac\": 5}"})
        CHECK_FALSE(parse_document(fresh, read_secret, {}, running));
    const auto not_true = parse_document(with(fresh, "true}", "false}"), read_secret, {}, kRunning);
    REQUIRE_FALSE(not_true);
    CHECK(not_true.error()[0].pointer == "/lac/new/ppp/password/unchanged");
}
