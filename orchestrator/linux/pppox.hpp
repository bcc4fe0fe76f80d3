// PPPoX: the socket through which a kernel L2TP session becomes a ppp channel.
#pragma once

#include <netinet/in.h>  // must come before the kernel's own headers

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "ports.hpp"

namespace keel {

// Whether socket(AF_PPPOX, PX_PROTO_OL2TP) works: module l2tp_ppp.
[[nodiscard]] Status pppox_is_there();

// Connects a PPPoX socket to an existing session and binds its ppp channel at once, so that the peer's first
// LCP frames wait in the channel. `exists` when somebody else holds the session: any local user may, without
// a privilege, which is why this must follow SESSION_CREATE immediately.
[[nodiscard]] Result<UniqueFd> connect_pppox(const KernelSession& session);

}  // namespace keel
