#include "linux/pppd_wire.hpp"

#include <doctest/doctest.h>

#include <array>

#include "pppd-plugin/wire.h"

using namespace keel;

namespace {

keel_bytes view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Bytes encode(const keel_frame& frame) {
    Bytes out(KEEL_WIRE_MAX_FRAME);
    out.resize(keel_wire_encode(&frame, out.data(), out.size()));
    return out;
}

keel_frame login(std::uint8_t method, std::string_view password, std::size_t challenge,
                 std::size_t response) {
    static const std::string octets(64, 'x');
    keel_frame frame{};
    frame.type = KEEL_LOGIN;
    frame.request = 3;
    frame.as.login.method = method;
    frame.as.login.user = view("alice");
    frame.as.login.password = view(password);
    frame.as.login.challenge = view(std::string_view(octets).substr(0, challenge));
    frame.as.login.response = view(std::string_view(octets).substr(0, response));
    return frame;
}

bool decodes(const keel_frame& frame) {
    return pppd_wire::decode(encode(frame)).has_value();
}

}  // namespace

TEST_CASE("a PAP login becomes a LoginRequest") {
    const auto frame = pppd_wire::decode(encode(login(KEEL_PAP, "secret", 0, 0)));
    REQUIRE(frame);
    const auto& request = std::get<pppd_wire::Login>(*frame);
    CHECK(request.request == 3);
    CHECK(request.login.method == AuthMethod::pap);
    CHECK(request.login.user == "alice");
    CHECK(as_text(request.login.password.reveal()) == "secret");
}

TEST_CASE("a CHAP login has the sizes of its method") {
    CHECK(decodes(login(KEEL_CHAP_MD5, "", 20, 16)));
    CHECK_FALSE(decodes(login(KEEL_CHAP_MD5, "", 20, 15)));
    CHECK_FALSE(decodes(login(KEEL_CHAP_MD5, "secret", 20, 16)));
    CHECK(decodes(login(KEEL_MSCHAP_V2, "", 16, 49)));
    CHECK_FALSE(decodes(login(KEEL_MSCHAP_V2, "", 8, 49)));
    CHECK_FALSE(decodes(login(KEEL_MSCHAP_V2, "", 16, 48)));
    CHECK_FALSE(decodes(login(KEEL_PAP, "secret", 16, 0)));
}

TEST_CASE("frames that only the controller may send are refused") {
    for (const std::uint8_t type : {KEEL_WORK, KEEL_VERDICT, KEEL_ADDRESS}) {
        keel_frame frame{};
        frame.type = type;
        frame.as.work.mtu = 0;
        CHECK_FALSE(encode(frame).empty());
        CHECK_FALSE(decodes(frame));
    }
}

TEST_CASE("an interface's name must look like one") {
    keel_frame frame{};
    frame.type = KEEL_IP_UP;
    frame.as.ip_up.local = 0x0a090001;
    frame.as.ip_up.interface_name = view("ppp0");
    CHECK(decodes(frame));
    for (const std::string_view name : {"", "ppp/0", "ppp 0", "ppp0\n"}) {
        frame.as.ip_up.interface_name = view(name);
        CHECK_FALSE(decodes(frame));
    }
}

TEST_CASE("the last words of a peer are made printable") {
    keel_frame frame{};
    frame.type = KEEL_EXIT;
    frame.as.exit.cause = KEEL_CAUSE_AUTH_FAILED;
    frame.as.exit.message = view("no\nsuch\x1b[31m user");
    const auto exit = pppd_wire::decode(encode(frame));
    REQUIRE(exit);
    CHECK(std::get<pppd_wire::Exit>(*exit).message == "no?such?[31m user");
    CHECK(std::get<pppd_wire::Exit>(*exit).cause == PppExited::Cause::auth_failed);
}

TEST_CASE("an end says which protocol of PPP failed, and each cause is one of ours") {
    for (int cause = KEEL_CAUSE_STOPPED; cause <= KEEL_CAUSE_NO_ADDRESS; ++cause) {
        keel_frame frame{};
        frame.type = KEEL_EXIT;
        frame.as.exit.cause = static_cast<std::uint8_t>(cause);
        frame.as.exit.protocol = 0x8021;
        const auto exit = pppd_wire::decode(encode(frame));
        REQUIRE(exit);
        CHECK(std::get<pppd_wire::Exit>(*exit).protocol == 0x8021);
        CHECK((std::get<pppd_wire::Exit>(*exit).cause == PppExited::Cause::error) ==
              (cause == KEEL_CAUSE_ERROR));
    }
    keel_frame frame{};
    frame.type = KEEL_EXIT;
    frame.as.exit.cause = KEEL_CAUSE_NO_ADDRESS + 1;
    CHECK_FALSE(decodes(frame));
}

TEST_CASE("the work of a client holds its secret, that of a server none") {
    PppSpec spec;
    spec.name = "lac/branch";
    spec.user = "alice";
    spec.password = Secret("secret");
    spec.want_dns = true;
    spec.lcp_echo_interval = milliseconds(1500);
    REQUIRE(pppd_wire::check(spec));
    const Bytes octets = pppd_wire::encode_work(4, spec, true);
    keel_frame frame{};
    REQUIRE(keel_wire_decode(octets.data(), octets.size(), &frame));
    CHECK(frame.request == 4);
    CHECK(frame.as.work.role == KEEL_CLIENT);
    CHECK(frame.as.work.secret.size == 6);
    CHECK(frame.as.work.echo_interval == 2);
    CHECK(frame.as.work.flags == (KEEL_WORK_DIE_WITH_CONTROLLER | KEEL_WORK_WANT_DNS));
    spec.server = true;
    spec.local_address = IpAddress::parse("10.9.0.1");
    const Bytes server = pppd_wire::encode_work(4, spec, false);
    REQUIRE(keel_wire_decode(server.data(), server.size(), &frame));
    CHECK(frame.as.work.secret.size == 0);
    CHECK(frame.as.work.user.size == 0);
    CHECK(frame.as.work.flags == 0);
}

TEST_CASE("what pppd cannot do is refused with a remedy") {
    PppSpec spec;
    spec.name = "lac/branch";
    const auto refused = [&] {
        const auto status = pppd_wire::check(spec);
        return !status && status.error().code == ErrorCode::invalid && !status.error().remedy.empty();
    };
    CHECK_FALSE(refused());
    spec.mtu = 100;
    CHECK(refused());
    spec.mtu = 1400;
    spec.user = std::string(256, 'a');
    CHECK(refused());
    spec.user = std::string("a\0b", 3);
    CHECK(refused());
    spec.user = "alice";
    spec.server = true;
    CHECK(refused());
    spec.local_address = IpAddress::parse("2001:db8::1");
    CHECK(refused());
    spec.local_address = IpAddress::parse("10.9.0.1");
    CHECK_FALSE(refused());
    spec.dns = {*IpAddress::parse("2001:db8::1")};
    CHECK(refused());
}

TEST_CASE("a verdict carries message and address; an over-long message is cut") {
    const Bytes octets =
        pppd_wire::encode_verdict(8, {true, std::string(300, 'm'), IpAddress::parse("10.9.0.2")});
    keel_frame frame{};
    REQUIRE(keel_wire_decode(octets.data(), octets.size(), &frame));
    CHECK(frame.request == 8);
    CHECK(frame.as.verdict.accepted == 1);
    CHECK(frame.as.verdict.message.size == KEEL_MAX_MESSAGE);
    CHECK(frame.as.verdict.address == 0x0a090002);
}
