#include "base/printable.hpp"

#include <algorithm>

namespace keel {
namespace {

bool steers(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

// Marks that a base character wears are fine; what is invisible by itself, or turns the line around, is not.
bool deceives(char32_t code) {
    return code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff0 && code <= 0xfffb) || code >= 0xe0000;
}

}  // namespace

std::optional<CodePoint> first_code_point(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) return CodePoint{first, 1};
    const std::size_t octets = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < octets) return std::nullopt;
    char32_t code = first & (0xffU >> (octets + 1));
    for (std::size_t i = 1; i < octets; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xc0U) != 0x80) return std::nullopt;
        code = code << 6 | (next & 0x3fU);
    }
    constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < kLeast[octets] || code > 0x10ffff || surrogate) return std::nullopt;
    return CodePoint{code, octets};
}

std::string printable(std::string_view text) {
    if (std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; })) return std::string(text);
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto point = first_code_point(text);
        const std::size_t octets = point ? point->octets : 1;
        if (!point || steers(point->code) || deceives(point->code)) {
            out += '?';
        } else {
            out += text.substr(0, octets);
        }
        text.remove_prefix(octets);
    }
    return out;
}

}  // namespace keel
