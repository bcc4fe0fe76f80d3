#include "base/bytes.hpp"

#include <doctest/doctest.h>

#include <array>

#include "base/secret.hpp"

TEST_CASE("a Reader cannot leave its view, and a failed read consumes nothing") {
    const std::array<std::uint8_t, 3> bytes{0x12, 0x34, 0x56};
    keel::Reader reader{bytes};
    CHECK_FALSE(reader.u32());
    CHECK(reader.remaining() == 3);
    CHECK(reader.u16() == 0x1234);
    CHECK_FALSE(reader.u16());
    CHECK_FALSE(reader.take(2));
    CHECK(reader.u8() == 0x56);
    CHECK(reader.empty());
    CHECK(reader.take(0)->empty());
}

TEST_CASE("what a Writer wrote, a Reader reads") {
    keel::Writer writer;
    writer.u16(0);
    writer.u8(7);
    writer.u32(0xdeadbeef);
    writer.u64(0x0102030405060708);
    writer.patch_u16(0, static_cast<std::uint16_t>(writer.size()));
    const keel::Bytes bytes = writer.take();
    CHECK(writer.size() == 0);
    keel::Reader reader{bytes};
    CHECK(reader.u16() == 15);
    CHECK(reader.u8() == 7);
    CHECK(reader.u32() == 0xdeadbeef);
    CHECK(reader.u64() == 0x0102030405060708);
}

TEST_CASE("secrets compare by contents, and an unset one equals an empty one") {
    CHECK((keel::Secret("a") == keel::Secret("a")));
    CHECK((keel::Secret("a") != keel::Secret("b")));
    CHECK((keel::Secret("a") != keel::Secret("ab")));
    CHECK((keel::Secret() == keel::Secret("")));
    CHECK(keel::Secret().empty());
}
