// Line and column of faults, and what is said of text that is no JSON, or would be taken for other than it
// is.
#include "config/positions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "config/parse.hpp"

using keel::config::Fault;
using keel::config::find_places;
using keel::config::Place;

namespace {

std::vector<Fault> faults_of(std::string_view text) {
    auto parsed = keel::config::parse(
        text, [](const std::string&) -> keel::Result<keel::Secret> { return keel::Secret("x"); });
    REQUIRE_FALSE(parsed);
    return parsed.error();
}

// "LINE:COLUMN: POINTER: MESSAGE" of the only fault.
std::string only(std::string_view text) {
    const auto faults = faults_of(text);
    REQUIRE(faults.size() == 1);
    const Fault& fault = faults.front();
    return std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": " + fault.pointer + ": " +
           fault.message;
}

std::string value_at(std::string_view text, const std::string& pointer) {
    const auto places = find_places(text, {pointer});
    if (!places.contains(pointer)) return "(nothing)";
    const Place& place = places.at(pointer);
    return std::string(text.substr(place.begin, place.end - place.begin));
}

}  // namespace

TEST_CASE("a place is the value's, from its first octet to its last") {
    const std::string text = R"( {"a": [1, {"b/c": "x]}\"," , "~": -1.5e3}], "\u0061\u0062": {}, "": [ ] } )";
    CHECK(value_at(text, "/a/0") == "1");
    CHECK(value_at(text, "/a/1/b~1c") == R"("x]}\",")");
    CHECK(value_at(text, "/a/1/~0") == "-1.5e3");
    CHECK(value_at(text, "/ab") == "{}");
    CHECK(value_at(text, "/") == "[ ]");
    CHECK(value_at(text, "") == text.substr(1, text.size() - 2));
    CHECK(value_at(text, "/a/2") == "(nothing)");
    CHECK(find_places(text, {"/ab"}).at("/ab").key == text.find(R"("\u)"));
    CHECK_FALSE(find_places(text, {"/a/0"}).at("/a/0").key);
}

TEST_CASE("text that is no JSON yields less, never harm") {
    for (const std::string text :
         {"",   " ",         "{",     "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
          "[",  "[1",        "[1,",   "[,]",  "\"",     "\"\\",    "{\"\\",    "{]",
          "[}", "{\"a\" 1}", "{a:1}", ":",    ",",      "}",       "\xff",     "{\"\\u12\": 1}"}) {
        CAPTURE(text);
        CHECK(find_places(text, {"", "/a", "/0"}).size() <= 2);
        (void)keel::config::repeated_keys(text);
        (void)keel::config::too_deep(text);
    }
    const std::string deep = std::string(1'000'000, '[');
    CHECK(find_places(deep, {"", "/0"}).empty());
    CHECK(keel::config::too_deep(deep) == keel::config::kMaxDepth);
    CHECK_FALSE(keel::config::too_deep(R"(["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[["])"));
}

TEST_CASE("each beginning of a document, and each with one octet exchanged, has its faults at places in it") {
    const std::string text = R"({"lns": {"a": {"listen": ["192.0.2.2"], "psk\u0041": {"file": "/x\"y"},
 "n": -1.5e3, "t": [true, [], {}]}}, "lac": {"b": {"server": 7}}})";
    const auto check = [](const std::string& hostile) {
        CAPTURE(hostile);
        for (const auto& [pointer, place] :
             find_places(hostile, {"", "/lns", "/lns/a/listen/0", "/lac/b/server"})) {
            CHECK(place.begin < place.end);
            CHECK(place.end <= hostile.size());
        }
        const std::size_t lines = 1 + static_cast<std::size_t>(std::ranges::count(hostile, '\n'));
        for (const Fault& fault : faults_of(hostile)) {
            CHECK(fault.line >= 1);
            CHECK(fault.line <= lines);
            CHECK(fault.column >= 1);
            CHECK(fault.column <= hostile.size() + 1);
        }
    };
    for (std::size_t size = 0; size < text.size(); ++size) check(text.substr(0, size));
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const char other : {'\0', '"', '\\', '{', ']', ',', '9', '\xff'}) {
            std::string hostile = text;
            hostile[at] = other;
            check(hostile);
        }
    }
}

TEST_CASE("what is not JSON is told with its place, and without what it says") {
    CHECK(only("{\n  \"lns\": }") == "2:10: : is not JSON: unexpected '}'; expected '[', '{', or a literal");
    CHECK(only("{\"lns\": {},}").starts_with("1:12: : is not JSON: unexpected '}'; expected string literal"));
    CHECK(only("").starts_with("1:1: : is not JSON: unexpected end of input"));
    // nlohmann quotes what it read last.
    const std::string secret = only("{\"password\": \"hunter2\"\n \"x\": 1}");
    CHECK(secret.starts_with("2:4: : is not JSON: unexpected string literal; expected '}'"));
    CHECK_FALSE(only("{\"password\": \"hunter2\n\"}").contains("hunter2"));
    CHECK_FALSE(only("{\"password\": hunter2}").contains("unter"));
    CHECK(only("{\"log\": {},\n \"host-name\": -1e999}") == "2:15: : is a number that is too large");
    CHECK(only("\n" + std::string(100, '[') + std::string(100, ']')) ==
          "2:33: : is nested too deep: more than 32 levels");
}

TEST_CASE("a key that stands twice is told at the second, and where the first is") {
    CHECK(only("{\n  \"lns\": {},\n  \"lns\": {}\n}") ==
          "3:3: /lns: this key stands twice in one object, first at line 2, column 3: leave one of them out");
    // By what it says, not by how it is written.
    CHECK(only(R"({"lac": {}, "l\u0061c": {}})").starts_with("1:13: /lac: this key stands twice"));
    CHECK(faults_of(R"({"lns": {"a": 1, "a": 2, "a": 3}, "lns": 1})").size() == 3);
}

TEST_CASE("each fault has line and column: of the value, or of the key where that is at fault") {
    const auto faults = faults_of(
        "{\n"
        "  \"hostname\": \"x\",\n"
        "  \"lac\": {\n"
        "    \"\xc3\xa4\": 5,\n"
        "    \"b\": { \"unprotected\": true, \"server\":\n"
        "      7,\n"
        "      \"routes\": [\"10.9.0.0/16\", \"10.9.0.1/16\"] }\n"
        "  }\n"
        "}\n");
    const auto at = [&](std::string_view pointer) {
        const auto found = std::ranges::find(faults, pointer, &Fault::pointer);
        REQUIRE(found != faults.end());
        return std::pair{found->line, found->column};
    };
    CHECK(at("/hostname") == std::pair<std::size_t, std::size_t>{2, 3});
    CHECK(at("/lac/\xc3\xa4") == std::pair<std::size_t, std::size_t>{4, 5});  // a name is refused at the name
    CHECK(at("/lac/b/server") == std::pair<std::size_t, std::size_t>{6, 7});
    CHECK(at("/lac/b/routes/1") == std::pair<std::size_t, std::size_t>{7, 33});
    CHECK(at("/lac/b") == std::pair<std::size_t, std::size_t>{5, 10});  // misses "ppp"
    CHECK(std::ranges::is_sorted(faults, {}, [](const Fault& f) { return std::pair{f.line, f.column}; }));
}

TEST_CASE("columns count characters") {
    CHECK(only("{\"host-name\": \"\xc3\xa4\xe2\x82\xac\", \"log\": 5}")
              .starts_with("1:28: /log: must be of type"));
}

TEST_CASE("a fault of what is not in the text is told of what is around it") {
    // "users" is absent, and its default an empty object.
    CHECK(only(R"({"lns": {"a": {"listen": ["192.0.2.2"], "unprotected": true,
        "ppp": {"local-address": "10.9.0.1", "pool": ["10.9.0.0/24"]}}}})")
              .starts_with("1:15: /lns/a/users: nobody could log in"));
}
