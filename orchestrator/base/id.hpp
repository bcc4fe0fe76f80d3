// Distinct integer types for things that must not be swapped: local and peer, tunnel and session.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace keel {

template <class Tag, class Rep = std::uint32_t>
struct Id {
    Rep value{};

    constexpr Id() = default;
    constexpr explicit Id(Rep v) : value(v) {}
    constexpr auto operator<=>(const Id&) const = default;
    constexpr explicit operator bool() const { return value != Rep{}; }
};

// 32 bits wide, so that L2TPv3 fits (RFC 3931 4.1); L2TPv2 uses the lower 16 (RFC 2661 3.1). 0 is no id.
using LocalTunnelId = Id<struct LocalTunnelTag>;
using PeerTunnelId = Id<struct PeerTunnelTag>;
using LocalSessionId = Id<struct LocalSessionTag>;
using PeerSessionId = Id<struct PeerSessionTag>;

}  // namespace keel

template <class Tag, class Rep>
struct std::hash<keel::Id<Tag, Rep>> {
    std::size_t operator()(const keel::Id<Tag, Rep>& id) const noexcept { return std::hash<Rep>{}(id.value); }
};
