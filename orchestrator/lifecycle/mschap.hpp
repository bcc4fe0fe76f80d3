// MS-CHAPv2's arithmetic, the authenticator's half of RFC 2759 8. Pure; nettle does the primitives.
#pragma once

#include <array>
#include <string>

#include "base/bytes.hpp"

namespace keel::lifecycle::mschap {

using PasswordHash = std::array<std::uint8_t, 16>;

// RFC 2759 8.3; `password` is UTF-8. Bytes that are not UTF-8 are taken as Latin-1, as pppd does.
[[nodiscard]] PasswordHash nt_password_hash(ByteView password);

struct Exchange {
    ByteView authenticator_challenge;  // 16 octets
    ByteView peer_challenge;           // 16 octets
    std::string_view user;             // without a domain
};

// RFC 2759 8.1.
[[nodiscard]] std::array<std::uint8_t, 24> nt_response(const Exchange& exchange, const PasswordHash& hash);
// RFC 2759 8.7: "S=" and 40 upper-case hexadecimal digits.
[[nodiscard]] std::string authenticator_response(const Exchange& exchange, const PasswordHash& hash,
                                                 ByteView nt_response);

}  // namespace keel::lifecycle::mschap
