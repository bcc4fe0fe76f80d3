#include "lifecycle/mschap.hpp"

#include <fmt/format.h>
#include <nettle/des.h>
#include <nettle/md4.h>
#include <nettle/sha1.h>

#include "base/secret.hpp"

namespace keel::lifecycle::mschap {
namespace {

template <std::size_t N>
using Block = std::array<std::uint8_t, N>;

Block<16> md4(ByteView input) {
    md4_ctx context;
    md4_init(&context);
    md4_update(&context, input.size(), input.data());
    Block<16> digest;
    md4_digest(&context, digest.size(), digest.data());
    wipe(&context, sizeof context);
    return digest;
}

Block<20> sha1(std::initializer_list<ByteView> parts) {
    sha1_ctx context;
    sha1_init(&context);
    for (const ByteView part : parts) sha1_update(&context, part.size(), part.data());
    Block<20> digest;
    sha1_digest(&context, digest.size(), digest.data());
    return digest;
}

// RFC 2759 8.6: seven octets of key become eight with room for parity.
void des_encrypt(ByteView challenge, std::span<const std::uint8_t, 7> key, std::uint8_t* out) {
    Block<8> spread;
    for (std::size_t i = 0; i < 8; ++i) {
        const unsigned high = i > 0 ? static_cast<unsigned>(key[i - 1]) << (8 - i) : 0u;
        const unsigned low = i < 7 ? static_cast<unsigned>(key[i]) >> i : 0u;
        spread[i] = static_cast<std::uint8_t>((high | low) & 0xfe);
    }
    des_fix_parity(spread.size(), spread.data(), spread.data());
    des_ctx context;
    (void)des_set_key(&context, spread.data());  // a weak key is the peer's password's affair
    des_encrypt(&context, 8, out, challenge.data());
    wipe(&context, sizeof context);
    wipe(spread.data(), spread.size());
}

Block<20> challenge_hash(const Exchange& exchange) {
    return sha1({exchange.peer_challenge, exchange.authenticator_challenge, as_bytes(exchange.user)});
}

// The code points of UTF-8 text; a byte that cannot be part of it stands for itself.
std::u32string code_points(ByteView text) {
    std::u32string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::uint8_t lead = text[i];
        const std::size_t more = lead >= 0xf0 && lead < 0xf8 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : 0;
        char32_t point = more == 0 ? lead : lead & (0x3f >> more);
        std::size_t used = 0;
        while (used < more && i + used + 1 < text.size() && (text[i + used + 1] & 0xc0) == 0x80) {
            point = point << 6 | (text[i + ++used] & 0x3f);
        }
        if (lead >= 0xf8 || used != more) {
            out += lead;
        } else {
            out += point;
            i += more;
        }
    }
    return out;
}

}  // namespace

PasswordHash nt_password_hash(ByteView password) {
    Bytes utf16;
    const auto unit = [&](char32_t value) {
        utf16.push_back(static_cast<std::uint8_t>(value & 0xff));
        utf16.push_back(static_cast<std::uint8_t>(value >> 8 & 0xff));
    };
    for (const char32_t point : code_points(password)) {
        if (point >= 0x10000) {
            unit(0xd800 + ((point - 0x10000) >> 10));
            unit(0xdc00 + ((point - 0x10000) & 0x3ff));
        } else {
            unit(point);
        }
    }
    const auto hash = md4(utf16);
    wipe(utf16.data(), utf16.size());
    return hash;
}

std::array<std::uint8_t, 24> nt_response(const Exchange& exchange, const PasswordHash& hash) {
    const auto challenge = challenge_hash(exchange);
    Block<21> padded{};
    std::copy(hash.begin(), hash.end(), padded.begin());
    Block<24> response;
    for (std::size_t third = 0; third < 3; ++third) {
        des_encrypt(challenge, std::span<const std::uint8_t, 7>(padded.data() + 7 * third, 7),
                    response.data() + 8 * third);
    }
    wipe(padded.data(), padded.size());
    return response;
}

std::string authenticator_response(const Exchange& exchange, const PasswordHash& hash, ByteView response) {
    constexpr std::string_view kMagic1 = "Magic server to client signing constant";
    constexpr std::string_view kMagic2 = "Pad to make it do more than one iteration";
    const auto hash_hash = md4(hash);
    const auto first = sha1({hash_hash, response, as_bytes(kMagic1)});
    const auto challenge = challenge_hash(exchange);
    const auto second = sha1({first, ByteView(challenge).first(8), as_bytes(kMagic2)});
    std::string text = "S=";
    for (const std::uint8_t byte : second) text += fmt::format("{:02X}", byte);
    return text;
}

}  // namespace keel::lifecycle::mschap
