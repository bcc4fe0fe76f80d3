#include "base/printable.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace keel {
namespace {

struct Decoded {
    std::size_t octets = 0;  // none: no UTF-8 here
    std::uint32_t code = 0;
};

bool continues(char octet) {
    return (static_cast<unsigned char>(octet) & 0xc0) == 0x80;
}

// RFC 3629: the shortest form alone, no surrogates, up to U+10FFFF.
Decoded decode(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) return {1, first};
    const std::size_t octets = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < octets) return {};
    std::uint32_t code = first & (0xffU >> (octets + 1));
    for (std::size_t i = 1; i < octets; ++i) {
        if (!continues(text[i])) return {};
        code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kLeast[octets] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
    return {octets, code};
}

bool steers(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto [octets, code] = decode(text);
        if (octets == 0 || steers(code)) {
            out += '?';
        } else {
            out += text.substr(0, octets);
        }
        text.remove_prefix(std::max<std::size_t>(octets, 1));
    }
    return out;
}

}  // namespace keel
