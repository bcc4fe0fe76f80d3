#include "vici/message.hpp"

#include <doctest/doctest.h>

#include "hex.hpp"

using namespace vici;

namespace {

Bytes repeat(const Bytes& piece, int times) {
    Bytes out;
    for (int i = 0; i < times; ++i) out.insert(out.end(), piece.begin(), piece.end());
    return out;
}

}  // namespace

TEST_CASE("a message of every kind, byte for byte (the README of strongSwan's vici plugin)") {
    Message section;
    section.add("sub-section", Message().add("key2", "value2")).add("list1", List{"item1", "item2"});
    const Message message = Message().add("key1", "value1").add("section1", section);
    const Bytes expected = from_hex(
        "03 04 6b657931 0006 76616c756531"
        "01 08 73656374696f6e31"
        "01 0b 7375622d73656374696f6e 03 04 6b657932 0006 76616c756532 02"
        "04 05 6c69737431 05 0005 6974656d31 05 0005 6974656d32 06"
        "02");
    CHECK(encode(message).value() == expected);

    const auto back = decode(expected);
    REQUIRE(back);
    CHECK(back->value("key1") == "value1");
    const Message* one = back->find_section("section1");
    REQUIRE(one);
    REQUIRE(one->find_list("list1"));
    CHECK(*one->find_list("list1") == List{"item1", "item2"});
    REQUIRE(one->find_section("sub-section"));
    CHECK(one->find_section("sub-section")->value("key2") == "value2");
    CHECK(encode(*back).value() == expected);
}

TEST_CASE("charon 5.9.8's answer to version") {
    const auto message = decode(from_hex(
        "03066461656d6f6e0006636861726f6e030776657273696f6e0005352e392e3803077379736e616d6500054c696e7578"));
    REQUIRE(message);
    CHECK(message->value("daemon") == "charon");
    CHECK(message->value("version") == "5.9.8");
    CHECK(message->value("nothing").empty());
    CHECK(message->find("nothing") == nullptr);
}

TEST_CASE("values are binary") {
    const std::string secret("a\0\xff\n", 4);
    const auto wire = encode(Message().add("data", secret));
    REQUIRE(wire);
    CHECK(*wire == from_hex("03 04 64617461 0004 6100ff0a"));
    CHECK(*decode(*wire)->find("data") == secret);
}

TEST_CASE("a message cut short anywhere is refused, except between elements") {
    const Bytes whole = from_hex("01 01 73 03 01 6b 0002 7676 04 01 6c 05 0001 69 06 02");
    REQUIRE(decode(whole));
    for (std::size_t length = 1; length < whole.size(); ++length) {
        CAPTURE(length);
        const auto cut = decode(ByteView(whole).first(length));
        REQUIRE_FALSE(cut);
        CHECK(cut.error().code == ErrorCode::malformed);
    }
    CHECK(decode(ByteView())->empty());
}

TEST_CASE("lengths beyond the input, foreign elements and unbalanced sections are refused") {
    for (const char* hostile : {
             "03 ff 6b",                 // a name longer than what is there
             "03 01 6b ffff 00",         // a value longer than what is there
             "02",                       // an end without a beginning
             "01 01 73 02 02",           //
             "05 0001 69",               // an item outside a list
             "06",                       //
             "00",                       // no such element
             "07 01 6b",                 //
             "04 01 6c 04 01 6c 06 06",  // a list in a list
             "04 01 6c 01 01 73 02 06",  // a section in a list
             "04 01 6c 02",              //
         }) {
        CAPTURE(hostile);
        CHECK_FALSE(decode(from_hex(hostile)));
    }
}

TEST_CASE("nesting is bounded both ways") {
    const Bytes open = from_hex("01 00"), close = from_hex("02");
    const auto nested = [&](int depth) {
        Bytes out = repeat(open, depth);
        const Bytes tail = repeat(close, depth);
        out.insert(out.end(), tail.begin(), tail.end());
        return out;
    };
    CHECK(decode(nested(kMaxDepth)));
    CHECK_FALSE(decode(nested(kMaxDepth + 1)));
    CHECK_FALSE(decode(repeat(open, 200000)));

    Message deep;
    for (int i = 0; i <= kMaxDepth; ++i) deep = Message().add("s", deep);
    CHECK_FALSE(encode(deep));
}

TEST_CASE("what does not fit its length field is refused, what just fits is not") {
    CHECK(encode(Message().add(std::string(255, 'k'), std::string(65535, 'v'))));
    const auto name = encode(Message().add(std::string(256, 'k'), "v"));
    REQUIRE_FALSE(name);
    CHECK(name.error().code == ErrorCode::too_long);
    CHECK_FALSE(encode(Message().add("k", std::string(65536, 'v'))));
    CHECK_FALSE(encode(Message().add("k", List{std::string(65536, 'v')})));
}

TEST_CASE("a wiped message holds none of its values") {
    Message message;
    message.add("data", "secret").add("list", List{"secret"}).add("section", Message().add("data", "secret"));
    message.wipe();
    const auto wire = encode(message);
    REQUIRE(wire);
    CHECK(std::string(wire->begin(), wire->end()).find("secret") == std::string::npos);
}
