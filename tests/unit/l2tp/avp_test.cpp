#include "l2tp/avp.hpp"

#include <doctest/doctest.h>

#include <set>

#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::l2tp::test::hex;

namespace {

// What becomes of one AVP: decoded, ignored, or the General Error code of the fault.
enum class Fate { decoded, ignored, length, value, unknown };

Fate fate(std::string_view text) {
    const Bytes bytes = hex(text);
    Reader reader(bytes);
    const auto avp = read_avp(reader);
    REQUIRE(avp.has_value());
    CHECK(reader.empty());
    const auto row = check_avp(*avp);
    if (row) return *row == nullptr ? Fate::ignored : Fate::decoded;
    if (row.error().error == GeneralError::length) return Fate::length;
    if (row.error().error == GeneralError::value) return Fate::value;
    CHECK(row.error().error == GeneralError::unknown_avp);
    return Fate::unknown;
}

}  // namespace

TEST_CASE("an AVP is framed by its own length, and that length is checked first") {
    for (const auto* text : {"", "80", "8008 0000 00", "8005 0000 0000", "8000 0000 0000",
                             "8008 0000 0009 00", "83ff 0000 0007 61"}) {
        CAPTURE(text);
        const Bytes bytes = hex(text);
        Reader reader(bytes);
        const auto avp = read_avp(reader);
        REQUIRE_FALSE(avp.has_value());
        CHECK(avp.error().error == GeneralError::length);
        CHECK_FALSE(avp.error().message.empty());
    }
}

TEST_CASE("an unknown AVP is skipped with its value, so that the next one is read from its own start") {
    const Bytes bytes = hex("000c 0000 03e7 8008 0000 0000  8008 0000 0009 0007");
    Reader reader(bytes);
    CHECK(read_avp(reader)->type == 999);
    const auto next = read_avp(reader);
    CHECK(next->type == 9);
    CHECK(next->mandatory);
    CHECK(Reader(next->value).u16() == 7);
    CHECK(reader.empty());
}

TEST_CASE("RFC 2661 4.1, 4.2, 7.1: what the M bit decides") {
    CHECK(fate("8008 0000 0009 0007") == Fate::decoded);  // Assigned Tunnel ID
    CHECK(fate("0008 0000 0009 0007") == Fate::decoded);  // with M clear: still that AVP
    CHECK(fate("8008 0000 03e7 0007") == Fate::unknown);  // unknown, M
    CHECK(fate("0008 0000 03e7 0007") == Fate::ignored);  // unknown
    CHECK(fate("8008 0009 0009 0007") == Fate::unknown);  // vendor 9, M
    CHECK(fate("0008 0009 0009 0007") == Fate::ignored);  // vendor 9
    CHECK(fate("8408 0000 0009 0007") == Fate::unknown);  // a reserved bit makes it unrecognised
    CHECK(fate("0408 0000 0009 0007") == Fate::ignored);
    CHECK(fate("8007 0000 0009 07") == Fate::length);  // malformed, M
    CHECK(fate("8009 0000 0009 000700") == Fate::length);
    CHECK(fate("0008 0000 0026 0700") == Fate::ignored);   // 7.1's own example: Rx Connect Speed of length 8
    CHECK(fate("8008 0000 0009 0000") == Fate::value);     // 4.4.3: not zero
    CHECK(fate("8008 0000 000a 0000") == Fate::value);     // 5.8: a window of 0 is invalid
    CHECK(fate("8006 0000 0007") == Fate::length);         // Host Name of no octet
    CHECK(fate("0006 0000 0008") == Fate::decoded);        // Vendor Name of none
    CHECK(fate("8008 0000 000c 0010") == Fate::length);    // Q.931 Cause Code shorter than its fixed part
    CHECK(fate("8009 0000 0001 000200") == Fate::length);  // Result Code with half an Error Code, 4.4.2
    CHECK(fate("8008 0000 0001 0002") == Fate::decoded);
    CHECK(fate("800a 0000 0001 00020000") == Fate::decoded);
    CHECK(fate("c018 0000 0009 000102030405060708090a0b0c0d0e0f1011") == Fate::unknown);  // hidden, M
    CHECK(fate("4018 0000 0008 000102030405060708090a0b0c0d0e0f1011") == Fate::ignored);  // hidden
    CHECK(fate("c008 0000 0002 0100") == Fate::value);  // hidden, and must never be
}

TEST_CASE("each row of the table is found by its number, and no other") {
    std::size_t rows = 0;
    std::set<std::size_t> numbers;
    for (const std::uint16_t vendor : {std::uint16_t{0}, std::uint16_t{9}, std::uint16_t{3561}}) {
        for (std::uint32_t type = 0; type <= 0xffff; ++type) {
            const AvpRow* row = find_avp(static_cast<std::uint16_t>(type), vendor);
            if (row == nullptr) continue;
            ++rows;
            numbers.insert(row_number(*row));
            CHECK(attribute_of(row->type) == type);
            CHECK(vendor_of(row->type) == vendor);
        }
    }
    // RFC 2661: 39; RFC 3301: 6; 3145: 1; 3308: 2; 3437: 4; 3573: 2; 4951: 4; 5515: 2 and 19 of the ADSL
    // Forum.
    CHECK(rows == 39 + 6 + 1 + 2 + 4 + 2 + 4 + 2 + 19);
    CHECK(numbers.size() == rows);
    CHECK(find_avp(20) == nullptr);
}

TEST_CASE("RFC 2661 4.4.2: Result Code with and without its optional parts") {
    ResultCode code;
    CHECK(decode_value(Reader(hex("0006")), code));
    CHECK(code == ResultCode{6, std::nullopt, ""});
    CHECK(decode_value(Reader(hex("0002 0008 6e6f")), code));
    CHECK(code == ResultCode{2, 8, "no"});
    CHECK_FALSE(decode_value(Reader(hex("0002 00")), code));

    Writer out;
    write_avp(out, AvpType::result_code, ResultCode{2, 8, "no"});
    CHECK(out.take() == hex("800c 0000 0001 0002 0008 6e6f"));
    write_avp(out, AvpType::result_code, ResultCode{1, std::nullopt, ""});
    CHECK(out.take() == hex("8008 0000 0001 0001"));
}

TEST_CASE("a text that is too long for an AVP is cut, not wrapped") {
    Writer out;
    write_avp(out, AvpType::host_name, std::string(5000, 'a'));
    CHECK(out.size() == kMaxAvpSize);
    Reader reader(out.view());
    CHECK(read_avp(reader)->value.size() == kMaxAvpSize - kAvpHeaderSize);
    CHECK(reader.empty());
}
