// Control messages (RFC 2661 3.2 and 6) as typed values. Bytes become a whole message or a fault, before
// anything acts on them. To add a message: its struct, its fields in message_layout.hpp, and its handler in
// tunnel.cpp or session.cpp.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "l2tp/auth.hpp"
#include "l2tp/avp.hpp"
#include "l2tp/header.hpp"
#include "l2tp/quirks.hpp"

namespace keel::l2tp {

enum class MessageType : std::uint16_t {
    zlb = 0,  // not on the wire: a message without a body
    sccrq = 1,
    sccrp = 2,
    scccn = 3,
    stopccn = 4,
    hello = 6,
    ocrq = 7,
    ocrp = 8,
    occn = 9,
    icrq = 10,
    icrp = 11,
    iccn = 12,
    cdn = 14,
    wen = 15,
    sli = 16,
    mdmst = 17,  // RFC 3573
    fsq = 21,    // RFC 4951
    fsr = 22,
    csun = 28,  // RFC 5515
    csurq = 29,
};

inline constexpr std::uint16_t kProtocolVersion = 0x0100;  // 4.4.3: version 1, revision 0
inline constexpr std::uint32_t kSyncFraming = 1;           // 4.4.3, 4.4.4: the S bit
inline constexpr std::uint32_t kAsyncFraming = 2;          // the A bit

struct Sccrq {  // 6.1
    std::uint16_t protocol_version = kProtocolVersion;
    std::string host_name;
    std::uint32_t framing_capabilities = kSyncFraming | kAsyncFraming;
    std::uint16_t assigned_tunnel_id = 0;
    std::optional<std::uint32_t> bearer_capabilities = {};
    std::optional<std::uint16_t> receive_window_size = {};
    std::optional<std::string> challenge = {};
    std::optional<std::uint64_t> tie_breaker = {};
    std::optional<std::uint16_t> firmware_revision = {};
    std::optional<Bytes> vendor_name = {};
    std::optional<std::uint16_t> control_connection_ds = {};     // RFC 3308
    bool modem_on_hold_capable = false;                          // RFC 3573
    std::optional<FailoverCapability> failover_capability = {};  // RFC 4951
    std::optional<TunnelRecovery> tunnel_recovery = {};
    bool operator==(const Sccrq&) const = default;
};
struct Sccrp {  // 6.2
    std::uint16_t protocol_version = kProtocolVersion;
    std::string host_name;
    std::uint32_t framing_capabilities = kSyncFraming | kAsyncFraming;
    std::uint16_t assigned_tunnel_id = 0;
    std::optional<std::uint32_t> bearer_capabilities = {};
    std::optional<std::uint16_t> firmware_revision = {};
    std::optional<Bytes> vendor_name = {};
    std::optional<std::uint16_t> receive_window_size = {};
    std::optional<std::string> challenge = {};
    std::optional<Bytes> challenge_response = {};
    std::optional<std::uint16_t> control_connection_ds = {};
    bool modem_on_hold_capable = false;
    std::optional<FailoverCapability> failover_capability = {};
    std::optional<ControlSequence> suggested_control_sequence = {};
    bool operator==(const Sccrp&) const = default;
};
struct Scccn {  // 6.3
    std::optional<Bytes> challenge_response = {};
    bool operator==(const Scccn&) const = default;
};
struct Stopccn {  // 6.4
    std::uint16_t assigned_tunnel_id = 0;
    ResultCode result;
    bool operator==(const Stopccn&) const = default;
};
struct Hello {  // 6.5
    bool operator==(const Hello&) const = default;
};
// RFC 5515 5: what the access node knows of the subscriber's line; rates in bit/s, delays in milliseconds.
struct AccessLine {
    std::optional<std::string> agent_circuit_id = {};
    std::optional<std::string> agent_remote_id = {};
    std::optional<std::uint64_t> actual_rate_up = {};
    std::optional<std::uint64_t> actual_rate_down = {};
    std::optional<std::uint64_t> minimum_rate_up = {};
    std::optional<std::uint64_t> minimum_rate_down = {};
    std::optional<std::uint64_t> attainable_rate_up = {};
    std::optional<std::uint64_t> attainable_rate_down = {};
    std::optional<std::uint64_t> maximum_rate_up = {};
    std::optional<std::uint64_t> maximum_rate_down = {};
    std::optional<std::uint64_t> low_power_rate_up = {};
    std::optional<std::uint64_t> low_power_rate_down = {};
    std::optional<std::uint32_t> maximum_delay_up = {};
    std::optional<std::uint32_t> actual_delay_up = {};
    std::optional<std::uint32_t> maximum_delay_down = {};
    std::optional<std::uint32_t> actual_delay_down = {};
    std::optional<LoopEncapsulation> loop_encapsulation = {};
    std::optional<std::uint32_t> access_line_type = {};
    std::optional<std::uint32_t> iwf_session = {};
    bool operator==(const AccessLine&) const = default;
    // `circuit-id="..." down=... up=...`, printable; empty if nothing was told.
    [[nodiscard]] std::string text() const;
};
struct Icrq {  // 6.6
    std::uint16_t assigned_session_id = 0;
    std::uint32_t call_serial_number = 0;
    std::optional<std::uint32_t> bearer_type = {};
    std::optional<std::uint32_t> physical_channel_id = {};
    std::optional<Bytes> calling_number = {};
    std::optional<Bytes> called_number = {};
    std::optional<Bytes> sub_address = {};
    std::optional<std::uint16_t> service_category = {};  // RFC 3301
    std::optional<std::string> service_name = {};
    std::optional<Bytes> calling_sub_address = {};
    std::optional<std::uint32_t> vpi_vci = {};
    std::optional<std::uint16_t> session_ds = {};  // RFC 3308
    bool connect_speed_update_enable = false;      // RFC 5515
    AccessLine line = {};
    bool operator==(const Icrq&) const = default;
};
struct Icrp {  // 6.7
    std::uint16_t assigned_session_id = 0;
    std::optional<std::uint16_t> session_ds = {};
    bool operator==(const Icrp&) const = default;
};
struct Iccn {  // 6.8
    std::uint32_t tx_connect_speed = 0;
    std::uint32_t framing_type = kSyncFraming;
    std::optional<std::uint32_t> rx_connect_speed = {};
    bool sequencing_required = false;
    std::optional<Bytes> initial_received_lcp_confreq = {};
    std::optional<Bytes> last_sent_lcp_confreq = {};
    std::optional<Bytes> last_received_lcp_confreq = {};
    std::optional<std::uint16_t> proxy_authen_type = {};
    std::optional<Bytes> proxy_authen_name = {};
    std::optional<Bytes> proxy_authen_challenge = {};
    std::optional<std::uint16_t> proxy_authen_id = {};
    std::optional<Bytes> proxy_authen_response = {};
    std::optional<Bytes> private_group_id = {};
    std::optional<Bytes> lcp_want_options = {};  // RFC 3437
    std::optional<Bytes> lcp_allow_options = {};
    bool operator==(const Iccn&) const = default;
};
struct Cdn {  // 6.12
    ResultCode result;
    std::uint16_t assigned_session_id = 0;
    std::optional<Q931Cause> q931_cause = {};
    std::vector<PppDisconnect> ppp_disconnect = {};  // RFC 3145: one, or one for each NCP
    bool operator==(const Cdn&) const = default;
};
struct Ocrq {  // 6.9
    std::uint16_t assigned_session_id = 0;
    std::uint32_t call_serial_number = 0;
    std::uint32_t minimum_bps = 0;
    std::uint32_t maximum_bps = 0;
    std::uint32_t bearer_type = 0;
    std::uint32_t framing_type = kSyncFraming;
    Bytes called_number = {};
    std::optional<Bytes> sub_address = {};
    std::optional<std::uint32_t> rx_minimum_bps = {};  // RFC 3301
    std::optional<std::uint32_t> rx_maximum_bps = {};
    std::optional<std::uint16_t> service_category = {};
    std::optional<std::string> service_name = {};
    std::optional<std::uint16_t> session_ds = {};  // RFC 3308
    bool operator==(const Ocrq&) const = default;
};
struct Ocrp {  // 6.10
    std::uint16_t assigned_session_id = 0;
    std::optional<std::uint32_t> physical_channel_id = {};
    std::optional<std::uint32_t> vpi_vci = {};
    std::optional<std::uint16_t> session_ds = {};
    bool operator==(const Ocrp&) const = default;
};
struct Occn {  // 6.11
    std::uint32_t tx_connect_speed = 0;
    std::uint32_t framing_type = kSyncFraming;
    std::optional<std::uint32_t> rx_connect_speed = {};
    bool sequencing_required = false;
    std::optional<Bytes> lcp_want_options = {};
    std::optional<Bytes> lcp_allow_options = {};
    bool operator==(const Occn&) const = default;
};
struct Wen {  // 6.13
    CallErrors call_errors;
    bool operator==(const Wen&) const = default;
};
struct Sli {                        // 6.14
    std::optional<Accm> accm = {};  // required by 6.14, but of no use to an SLI of RFC 3437
    std::optional<Bytes> lns_last_sent_lcp_confreq = {};
    std::optional<Bytes> lns_last_received_lcp_confreq = {};
    bool operator==(const Sli&) const = default;
};
// Beyond RFC 2661. Their Message Type AVP has the M bit clear: who does not know them ignores them.
struct Mdmst {  // RFC 3573 3.1
    std::uint16_t modem_on_hold_status = 0;
    bool operator==(const Mdmst&) const = default;
};
struct Fsq {  // RFC 4951 4.1
    std::vector<FailoverSession> sessions;
    bool operator==(const Fsq&) const = default;
};
struct Fsr {  // RFC 4951 4.2
    std::vector<FailoverSession> sessions;
    bool operator==(const Fsr&) const = default;
};
struct Csun {  // RFC 5515 4.1
    std::vector<ConnectSpeed> speeds;
    bool operator==(const Csun&) const = default;
};
struct Csurq {  // RFC 5515 4.2
    std::vector<ConnectSpeed> speeds;
    bool operator==(const Csurq&) const = default;
};
struct Zlb {  // 5.8: acknowledgement only
    bool operator==(const Zlb&) const = default;
};
struct Unknown {
    std::uint16_t type = 0;
    bool mandatory = false;  // the M bit of its Message Type AVP, 4.4.1
    bool operator==(const Unknown&) const = default;
};

using Message = std::variant<Sccrq, Sccrp, Scccn, Stopccn, Hello, Icrq, Icrp, Iccn, Cdn, Ocrq, Ocrp, Occn,
                             Wen, Sli, Mdmst, Fsq, Fsr, Csun, Csurq, Zlb, Unknown>;

// "SCCRQ"; "message 99" for a type that the RFC does not define.
[[nodiscard]] std::string message_name(std::uint16_t type);

// A message that cannot be accepted. What could be read of it serves to answer it.
struct MessageFault {
    Fault fault;
    std::uint16_t type = 0;     // 0: not even the Message Type could be read
    std::uint16_t peer_id = 0;  // Assigned Tunnel or Session ID, 0 if it could not be read
    // Whether the message concerns one session and not the whole tunnel (4.1).
    [[nodiscard]] bool of_session() const;
};

// The AVPs of one control message. A ZLB is an empty body. `secret` reads what is hidden (4.3); `quirks` are
// those of the peer that sent it.
[[nodiscard]] std::expected<Message, MessageFault> decode_message(ByteView body, const Secret& secret = {},
                                                                  Quirks quirks = {});

// The Host Name of a message, which is never hidden: it may tell whose secret reads the rest. Empty if none
// is found.
[[nodiscard]] std::string_view peek_host_name(ByteView body);

// A whole control message but for Ns and Nr, which are 0; with `hiding`, what may be hidden is.
[[nodiscard]] Bytes encode_message(std::uint16_t tunnel, std::uint16_t session, const Message& message,
                                   const Hiding* hiding = nullptr);

}  // namespace keel::l2tp
