// What this kernel can do of that by which recipe S tells clients with equal addresses and ports apart. Found
// by trying it: version numbers say little, because distributions port features back and vendors leave some
// out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "linux/guard.hpp"

namespace keel {

// Each: true, false, or unknown because the trial itself failed.
struct KernelSupport {
    std::optional<bool> receive_mark;   // a listener is told under which SA a datagram came (SO_RCVMARK)
    std::optional<bool> set_mark;       // an SA marks what came under it (XFRMA_SET_MARK)
    std::optional<bool> socket_policy;  // a socket is tied to its SA (IP_XFRM_POLICY)
    std::optional<bool> rules;          // nftables sees SAs, and leads by marks (nft_xfrm)
};

// Tries each; nothing of it stays. Needs CAP_NET_ADMIN.
[[nodiscard]] KernelSupport probe_kernel(Guard& guard);

// What IPsec cannot do without. Not SO_RCVMARK: without it each SA's requests come to a socket of their own.
[[nodiscard]] std::vector<Error> missing_for_ipsec(const KernelSupport& support);

}  // namespace keel
