#include "l2tp/describe.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "l2tp/auth.hpp"
#include "l2tp/avp.hpp"
#include "l2tp/message.hpp"

namespace {

using namespace keel;
using namespace keel::l2tp;

class Sevens final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{0x77}); }
};

const AvpText* avp(const MessageText& text, std::string_view name) {
    const auto found = std::ranges::find(text.avps, name, &AvpText::name);
    return found == text.avps.end() ? nullptr : &*found;
}

std::string value(const MessageText& text, std::string_view name) {
    const AvpText* found = avp(text, name);
    REQUIRE_MESSAGE(found, std::string(name));
    return found->value;
}

bool all_zero(ByteView octets) {
    return std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
}

}  // namespace

TEST_CASE("an SCCRQ in words") {
    Sccrq message;
    message.host_name = "branch\n7";
    message.assigned_tunnel_id = 4711;
    message.framing_capabilities = 3;
    message.bearer_capabilities = 2;
    const auto text = describe(encode_message(0, 0, message));
    REQUIRE(text);
    CHECK(text->name == "SCCRQ");
    CHECK(value(*text, "Message Type") == "SCCRQ");
    CHECK(value(*text, "Protocol Version") == "1.0");
    CHECK(value(*text, "Host Name") == "branch?7");
    CHECK(value(*text, "Assigned Tunnel ID") == "4711");
    CHECK(value(*text, "Framing Capabilities") == "3 (synchronous, asynchronous)");
    CHECK(value(*text, "Bearer Capabilities") == "2 (analog)");
    CHECK(avp(*text, "Host Name")->mandatory);
}

TEST_CASE("results in the words of their message") {
    Cdn cdn;
    cdn.assigned_session_id = 3;
    cdn.result = {2, 4, "no room"};
    cdn.ppp_disconnect = {{16, 0xc223, 1, "no"}};
    const auto text = describe(encode_message(1, 2, cdn));
    CHECK(value(*text, "Result Code").starts_with("2 (call disconnected for the reason"));
    CHECK(value(*text, "Result Code").ends_with(": no room"));
    CHECK(value(*text, "PPP Disconnect Cause Code").find("authentication failed") != std::string::npos);
    Stopccn stop;
    stop.assigned_tunnel_id = 3;
    stop.result = {5, 0x0100, ""};
    CHECK(value(*describe(encode_message(1, 0, stop)), "Result Code").ends_with("highest version 1.0"));
    CHECK(describe(encode_message(1, 0, Zlb{}))->name == "ZLB");
}

TEST_CASE("secrets, hidden values and unknown ones are neither shown nor kept") {
    Iccn message;
    message.proxy_authen_name = Bytes{'a', 'l', 'i', 'c', 'e'};
    message.proxy_authen_challenge = Bytes(16, 0x55);
    message.proxy_authen_response = Bytes(16, 0x66);
    SUBCASE("in clear") {
        const auto kept = blanked(encode_message(1, 2, message));
        const auto text = describe(*kept);
        for (const char* name : {"Proxy Authen Challenge", "Proxy Authen Response"}) {
            CHECK_FALSE(avp(*text, name)->shown);
            CHECK(value(*text, name).empty());
        }
        CHECK(value(*text, "Proxy Authen Name") == "alice");
        CHECK(std::ranges::count(*kept, 0x55) == 0);
        CHECK(std::ranges::count(*kept, 0x66) == 0);
    }
    SUBCASE("hidden") {
        Sevens random;
        const Secret secret{std::string_view("shared")};
        const Hiding hiding{secret, random};
        const Bytes bytes = encode_message(1, 2, message, &hiding);
        const auto kept = blanked(bytes);
        CHECK(kept->size() == bytes.size());
        Reader reader{ByteView(*kept).subspan(kControlHeaderSize)};
        std::size_t hidden = 0;
        while (!reader.empty()) {
            const auto raw = read_avp(reader);
            REQUIRE(raw);
            if (!raw->hidden) continue;
            ++hidden;
            CHECK(all_zero(raw->value));
        }
        CHECK(hidden >= 4);
        CHECK(value(*describe(bytes), "Proxy Authen Name").empty());
        CHECK(avp(*describe(bytes), "Proxy Authen Name")->hidden);
    }
    SUBCASE("of a vendor that nobody knows") {
        Writer out;
        write_header(out, {1, 0, 0, 0});
        write_avp(out, AvpType::message_type, std::uint16_t{6});
        const Bytes value(8, 0x55);
        write_raw_avp(
            out,
            {.mandatory = false, .hidden = false, .reserved = false, .vendor = 9, .type = 3, .value = value});
        finish_message(out);
        const auto kept = blanked(out.view());
        CHECK(std::ranges::count(*kept, 0x55) == 0);
        CHECK_FALSE(avp(*describe(*kept), "AVP 3 of vendor 9")->shown);
    }
}

TEST_CASE("what follows a fault of framing is blanked, as is all beyond the header's length") {
    Bytes bytes = encode_message(1, 0, Hello{});
    const std::size_t whole = bytes.size();
    bytes.insert(bytes.end(), {0x80, 0x05, 'p', 'w', 'd', '!', '!'});
    bytes[2] = 0, bytes[3] = static_cast<std::uint8_t>(bytes.size());
    bytes.insert(bytes.end(), {'b', 'e', 'y', 'o', 'n', 'd'});
    const auto kept = blanked(bytes);
    REQUIRE(kept);
    CHECK(kept->size() == whole + 7);
    CHECK(all_zero(ByteView(*kept).subspan(whole)));
    CHECK(describe(bytes)->fault.find("below 6") != std::string::npos);
    CHECK(describe(bytes)->name == "HELLO");
}

TEST_CASE("no control message is none") {
    CHECK_FALSE(blanked(Bytes{}));
    CHECK_FALSE(describe(Bytes{0x40, 0x02, 0, 1, 0, 1}));
    CHECK_FALSE(describe(Bytes{0xc8, 0x03, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0}));
}
