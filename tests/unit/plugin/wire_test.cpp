#include "pppd-plugin/wire.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <random>
#include <string_view>
#include <vector>

namespace {

using Octets = std::vector<std::uint8_t>;

keel_bytes view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string_view text(const keel_bytes& bytes) {
    return bytes.size == 0 ? std::string_view{}
                           : std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.size);
}

Octets encode(const keel_frame& frame) {
    Octets out(KEEL_WIRE_MAX_FRAME);
    out.resize(keel_wire_encode(&frame, out.data(), out.size()));
    return out;
}

bool decodes(const Octets& octets) {
    keel_frame frame;
    return keel_wire_decode(octets.data(), octets.size(), &frame) == 1;
}

keel_frame login_frame() {
    keel_frame frame{};
    frame.type = KEEL_LOGIN;
    frame.request = 0x01020304;
    frame.as.login.method = KEEL_CHAP_MD5;
    frame.as.login.user = view("alice");
    frame.as.login.identifier = 7;
    frame.as.login.challenge = view("0123456789abcdef");
    frame.as.login.response = view("fedcba9876543210");
    return frame;
}

keel_frame work_frame() {
    static const std::array<std::uint8_t, 2> methods{KEEL_MSCHAP_V2, KEEL_PAP};
    keel_frame frame{};
    frame.type = KEEL_WORK;
    frame.request = 1;
    frame.as.work.role = KEEL_SERVER;
    frame.as.work.methods = {methods.data(), methods.size()};
    frame.as.work.mtu = frame.as.work.mru = 1400;
    frame.as.work.local = 0x0a090001;
    frame.as.work.dns1 = 0x0a090001;
    frame.as.work.echo_interval = 30;
    frame.as.work.echo_failures = 4;
    frame.as.work.flags = KEEL_WORK_DIE_WITH_CONTROLLER;
    return frame;
}

}  // namespace

TEST_CASE("a phase report is these octets") {
    keel_frame frame{};
    frame.type = KEEL_PHASE;
    frame.as.phase.phase = KEEL_PHASE_NETWORK;
    CHECK(encode(frame) == Octets{1, 7, 0, 5, 0, 0, 0, 0, 0, 1, 0, 1, 3});
}

TEST_CASE("a frame without fields is a header") {
    keel_frame frame{};
    frame.type = KEEL_ADDRESS_REQUEST;
    frame.request = 9;
    CHECK(encode(frame) == Octets{1, 5, 0, 0, 0, 0, 0, 9});
}

TEST_CASE("what was encoded is decoded") {
    const Octets octets = encode(login_frame());
    keel_frame frame;
    REQUIRE(keel_wire_decode(octets.data(), octets.size(), &frame));
    CHECK(frame.type == KEEL_LOGIN);
    CHECK(frame.request == 0x01020304);
    CHECK(frame.as.login.method == KEEL_CHAP_MD5);
    CHECK(text(frame.as.login.user) == "alice");
    CHECK(text(frame.as.login.password) == "");
    CHECK(frame.as.login.identifier == 7);
    CHECK(text(frame.as.login.response) == "fedcba9876543210");

    const Octets work = encode(work_frame());
    REQUIRE(keel_wire_decode(work.data(), work.size(), &frame));
    CHECK(frame.as.work.role == KEEL_SERVER);
    CHECK(frame.as.work.methods.size == 2);
    CHECK(frame.as.work.mtu == 1400);
    CHECK(frame.as.work.local == 0x0a090001);
    CHECK(frame.as.work.dns2 == 0);
    CHECK(frame.as.work.flags == KEEL_WORK_DIE_WITH_CONTROLLER);
}

TEST_CASE("every truncation is refused, and so is an octet too many") {
    for (const Octets& whole : {encode(login_frame()), encode(work_frame())}) {
        for (std::size_t size = 0; size < whole.size(); ++size)
            CHECK_FALSE(decodes(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
        Octets longer = whole;
        longer.push_back(0);
        CHECK_FALSE(decodes(longer));
        CHECK(decodes(whole));
    }
    CHECK_FALSE(decodes(Octets(KEEL_WIRE_MAX_FRAME + 1, 0)));
}

TEST_CASE("unknown fields are skipped, unknown types and versions are not") {
    Octets octets = encode(login_frame());
    const Octets unknown{0x7f, 0xff, 0, 2, 0xaa, 0xbb};
    octets.insert(octets.begin() + KEEL_WIRE_HEADER, unknown.begin(), unknown.end());
    octets[3] = static_cast<std::uint8_t>(octets.size() - KEEL_WIRE_HEADER);
    CHECK(decodes(octets));
    CHECK_FALSE(decodes({1, 0, 0, 0, 0, 0, 0, 0}));
    CHECK_FALSE(decodes({1, 11, 0, 0, 0, 0, 0, 0}));
    CHECK_FALSE(decodes({2, KEEL_IP_DOWN, 0, 0, 0, 0, 0, 0}));
    CHECK(decodes({1, KEEL_IP_DOWN, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("a field twice, missing, of the wrong size or out of its enumeration is refused") {
    CHECK_FALSE(decodes({1, KEEL_PHASE, 0, 10, 0, 0, 0, 0, 0, 1, 0, 1, 3, 0, 1, 0, 1, 3}));
    CHECK_FALSE(decodes({1, KEEL_PHASE, 0, 0, 0, 0, 0, 0}));
    CHECK_FALSE(decodes({1, KEEL_PHASE, 0, 6, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3}));
    CHECK_FALSE(decodes({1, KEEL_PHASE, 0, 5, 0, 0, 0, 0, 0, 1, 0, 1, 6}));
    CHECK_FALSE(decodes({1, KEEL_PHASE, 0, 5, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 3}));
    keel_frame frame = work_frame();
    static const std::array<std::uint8_t, 1> wrong{3};
    frame.as.work.methods = {wrong.data(), wrong.size()};
    CHECK_FALSE(decodes(encode(frame)));
}

TEST_CASE("the encoder refuses what the decoder would") {
    keel_frame frame = login_frame();
    const std::string name(KEEL_MAX_NAME + 1, 'a');
    frame.as.login.user = view(name);
    CHECK(encode(frame).empty());
    frame.as.login.user = view(std::string_view(name).substr(1));
    CHECK_FALSE(encode(frame).empty());
    std::array<std::uint8_t, 20> small{};
    CHECK(keel_wire_encode(&frame, small.data(), small.size()) == 0);
}

TEST_CASE("mutated frames never lead outside the frame") {
    std::mt19937 random(20);
    for (const Octets& whole : {encode(login_frame()), encode(work_frame())}) {
        for (int round = 0; round < 20000; ++round) {
            Octets octets = whole;
            for (int i = 0; i < 3; ++i)
                octets[random() % octets.size()] = static_cast<std::uint8_t>(random());
            octets.resize(1 + random() % octets.size());
            octets.shrink_to_fit();  // so that a sanitizer sees one octet too far
            keel_frame frame;
            if (!keel_wire_decode(octets.data(), octets.size(), &frame) || frame.type != KEEL_LOGIN) continue;
            const keel_bytes& user = frame.as.login.user;
            CHECK(user.size <= KEEL_MAX_NAME);
            CHECK((user.size == 0 ||
                   (user.data >= octets.data() && user.data + user.size <= octets.data() + octets.size())));
        }
    }
}
