// Control messages (RFC 2661 3.2 and 6) as typed values. Bytes become a whole message or a fault, before
// anything acts on them. To add a message: its struct, its fields in message.cpp, and its handler in
// tunnel.cpp or session.cpp.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "l2tp/auth.hpp"
#include "l2tp/avp.hpp"
#include "l2tp/header.hpp"

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
};

inline constexpr std::uint16_t kProtocolVersion = 0x0100;  // 4.4.3: version 1, revision 0
inline constexpr std::uint32_t kSyncFraming = 1;           // 4.4.3, 4.4.4: the S bit
inline constexpr std::uint32_t kAsyncFraming = 2;          // the A bit

struct Sccrq {  // 6.1
    std::uint16_t protocol_version = kProtocolVersion;
    std::string host_name;
    std::uint32_t framing_capabilities = kSyncFraming | kAsyncFraming;
    std::uint16_t assigned_tunnel_id = 0;
    std::optional<std::uint32_t> bearer_capabilities;
    std::optional<std::uint16_t> receive_window_size;
    std::optional<std::string> challenge;
    std::optional<std::uint64_t> tie_breaker;
    std::optional<std::uint16_t> firmware_revision;
    std::optional<Bytes> vendor_name;
};
struct Sccrp {  // 6.2
    std::uint16_t protocol_version = kProtocolVersion;
    std::string host_name;
    std::uint32_t framing_capabilities = kSyncFraming | kAsyncFraming;
    std::uint16_t assigned_tunnel_id = 0;
    std::optional<std::uint32_t> bearer_capabilities;
    std::optional<std::uint16_t> firmware_revision;
    std::optional<Bytes> vendor_name;
    std::optional<std::uint16_t> receive_window_size;
    std::optional<std::string> challenge;
    std::optional<Bytes> challenge_response;
};
struct Scccn {  // 6.3
    std::optional<Bytes> challenge_response;
};
struct Stopccn {  // 6.4
    std::uint16_t assigned_tunnel_id = 0;
    ResultCode result;
};
struct Hello {};  // 6.5
struct Icrq {     // 6.6
    std::uint16_t assigned_session_id = 0;
    std::uint32_t call_serial_number = 0;
    std::optional<std::uint32_t> bearer_type;
    std::optional<std::uint32_t> physical_channel_id;
    std::optional<Bytes> calling_number;
    std::optional<Bytes> called_number;
    std::optional<Bytes> sub_address;
};
struct Icrp {  // 6.7
    std::uint16_t assigned_session_id = 0;
};
struct Iccn {  // 6.8; the proxy AVPs are recognised and not kept
    std::uint32_t tx_connect_speed = 0;
    std::uint32_t framing_type = kSyncFraming;
    std::optional<std::uint32_t> rx_connect_speed;
    bool sequencing_required = false;
};
struct Cdn {  // 6.12
    ResultCode result;
    std::uint16_t assigned_session_id = 0;
    std::optional<Q931Cause> q931_cause;
};
// Outgoing calls (6.9 to 6.11) are refused by CDN: of the messages only the peer's id is needed.
struct Ocrq {
    std::uint16_t assigned_session_id = 0;
};
struct Ocrp {};
struct Occn {};
// 6.13 and 6.14: accepted, without effect on L2TP itself.
struct Wen {};
struct Sli {};
struct Zlb {};  // 5.8: acknowledgement only
struct Unknown {
    std::uint16_t type = 0;
    bool mandatory = false;  // the M bit of its Message Type AVP, 4.4.1
};

using Message = std::variant<Sccrq, Sccrp, Scccn, Stopccn, Hello, Icrq, Icrp, Iccn, Cdn, Ocrq, Ocrp, Occn,
                             Wen, Sli, Zlb, Unknown>;

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

// The AVPs of one control message. A ZLB is an empty body. `secret` reads what is hidden (4.3).
[[nodiscard]] std::expected<Message, MessageFault> decode_message(ByteView body, const Secret& secret = {});

// The Host Name of a message, which is never hidden: it may tell whose secret reads the rest. Empty if none
// is found.
[[nodiscard]] std::string_view peek_host_name(ByteView body);

// A whole control message but for Ns and Nr, which are 0; with `hiding`, what may be hidden is.
[[nodiscard]] Bytes encode_message(std::uint16_t tunnel, std::uint16_t session, const Message& message,
                                   const Hiding* hiding = nullptr);

}  // namespace keel::l2tp
