// What the two halves of carrying out steps (actions.cpp, session_actions.cpp) share: ids and codes as they
// are written.
#pragma once

#include <optional>
#include <string>

#include "l2tp/endpoint_impl.hpp"

namespace keel::l2tp {

[[nodiscard]] inline Bytes to_bytes(const std::string& text) {
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
}

template <class IdType>
[[nodiscard]] std::uint16_t wire(IdType id) {
    return static_cast<std::uint16_t>(id.value);
}

// The Error Code is always there: xl2tpd refuses a Result Code AVP without it, though 4.4.2 makes it
// optional.
[[nodiscard]] inline ResultCode result_code(const DownReason& reason) {
    return {reason.result, reason.error, reason.message};
}

// RFC 3308: what to ask for or to grant.
[[nodiscard]] inline std::optional<std::uint8_t> wanted_dscp(const Tunnel& tunnel,
                                                             std::optional<std::uint8_t> dscp) {
    return tunnel.quirks.has(Quirk::required_avps_only) ? std::nullopt : dscp;
}

}  // namespace keel::l2tp
