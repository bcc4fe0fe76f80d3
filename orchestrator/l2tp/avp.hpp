// AVPs (RFC 2661 4): the header codec, and the one table of attributes that this end recognises. To add an
// AVP, add its row to kAvpTable (avp_table.cpp); to carry it in a message, name it in that message's fields
// (message.cpp).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "l2tp/avp_values.hpp"
#include "l2tp/result_codes.hpp"

namespace keel::l2tp {

inline constexpr std::size_t kAvpHeaderSize = 6;
inline constexpr std::size_t kMaxAvpSize = 1023;  // 4.1: the Length field has ten bits

inline constexpr std::uint32_t kAdslForum = 3561;  // RFC 5515 5: the vendor of the access line's AVPs

// The vendor in the upper 16 bits (0: IETF), the attribute in the lower ones.
enum class AvpType : std::uint32_t {
    message_type = 0,
    result_code = 1,
    protocol_version = 2,
    framing_capabilities = 3,
    bearer_capabilities = 4,
    tie_breaker = 5,
    firmware_revision = 6,
    host_name = 7,
    vendor_name = 8,
    assigned_tunnel_id = 9,
    receive_window_size = 10,
    challenge = 11,
    q931_cause_code = 12,
    challenge_response = 13,
    assigned_session_id = 14,
    call_serial_number = 15,
    minimum_bps = 16,
    maximum_bps = 17,
    bearer_type = 18,
    framing_type = 19,
    called_number = 21,
    calling_number = 22,
    sub_address = 23,
    tx_connect_speed = 24,
    physical_channel_id = 25,
    initial_received_lcp_confreq = 26,
    last_sent_lcp_confreq = 27,
    last_received_lcp_confreq = 28,
    proxy_authen_type = 29,
    proxy_authen_name = 30,
    proxy_authen_challenge = 31,
    proxy_authen_id = 32,
    proxy_authen_response = 33,
    call_errors = 34,
    accm = 35,
    random_vector = 36,
    private_group_id = 37,
    rx_connect_speed = 38,
    sequencing_required = 39,
    rx_minimum_bps = 40,
    rx_maximum_bps = 41,
    service_category = 42,
    service_name = 43,
    calling_sub_address = 44,
    vpi_vci = 45,
    ppp_disconnect_cause = 46,
    control_connection_ds = 47,
    session_ds = 48,
    lcp_want_options = 49,
    lcp_allow_options = 50,
    lns_last_sent_lcp_confreq = 51,
    lns_last_received_lcp_confreq = 52,
    modem_on_hold_capable = 53,
    modem_on_hold_status = 54,
    failover_capability = 76,
    tunnel_recovery = 77,
    suggested_control_sequence = 78,
    failover_session_state = 79,
    connect_speed_update = 97,
    connect_speed_update_enable = 98,
    agent_circuit_id = kAdslForum << 16 | 1,
    agent_remote_id = kAdslForum << 16 | 2,
    actual_rate_up = kAdslForum << 16 | 129,
    actual_rate_down = kAdslForum << 16 | 130,
    minimum_rate_up = kAdslForum << 16 | 131,
    minimum_rate_down = kAdslForum << 16 | 132,
    attainable_rate_up = kAdslForum << 16 | 133,
    attainable_rate_down = kAdslForum << 16 | 134,
    maximum_rate_up = kAdslForum << 16 | 135,
    maximum_rate_down = kAdslForum << 16 | 136,
    low_power_rate_up = kAdslForum << 16 | 137,
    low_power_rate_down = kAdslForum << 16 | 138,
    maximum_delay_up = kAdslForum << 16 | 139,
    actual_delay_up = kAdslForum << 16 | 140,
    maximum_delay_down = kAdslForum << 16 | 141,
    actual_delay_down = kAdslForum << 16 | 142,
    loop_encapsulation = kAdslForum << 16 | 144,
    access_line_type = kAdslForum << 16 | 145,
    iwf_session = kAdslForum << 16 | 254,
};

constexpr std::uint16_t vendor_of(AvpType type) {
    return static_cast<std::uint16_t>(static_cast<std::uint32_t>(type) >> 16);
}
constexpr std::uint16_t attribute_of(AvpType type) {
    return static_cast<std::uint16_t>(static_cast<std::uint32_t>(type) & 0xffff);
}

// How a value is written; decides its length and the C++ type that a message's field must have.
enum class AvpFormat {
    flag,            // no value: presence says it; bool
    u16,             // std::uint16_t
    id,              // std::uint16_t, never 0
    u32,             // std::uint32_t
    u64,             // std::uint64_t
    text,            // one octet or more; std::string
    octets,          // any length; Bytes
    md5,             // 16 octets; Bytes
    result,          // ResultCode, 4.4.2
    cause,           // Q931Cause, 4.4.4
    errors,          // CallErrors, RFC 2661 4.4.6
    character_maps,  // Accm, RFC 2661 4.4.6
    nsap,            // 20 octets; Bytes
    disconnect,      // PppDisconnect, RFC 3145
    failover,        // FailoverCapability, RFC 4951
    recovery,        // TunnelRecovery, RFC 4951
    sequence,        // ControlSequence, RFC 4951
    session_state,   // FailoverSession, RFC 4951
    speed_update,    // ConnectSpeed, RFC 5515
    line_id,         // 2 to 63 octets; std::string
    encapsulation,   // LoopEncapsulation, RFC 5515
};

struct AvpRow {
    AvpType type;
    std::string_view name;
    AvpFormat format;
    bool mandatory;       // the M bit as we send it
    bool may_hide;        // the H bit may be set on it
    bool secret = false;  // with it a password or a secret can be guessed: never shown
};

// The row of an attribute, or nothing when it is not recognised.
[[nodiscard]] const AvpRow* find_avp(std::uint16_t attribute, std::uint16_t vendor = 0);
[[nodiscard]] const AvpRow& row_of(AvpType type);
// Which row of the table it is: below kMaxAvpRows.
inline constexpr std::size_t kMaxAvpRows = 96;
[[nodiscard]] std::size_t row_number(const AvpRow& row);

struct AvpLengths {
    std::size_t least, most;  // octets of the value
};
[[nodiscard]] AvpLengths avp_lengths(AvpFormat format);

// One AVP as framed on the wire; `value` points into the message.
struct RawAvp {
    bool mandatory = false;
    bool hidden = false;
    bool reserved = false;  // a reserved bit is set: to be treated as unrecognised (4.1)
    std::uint16_t vendor = 0;
    std::uint16_t type = 0;
    ByteView value;
};

// Why a message cannot be accepted: what goes into the Result Code of the StopCCN or CDN that answers it.
struct Fault {
    GeneralError error = GeneralError::none;
    std::string message;
    bool secret = false;  // it is hidden, and our tunnel secret does not read it (4.3): the two ends' differ
};

// The next AVP; consumes it wholly. A length below 6 or beyond the message is a Fault after which the rest of
// the message cannot be read.
[[nodiscard]] std::expected<RawAvp, Fault> read_avp(Reader& reader);

// The row if the AVP is to be decoded; nullptr if it is to be ignored; a Fault if it makes the message
// unacceptable (4.1: unrecognised with M set; 7.1: malformed with M set).
[[nodiscard]] std::expected<const AvpRow*, Fault> check_avp(const RawAvp& avp);
// What becomes of an AVP that cannot be used: nullptr (ignore it), or a Fault when its M bit says that it
// must be understood. `why` completes "AVP 9 (Assigned Tunnel ID) ...".
[[nodiscard]] std::expected<const AvpRow*, Fault> unusable(const RawAvp& avp, GeneralError error,
                                                           std::string_view why);
// Recognised, and of those that may come hidden (4.3).
[[nodiscard]] bool may_be_hidden(const RawAvp& avp);

// Decoders of values whose length check_avp has found right; each has a Reader over its own value only.
[[nodiscard]] bool decode_value(Reader value, std::uint16_t& out);
[[nodiscard]] bool decode_value(Reader value, std::uint32_t& out);
[[nodiscard]] bool decode_value(Reader value, std::uint64_t& out);
[[nodiscard]] bool decode_value(Reader value, bool& out);
[[nodiscard]] bool decode_value(Reader value, std::string& out);
[[nodiscard]] bool decode_value(Reader value, Bytes& out);
[[nodiscard]] bool decode_value(Reader value, ResultCode& out);
[[nodiscard]] bool decode_value(Reader value, Q931Cause& out);
[[nodiscard]] bool decode_value(Reader value, CallErrors& out);
[[nodiscard]] bool decode_value(Reader value, Accm& out);
[[nodiscard]] bool decode_value(Reader value, PppDisconnect& out);
[[nodiscard]] bool decode_value(Reader value, FailoverCapability& out);
[[nodiscard]] bool decode_value(Reader value, TunnelRecovery& out);
[[nodiscard]] bool decode_value(Reader value, ControlSequence& out);
[[nodiscard]] bool decode_value(Reader value, FailoverSession& out);
[[nodiscard]] bool decode_value(Reader value, ConnectSpeed& out);
[[nodiscard]] bool decode_value(Reader value, LoopEncapsulation& out);

// Appends a whole AVP with the M bit of its row. Text and octets are cut so that the AVP fits its Length
// field; a `false` flag writes nothing.
void write_avp(Writer& out, AvpType type, std::uint16_t value);
void write_avp(Writer& out, AvpType type, std::uint32_t value);
void write_avp(Writer& out, AvpType type, std::uint64_t value);
void write_avp(Writer& out, AvpType type, bool value);
void write_avp(Writer& out, AvpType type, const std::string& value);
void write_avp(Writer& out, AvpType type, const Bytes& value);
void write_avp(Writer& out, AvpType type, const ResultCode& value);
void write_avp(Writer& out, AvpType type, const Q931Cause& value);
void write_avp(Writer& out, AvpType type, const CallErrors& value);
void write_avp(Writer& out, AvpType type, const Accm& value);
void write_avp(Writer& out, AvpType type, const PppDisconnect& value);
void write_avp(Writer& out, AvpType type, const FailoverCapability& value);
void write_avp(Writer& out, AvpType type, const TunnelRecovery& value);
void write_avp(Writer& out, AvpType type, const ControlSequence& value);
void write_avp(Writer& out, AvpType type, const FailoverSession& value);
void write_avp(Writer& out, AvpType type, const ConnectSpeed& value);
void write_avp(Writer& out, AvpType type, const LoopEncapsulation& value);
// The AVP as it is framed: M and H bits, vendor, type and value. The value fits the Length field.
void write_raw_avp(Writer& out, const RawAvp& avp);

}  // namespace keel::l2tp
