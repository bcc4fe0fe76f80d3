// Why a tunnel, a session or PPP ended, as the one Error that an operator is shown: the peer's words and
// codes, and what to do. Pure.
#pragma once

#include <string>
#include <string_view>

#include "l2tp/endpoint.hpp"
#include "ports.hpp"

namespace keel::lifecycle {

// Of a tunnel or a session; the remedy is empty only where it was ended here, on purpose.
[[nodiscard]] Error error_of(const l2tp::DownReason& reason);
// `farewell`: what the peer said in PPP before it, if anything; told where the reason has no words of its
// own.
[[nodiscard]] Error error_of(const l2tp::DownReason& reason, std::string_view farewell);
// `server`: we are PPP's server.
[[nodiscard]] Error error_of(const PppExited& end, bool server);

}  // namespace keel::lifecycle
