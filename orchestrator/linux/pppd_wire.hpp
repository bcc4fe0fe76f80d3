// The controller's half of the conversation with the plugin (pppd-plugin/wire.h): frames from and to the
// values of ports.hpp. Pure; pppd parses what the network sends, so its frames are taken for hostile input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.hpp"
#include "ports.hpp"

namespace keel::pppd_wire {

struct Hello {
    std::uint32_t request = 0;
    std::string version;
    std::uint32_t pid = 0;
};
struct Login {
    std::uint32_t request = 0;
    LoginRequest login;
};
struct AddressRequest {
    std::uint32_t request = 0;
};
struct Phase {
    PppPhase phase = PppPhase::starting;
};
struct IpUp {
    PppUp up;  // without its PppId
};
struct IpDown {};
struct Exit {
    int status = 0;
    PppExited::Cause cause = PppExited::Cause::error;
    std::string message;  // printable
    std::uint16_t protocol = 0;
};
struct Echo {
    std::uint32_t sent = 0, received = 0;
};
using Frame = std::variant<Hello, Login, AddressRequest, Phase, IpUp, IpDown, Exit, Echo>;

// One datagram from the plugin, wholly or not at all: also frames that only the controller may send are
// refused.
[[nodiscard]] std::optional<Frame> decode(ByteView datagram);

// Whether the plugin can do this: IPv4 addresses, lengths that pppd holds, an MTU of 128 to 16384 octets.
[[nodiscard]] Status check(const PppSpec& spec);

// For a spec that passed check(). The caller wipes the work frame: it may hold the password.
[[nodiscard]] Bytes encode_work(std::uint32_t request, const PppSpec& spec, bool die_with_controller);
[[nodiscard]] Bytes encode_verdict(std::uint32_t request, const LoginVerdict& verdict);
[[nodiscard]] Bytes encode_address(std::uint32_t request, const std::optional<IpAddress>& address);

}  // namespace keel::pppd_wire
