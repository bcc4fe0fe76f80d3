#include "lifecycle/authenticator.hpp"

#include <fmt/format.h>
#include <nettle/md5.h>

#include "lifecycle/mschap.hpp"

namespace keel::lifecycle {
namespace {

// Compares in constant time, so that an answer's delay tells nothing of how much of it was right.
bool equal(ByteView a, ByteView b) {
    return Secret(a) == Secret(b);
}

// RFC 1994 4.1.
bool chap_md5_matches(const LoginRequest& request, const Secret& password) {
    md5_ctx context;
    md5_init(&context);
    md5_update(&context, 1, &request.identifier);
    md5_update(&context, password.reveal().size(), password.reveal().data());
    md5_update(&context, request.challenge.size(), request.challenge.data());
    std::uint8_t digest[16];
    md5_digest(&context, sizeof digest, digest);
    wipe(&context, sizeof context);
    return equal(request.response, digest);
}

constexpr std::size_t kMschapResponse =
    49;  // RFC 2759 4: peer challenge 16, reserved 8, NT response 24, flags 1

// The "S=..." that proves to the peer that we know the password too; empty: the response is wrong.
std::string mschap_success(const LoginRequest& request, const Secret& password) {
    if (request.response.size() != kMschapResponse || request.challenge.size() != 16) return {};
    const ByteView response = request.response;
    const auto backslash = request.user.rfind('\\');
    const mschap::Exchange exchange{
        .authenticator_challenge = request.challenge,
        .peer_challenge = response.first(16),
        .user = std::string_view(request.user).substr(backslash == std::string::npos ? 0 : backslash + 1)};
    auto hash = mschap::nt_password_hash(password.reveal());
    const auto expected = mschap::nt_response(exchange, hash);
    std::string success;
    if (equal(response.subspan(24, 24), expected)) {
        success = mschap::authenticator_response(exchange, hash, expected);
    }
    wipe(hash.data(), hash.size());
    return success;
}

Users::const_iterator find_user(const LoginRequest& request, const Users& users) {
    const auto found = users.find(request.user);
    const auto backslash = request.user.rfind('\\');
    if (found != users.end() || backslash == std::string::npos) return found;
    return users.find(std::string_view(request.user).substr(backslash + 1));
}

// RFC 2759 6: error 691, no retry, a fresh challenge as the form demands.
std::string refusal(AuthMethod method) {
    return method == AuthMethod::mschap_v2
               ? "E=691 R=0 C=00000000000000000000000000000000 V=3 M=Access denied"
               : "Access denied";
}

}  // namespace

Judgement judge(const LoginRequest& request, const Users& users) {
    const auto found = find_user(request, users);
    if (found == users.end()) return {nullptr, refusal(request.method), "unknown user"};
    const config::User& user = found->second;
    switch (request.method) {
        case AuthMethod::pap:
            if (request.password == user.password) return {&user, "Welcome", {}};
            break;
        case AuthMethod::chap_md5:
            if (chap_md5_matches(request, user.password)) return {&user, "Welcome", {}};
            break;
        case AuthMethod::mschap_v2:
            if (auto success = mschap_success(request, user.password); !success.empty()) {
                return {&user, success + " M=Welcome", {}};
            }
            break;
    }
    return {nullptr, refusal(request.method), "wrong password"};
}

}  // namespace keel::lifecycle
