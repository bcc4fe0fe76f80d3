#include "lifecycle/mtu.hpp"

#include <algorithm>
#include <string_view>

namespace keel::lifecycle {
namespace {

struct EspShape {
    std::uint32_t iv, align, icv;  // octets
};

// RFC 4303 2; names as charon tells them.
EspShape shape_of(const ChildSa& sa) {
    const std::string_view cipher = sa.encryption;
    const std::string_view mac = sa.integrity;
    const std::uint32_t icv = mac.find("SHA2_512_256") != std::string_view::npos   ? 32
                              : mac.find("SHA2_384_192") != std::string_view::npos ? 24
                              : mac.find("_96") != std::string_view::npos          ? 12
                                                                                   : 16;
    if (cipher.starts_with("AES_GCM") || cipher.starts_with("AES_CCM") || cipher.starts_with("CHACHA20")) {
        return {8, 4, 16};
    }
    if (cipher.starts_with("AES_CTR")) return {8, 4, icv};
    if (cipher.starts_with("3DES")) return {8, 8, icv};
    return {16, 16, icv};  // AES-CBC, and the most for what we do not know
}

}  // namespace

std::uint16_t ppp_mtu(std::uint32_t path_mtu, bool outer_is_v4, const ChildSa* sa, bool sequencing) {
    constexpr std::uint32_t kUdp = 8;
    constexpr std::uint32_t kPpp = 4;                // FF 03 and the protocol
    const std::uint32_t l2tp = sequencing ? 10 : 6;  // RFC 2661 3.1, as the kernel sends it
    const std::uint32_t ip = outer_is_v4 ? 20 : 40;
    const std::uint32_t inside = kUdp + l2tp + kPpp;

    std::uint32_t room = path_mtu > ip ? path_mtu - ip : 0;
    if (sa) {
        constexpr std::uint32_t kSpiAndSequence = 8;
        constexpr std::uint32_t kTrailer = 2;  // pad length and next header
        const EspShape esp = shape_of(*sa);
        const std::uint32_t fixed = (sa->encap ? kUdp : 0) + kSpiAndSequence + esp.iv + esp.icv;
        room = room > fixed ? (room - fixed) / esp.align * esp.align : 0;
        room = room > kTrailer ? room - kTrailer : 0;
    }
    room = room > inside ? room - inside : 0;
    return static_cast<std::uint16_t>(std::clamp<std::uint32_t>(room, 576, 1500));
}

}  // namespace keel::lifecycle
