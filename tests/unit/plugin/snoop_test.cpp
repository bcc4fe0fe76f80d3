#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "pppd-plugin/snoop.h"
}

namespace {

using Octets = std::vector<std::uint8_t>;

// Address, control, protocol, then the packet with its length filled in.
int feed(keel_snoop& snoop, std::uint16_t protocol, Octets packet, bool closing = false) {
    packet[2] = static_cast<std::uint8_t>(packet.size() >> 8);
    packet[3] = static_cast<std::uint8_t>(packet.size());
    Octets frame{0xff, 0x03, static_cast<std::uint8_t>(protocol >> 8),
                 static_cast<std::uint8_t>(protocol & 0xff)};
    frame.insert(frame.end(), packet.begin(), packet.end());
    return keel_snoop_frame(&snoop, frame.data(), frame.size(), closing);
}

Octets packet(std::uint8_t code, std::uint8_t id, std::string_view body) {
    Octets out{code, id, 0, 0};
    for (const char c : body) out.push_back(static_cast<std::uint8_t>(c));
    return out;
}

std::string text(const keel_bytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

std::string explain(const char* refusal) {
    char out[256];
    keel_snoop_explain(refusal, out, sizeof out);
    return out;
}

}  // namespace

TEST_CASE("peer -> us PAP Authenticate-Request: name and password as sent, octet for octet") {
    keel_snoop snoop{};
    feed(snoop, 0xc023,
         packet(1, 5,
                std::string_view("\x05"
                                 "alice"
                                 "\x04"
                                 "p\xc3\xa9\x01",
                                 11)));
    keel_bytes user{}, password{};
    REQUIRE(keel_snoop_pap(&snoop, &user, &password));
    CHECK(text(user) == "alice");
    CHECK(text(password) == "p\xc3\xa9\x01");
    keel_snoop_forget_login(&snoop);
    CHECK_FALSE(keel_snoop_pap(&snoop, &user, &password));
    CHECK(std::string(reinterpret_cast<const char*>(snoop.login), 32).find("alice") == std::string::npos);
}

TEST_CASE("a PAP request whose lengths lie gives nothing") {
    keel_bytes user{}, password{};
    for (const std::string_view body : {std::string_view("\x06"
                                                         "alice",
                                                         6),
                                        std::string_view("\x05"
                                                         "alice",
                                                         6),
                                        std::string_view("\x05"
                                                         "alice"
                                                         "\x02"
                                                         "p",
                                                         8),
                                        std::string_view("", 0)}) {
        keel_snoop snoop{};
        feed(snoop, 0xc023, packet(1, 5, body));
        CHECK_FALSE(keel_snoop_pap(&snoop, &user, &password));
    }
}

TEST_CASE("peer -> us CHAP Response: the name, for its own identifier only") {
    keel_snoop snoop{};
    feed(snoop, 0xc223, packet(2, 9, std::string("\x10") + std::string(16, 'r') + "DOMAIN\\alice"));
    keel_bytes user{};
    REQUIRE(keel_snoop_chap(&snoop, 9, &user));
    CHECK(text(user) == "DOMAIN\\alice");
    CHECK_FALSE(keel_snoop_chap(&snoop, 8, &user));
}

TEST_CASE("peer -> us LCP Terminate-Request: its words count when it was first") {
    keel_snoop snoop{};
    CHECK(feed(snoop, 0xc021, packet(5, 1, "User request")) == 1);
    CHECK(snoop.peer_terminated);
    CHECK(std::string(snoop.termination) == "User request");
    keel_snoop closing{};
    CHECK(feed(closing, 0xc021, packet(5, 1, "Authentication failed"), true) == 1);
    CHECK_FALSE(closing.peer_terminated);
    CHECK(closing.heard_anything);
}

TEST_CASE("refusals are kept and explained") {
    keel_snoop snoop{};
    feed(snoop, 0xc223, packet(4, 1, "E=691 R=0 C=00 V=3 M=Access denied"));
    CHECK(explain(snoop.refusal) == "Access denied (error 691)");
    feed(snoop, 0xc023,
         packet(3, 1,
                std::string_view("\x05"
                                 "wrong",
                                 6)));
    CHECK(explain(snoop.refusal) == "wrong");
    CHECK(explain("E=691 R=1") == "authentication failure (error 691)");
    CHECK(explain("E=649 R=0 V=3 M=") == "refused (error 649)");
    CHECK(explain("") == "");
}

TEST_CASE("noise is survived") {
    std::mt19937 random(21);
    keel_snoop snoop{};
    const std::uint16_t protocols[] = {0xc021, 0xc023, 0xc223, 0x8021};
    for (int round = 0; round < 20000; ++round) {
        Octets frame(random() % 40);
        for (auto& octet : frame) octet = static_cast<std::uint8_t>(random() % 8);
        if (frame.size() >= 4) {
            frame[2] = static_cast<std::uint8_t>(protocols[random() % 4] >> 8);
            frame[3] = static_cast<std::uint8_t>(protocols[random() % 4] & 0xff);
        }
        keel_snoop_frame(&snoop, frame.data(), frame.size(), static_cast<int>(random() % 2));
        keel_bytes user{}, password{};
        if (keel_snoop_pap(&snoop, &user, &password)) {
            CHECK(password.data + password.size <= snoop.login + snoop.login_size);
        }
        if (snoop.login_size > 1 && keel_snoop_chap(&snoop, snoop.login[1], &user)) {
            CHECK(user.data + user.size <= snoop.login + snoop.login_size);
        }
    }
}

TEST_CASE(
    "peer -> us LCP Protocol-Reject of IPCP, PAP Nak and CHAP Failure are kept for the reason of the end") {
    keel_snoop snoop{};
    feed(snoop, 0xc021, packet(8, 1, std::string_view("\x80\x57\x01", 3)));  // IPv6CP
    feed(snoop, 0xc021, packet(8, 2, std::string_view("\x80", 1)));
    CHECK_FALSE(snoop.ipcp_rejected);
    feed(snoop, 0xc021, packet(8, 3, std::string_view("\x80\x21\x01", 3)));
    CHECK(snoop.ipcp_rejected);
    CHECK_FALSE(snoop.login_refused);
    feed(snoop, 0xc023, packet(3, 1, ""));  // without a text
    CHECK(snoop.login_refused);
    keel_snoop other{};
    feed(other, 0xc223, packet(4, 1, ""));
    CHECK(other.login_refused);
}

namespace {

int send(keel_snoop& snoop, std::uint16_t protocol, Octets packet) {
    packet[2] = static_cast<std::uint8_t>(packet.size() >> 8);
    packet[3] = static_cast<std::uint8_t>(packet.size());
    Octets frame{0xff, 0x03, static_cast<std::uint8_t>(protocol >> 8),
                 static_cast<std::uint8_t>(protocol & 0xff)};
    frame.insert(frame.end(), packet.begin(), packet.end());
    return keel_snoop_sent(&snoop, frame.data(), frame.size());
}

}  // namespace

TEST_CASE("LCP echoes: our requests, and one reply for each at most") {
    keel_snoop snoop{};
    CHECK(send(snoop, 0xc021, packet(9, 1, "mgic")) == 1);
    feed(snoop, 0xc021, packet(10, 1, "mgic"));
    CHECK(snoop.echoes_sent == 1);
    CHECK(snoop.echoes_received == 1);
    // A second reply, one to nothing, one to a request of before, and the peer's own request.
    feed(snoop, 0xc021, packet(10, 1, "mgic"));
    send(snoop, 0xc021, packet(9, 2, "mgic"));
    feed(snoop, 0xc021, packet(10, 7, "mgic"));
    send(snoop, 0xc021, packet(9, 3, "mgic"));
    feed(snoop, 0xc021, packet(10, 2, "mgic"));
    feed(snoop, 0xc021, packet(9, 3, "mgic"));
    CHECK(snoop.echoes_sent == 3);
    CHECK(snoop.echoes_received == 1);
    // What else is sent, and what is cut short.
    CHECK(send(snoop, 0xc021, packet(10, 3, "mgic")) == 0);
    CHECK(send(snoop, 0x8021, packet(9, 3, "mgic")) == 0);
    const Octets cut{0xff, 0x03, 0xc0, 0x21, 9, 1, 0};
    CHECK(keel_snoop_sent(&snoop, cut.data(), cut.size()) == 0);
    CHECK(snoop.echoes_sent == 3);
}
