// What is said of a name or word that is not known.
#include "config/suggestion.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "config/parse.hpp"

using keel::config::Fault;
using keel::config::likely_meant;

namespace {

const std::vector<std::string> kKnown{"listen",         "ipsec", "users", "unprotected",
                                      "hello-interval", "ppp",   "psk"};

std::string message(const std::string& text, std::string_view pointer) {
    const auto parsed = keel::config::parse(
        text, [](const std::string&) -> keel::Result<keel::Secret> { return keel::Secret("x"); });
    if (parsed) return "(valid)";
    const auto found = std::ranges::find(parsed.error(), pointer, &Fault::pointer);
    return found == parsed.error().end() ? "(no such fault)" : found->message;
}

}  // namespace

TEST_CASE("a word that is nearly one of the known") {
    const std::pair<const char*, const char*> rows[] = {{"listne", "listen"},
                                                        {"lsten", "listen"},
                                                        {"Listen", "listen"},
                                                        {"uesrs", "users"},
                                                        {"user", "users"},
                                                        {"hello_interval", "hello-interval"},
                                                        {"pp", "ppp"},
                                                        {"hello", "hello-interval"},
                                                        {"unprotectde", "unprotected"},
                                                        {"ipsek", "ipsec"},
                                                        {"hellointerval", "hello-interval"}};
    for (const auto& [word, expected] : rows) {
        CAPTURE(word);
        CHECK(likely_meant(word, kKnown) == expected);
    }
}

TEST_CASE("a word that is none of them") {
    for (const std::string word : {"", "x", "certificate", "on", "\xff\xfe"}) {
        CAPTURE(word);
        CHECK_FALSE(likely_meant(word, kKnown));
    }
    CHECK_FALSE(likely_meant(std::string(1'000'000, 'l'), kKnown));
}

TEST_CASE("unknown options are told with what was meant, or where they belong") {
    const auto in_lns = [](const std::string& more) {
        return R"({"lns": {"a": {"listen": ["192.0.2.2"], "unprotected": true,
            "ppp": {"local-address": "10.9.0.1", "pool": ["10.9.0.0/24"], "auth": []}, )" +
               more + "}}}";
    };
    CHECK(message(in_lns(R"("uesrs": {})"), "/lns/a/uesrs") == "is not known here; did you mean \"users\"?");
    CHECK(message(in_lns(R"("dns": [])"), "/lns/a/dns") == "is not known here; it belongs into \"ppp\"");
    CHECK(message(R"({"lac": {"b": {"ppp": {"routes": []}}}})", "/lac/b/ppp/routes") ==
          "is not known here; it belongs one level up, beside \"ppp\"");
    CHECK(message(R"({"certificates": 1})", "/certificates")
              .starts_with("is not known here; known are $schema, "));
    CHECK(message(R"({"log": {"level": "warn"}})", "/log/level").ends_with("; did you mean \"warning\"?"));
    CHECK(message(R"({"log": {"level": 4}})", "/log/level") ==
          R"(must be one of ["error","warning","notice","info","debug"])");
}

TEST_CASE("names that an object cannot have are told one by one, at the name") {
    CHECK(
        message(R"({"lns": {"a b": 1}})", "/lns/a b").starts_with("is no name for this: it does not match "));
    CHECK(message(R"({"log": {"levels": {"sesion": "debug"}}})", "/log/levels/sesion")
              .ends_with("; did you mean \"session\"?"));
}

TEST_CASE("bounds are told as what would be right") {
    const auto ppp = [](const std::string& more) {
        return R"({"lac": {"b": {"server": "x", "unprotected": true, "ppp": {"user": "u", "password": "p", )" +
               more + "}}}}";
    };
    CHECK(message(ppp(R"("mtu": 9001)"), "/lac/b/ppp/mtu") == "must be at most 9000");
    CHECK(message(ppp(R"("mtu": -1)"), "/lac/b/ppp/mtu") == "must be at least 0");
    CHECK(message(R"({"lns": {"a": {"listen": []}}})", "/lns/a/listen") == "must have at least 1 items");
    CHECK(message(R"({"lac": {"b": {"routes": ["x", "x"]}}})", "/lac/b/routes") == "has the same item twice");
    CHECK(message(R"({"lac": {"b": {"ppp": {"user": ""}}}})", "/lac/b/ppp/user") ==
          "must have at least 1 characters");
}

TEST_CASE("a text beyond all bounds is refused before a regular expression sees it") {
    const std::string text(2'000'000, 'a');
    CHECK(message(R"({"lac": {"b": {"server": ")" + text + R"("}}})", "/lac/b/server") ==
          "must have at most 4096 characters");
    CHECK(message(R"({"lns": {")" + text + R"(": {}}})", "/lns") == "must have at most 4096 characters");
}

TEST_CASE("a list beyond all bounds is refused before its items are compared with each other") {
    std::string list = "\"10.0.0.0/8\"";
    for (int i = 0; i < 100'000; ++i) list += ",\"10.0.0.0/8\"";
    CHECK(message(R"({"lac": {"b": {"routes": [)" + list + "]}}}", "/lac/b/routes") ==
          "must have at most 4096 items");
}
