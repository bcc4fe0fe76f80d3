// The values of AVPs that are more than a number or octets, with their words for an operator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace keel::l2tp {

// RFC 2661 4.4.2 Result Code: the error code and the message are optional on the wire.
struct ResultCode {
    std::uint16_t result = 0;
    std::optional<std::uint16_t> error;
    std::string message;
    bool operator==(const ResultCode&) const = default;
};
// RFC 2661 4.4.4 Q.931 Cause Code.
struct Q931Cause {
    std::uint16_t code = 0;
    std::uint8_t message_type = 0;
    std::string advisory;
    bool operator==(const Q931Cause&) const = default;
    [[nodiscard]] std::string text() const;  // "Q.931 cause 17: user busy: ..."
};
// RFC 2661 4.4.6 Call Errors, counted since the call began.
struct CallErrors {
    std::uint32_t crc = 0, framing = 0, hardware_overruns = 0, buffer_overruns = 0, timeouts = 0,
                  alignment = 0;
    bool operator==(const CallErrors&) const = default;
    [[nodiscard]] std::string text() const;
};
// RFC 2661 4.4.6 ACCM: the control characters to escape, each way.
struct Accm {
    std::uint32_t send = 0xffffffff, receive = 0xffffffff;
    bool operator==(const Accm&) const = default;
};
// RFC 3145 PPP Disconnect Cause Code.
struct PppDisconnect {
    std::uint16_t code = 0;
    std::uint16_t protocol = 0;  // of PPP: 0xc021 is LCP; 0: none in particular
    std::uint8_t direction = 0;  // 0: global, 1: at the peer, 2: at the sender of the AVP
    std::string message;
    bool operator==(const PppDisconnect&) const = default;
    [[nodiscard]] std::string text() const;  // "PPP: authentication failed (code 16, protocol 0xc223): ..."
};
// RFC 4951 5.1 Failover Capability.
struct FailoverCapability {
    std::uint16_t flags = 0;          // 1: control channel, 2: data channels
    std::uint32_t recovery_time = 0;  // milliseconds
    bool operator==(const FailoverCapability&) const = default;
    [[nodiscard]] std::string text() const;
};
// RFC 4951 5.2 Tunnel Recovery.
struct TunnelRecovery {
    std::uint16_t tunnel = 0, remote_tunnel = 0;
    bool operator==(const TunnelRecovery&) const = default;
};
// RFC 4951 5.3 Suggested Control Sequence.
struct ControlSequence {
    std::uint16_t ns = 0, nr = 0;
    bool operator==(const ControlSequence&) const = default;
};
// RFC 4951 5.4 Failover Session State.
struct FailoverSession {
    std::uint16_t session = 0, remote_session = 0;
    bool operator==(const FailoverSession&) const = default;
};
// RFC 5515 6.1 Connect Speed Update; `session` is the receiver's id, speeds in bit/s as the LAC sees them.
struct ConnectSpeed {
    std::uint16_t session = 0;
    std::uint32_t tx = 0, rx = 0;
    bool operator==(const ConnectSpeed&) const = default;
};
// RFC 5515 5.17 Access-Loop-Encapsulation.
struct LoopEncapsulation {
    std::uint8_t data_link = 0, encapsulation_1 = 0, encapsulation_2 = 0;
    bool operator==(const LoopEncapsulation&) const = default;
    [[nodiscard]] std::string text() const;
};

// What is told of a call, in words; call_facts.hpp makes them.
struct CallFact {
    std::string_view name;  // "called_number"; lives for ever
    std::string text;       // printable, not empty
    bool operator==(const CallFact&) const = default;
};

// RFC 3573 4.2 Modem On-Hold Status: "on hold for at most 1 minute", "online".
[[nodiscard]] std::string modem_on_hold_text(std::uint16_t status);
// RFC 5515 5.18 ANCP Access Line Type: "VDSL2".
[[nodiscard]] std::string access_line_type_text(std::uint32_t type);
// RFC 3301 4.4: the S bit of Service Category.
[[nodiscard]] std::string service_category_text(std::uint16_t category);

// RFC 3308 6, RFC 3140: the PHB code of a DSCP (left-justified), and back; nothing for a code of another
// kind.
[[nodiscard]] std::uint16_t phb_of_dscp(std::uint8_t dscp);
[[nodiscard]] std::optional<std::uint8_t> dscp_of_phb(std::uint16_t phb);

}  // namespace keel::l2tp
