#include "lifecycle/authenticator.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "lifecycle/mschap.hpp"

using namespace keel;
using namespace keel::lifecycle;

namespace {

Bytes hex(std::string_view digits) {
    Bytes out;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
    }
    return out;
}

// RFC 2759 9.2.
const Bytes kAuthenticatorChallenge = hex("5B5D7C7D7B3F2F3E3C2C602132262628");
const Bytes kPeerChallenge = hex("21402324255E262A28295F2B3A337C7E");
const Bytes kNtResponse = hex("82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF");

LoginRequest rfc2759_request(std::string user) {
    LoginRequest request{.method = AuthMethod::mschap_v2,
                         .user = std::move(user),
                         .password = {},
                         .identifier = 1,
                         .challenge = kAuthenticatorChallenge,
                         .response = kPeerChallenge};
    request.response.insert(request.response.end(), 8, 0);
    request.response.insert(request.response.end(), kNtResponse.begin(), kNtResponse.end());
    request.response.push_back(0);
    return request;
}

const Users kUsers{{"User", {Secret("clientPass"), {}}}};

}  // namespace

TEST_CASE("MS-CHAPv2 computes RFC 2759's own example (9.2)") {
    const auto hash = mschap::nt_password_hash(as_bytes("clientPass"));
    CHECK(Bytes(hash.begin(), hash.end()) == hex("44EBBA8D5312B8D611474411F56989AE"));
    const mschap::Exchange exchange{kAuthenticatorChallenge, kPeerChallenge, "User"};
    const auto response = mschap::nt_response(exchange, hash);
    CHECK(Bytes(response.begin(), response.end()) == kNtResponse);
    CHECK(mschap::authenticator_response(exchange, hash, response) ==
          "S=407A5589115FD0D6209F510FE9C04566932CDA56");
}

TEST_CASE("passwords beyond ASCII are hashed as UTF-16 (RFC 2759 8.3)") {
    // Against `printf 'p\xc3\xa4\xf0\x9f\x94\x91' | iconv -t UTF-16LE | openssl md4 -provider legacy`.
    const auto hash = mschap::nt_password_hash(as_bytes("p\xc3\xa4\xf0\x9f\x94\x91"));
    CHECK(Bytes(hash.begin(), hash.end()) == hex("00fef08d20daa5c81a637d75c1892978"));
}

TEST_CASE("lac -> lns MS-CHAPv2 response: accepted with our proof, refused with error 691") {
    const auto good = judge(rfc2759_request("User"), kUsers);
    REQUIRE(good.user == &kUsers.at("User"));
    CHECK(good.message == "S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Welcome");

    SUBCASE("a domain before the name is not part of it") {
        CHECK(judge(rfc2759_request("EXAMPLE\\User"), kUsers).user == &kUsers.at("User"));
    }
    SUBCASE("one bit off") {
        auto request = rfc2759_request("User");
        request.response[30] ^= 1;
        const auto bad = judge(request, kUsers);
        CHECK(bad.user == nullptr);
        CHECK(bad.reason == "wrong password");
        CHECK(bad.message.starts_with("E=691 R=0 C="));
    }
    SUBCASE("a response of the wrong size is wrong, whatever is in it") {
        auto request = rfc2759_request("User");
        request.response.pop_back();
        CHECK(judge(request, kUsers).user == nullptr);
    }
    SUBCASE("the operator learns that the user is unknown, the peer does not") {
        const auto unknown = judge(rfc2759_request("Nobody"), kUsers);
        CHECK(unknown.reason == "unknown user");
        CHECK(unknown.message.starts_with("E=691"));
    }
}

TEST_CASE("lac -> lns PAP") {
    LoginRequest request{.method = AuthMethod::pap,
                         .user = "User",
                         .password = Secret("clientPass"),
                         .identifier = 0,
                         .challenge = {},
                         .response = {}};
    CHECK(judge(request, kUsers).user);
    request.password = Secret("clientpass");
    CHECK(judge(request, kUsers).reason == "wrong password");
    request.password = Secret();
    CHECK(judge(request, kUsers).reason == "wrong password");
}

TEST_CASE("lac -> lns CHAP-MD5") {
    // printf '\x07clientPass0123456789abcdef' | md5sum
    LoginRequest request{
        .method = AuthMethod::chap_md5,
        .user = "User",
        .password = {},
        .identifier = 7,
        .challenge = Bytes{'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'},
        .response = hex("dde45d711083cd16d19e0d0f0952ef7a")};
    CHECK(judge(request, kUsers).user);
    request.identifier = 8;
    CHECK(judge(request, kUsers).reason == "wrong password");
    request.response.clear();
    CHECK(judge(request, kUsers).reason == "wrong password");
}
