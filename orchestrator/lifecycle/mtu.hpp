// The MTU of a PPP link from the real encapsulation below it, so that no packet needs to be fragmented.
#pragma once

#include <cstdint>

#include "ports.hpp"

namespace keel::lifecycle {

// `path_mtu` in octets, the outer IP packet's; `sa` null: without IPsec. Between 576 and 1500 (RFC 1661's
// default MRU: a larger one gains nothing and meets peers that cannot).
[[nodiscard]] std::uint16_t ppp_mtu(std::uint32_t path_mtu, bool outer_is_v4, const ChildSa* sa,
                                    bool sequencing);

}  // namespace keel::lifecycle
