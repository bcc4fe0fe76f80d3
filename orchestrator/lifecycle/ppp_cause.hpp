// Why PPP ended, as the two ends of a session tell each other: from what pppd says to the PPP Disconnect
// Cause of our CDN (RFC 3145), and from a peer's to what an operator can do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "l2tp/avp_values.hpp"
#include "ports.hpp"

namespace keel::lifecycle {

// None: nothing is known that would help. `server`: we are PPP's server, whose addresses the peer must take.
[[nodiscard]] std::vector<l2tp::PppDisconnect> disconnect_causes(const PppExited& end, bool server);

// Something failed, which an operator should hear of; not that a link was ended on purpose.
[[nodiscard]] bool tells_failure(const std::vector<l2tp::PppDisconnect>& causes);

// "auth-failed": for scripts and as a label of metrics.
[[nodiscard]] std::string_view name_of(PppExited::Cause cause);

// What to do about an end; both may be empty.
[[nodiscard]] std::string remedy_for(PppExited::Cause cause);
[[nodiscard]] std::string remedy_for(const std::vector<l2tp::PppDisconnect>& causes);

}  // namespace keel::lifecycle
