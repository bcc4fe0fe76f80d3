// What the tunnel's secret is for: tunnel authentication (RFC 2661 5.1.1) and the hiding of AVP values (4.3).
// Both are MD5 over the secret; pure functions, the random octets come from the caller.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace keel::l2tp {

inline constexpr std::size_t kMd5Size = 16;
inline constexpr std::size_t kChallengeSize = 16;
inline constexpr std::size_t kRandomVectorSize = 16;  // 4.3: "at least 16 octets" are recommended

// 5.1.1, 4.4.3: the Challenge Response, 16 octets; `message_type` is that of the message that carries it (2:
// SCCRP, 3: SCCCN), which stands for CHAP's identifier.
[[nodiscard]] Bytes challenge_response(std::uint8_t message_type, const Secret& secret, ByteView challenge);
// Constant time in the contents.
[[nodiscard]] bool same_octets(ByteView left, ByteView right);

// 4.3: the Hidden AVP Subformat of `value`, with the length in front and padded to whole blocks of 16 octets,
// then enciphered; `attribute` is the AVP's type. A value of more than 1006 octets does not fit an AVP and is
// cut.
[[nodiscard]] Bytes hide_value(std::uint16_t attribute, ByteView value, const Secret& secret,
                               ByteView random_vector, Random& padding);
// The value again; nothing if the length inside does not fit, as it is when the secrets differ.
[[nodiscard]] std::optional<Bytes> unhide_value(std::uint16_t attribute, ByteView hidden,
                                                const Secret& secret, ByteView random_vector);

// How to hide what is sent: by which secret, and whence the Random Vector comes.
struct Hiding {
    const Secret& secret;
    Random& random;
};
// The AVPs of a message, with the value of each AVP hidden that may be (4.4), and one Random Vector AVP
// before the first of them. `avps` begins with the Message Type AVP. The Assigned Tunnel ID of an SCCRQ stays
// in clear, so that a peer with another secret can refuse us; every header after it shows it anyway.
[[nodiscard]] Bytes hide_avps(ByteView avps, const Hiding& hiding);

}  // namespace keel::l2tp
