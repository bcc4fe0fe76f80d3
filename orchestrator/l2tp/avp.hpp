// AVPs (RFC 2661 4): the header codec, and the one table of attributes that this end recognises. To add an
// AVP, add its row to kAvpTable; to carry it in a message, name it in that message's fields (message.cpp).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "l2tp/result_codes.hpp"

namespace keel::l2tp {

inline constexpr std::size_t kAvpHeaderSize = 6;
inline constexpr std::size_t kMaxAvpSize = 1023;  // 4.1: the Length field has ten bits

enum class AvpType : std::uint16_t {
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
};

// How a value is written; decides its length and the C++ type that a message's field must have.
enum class AvpFormat {
    flag,    // no value: presence says it; bool
    u16,     // std::uint16_t
    id,      // std::uint16_t, never 0
    u32,     // std::uint32_t
    u64,     // std::uint64_t
    text,    // one octet or more; std::string
    octets,  // any length; Bytes
    md5,     // 16 octets; Bytes
    result,  // ResultCode, 4.4.2
    cause,   // Q931Cause, 4.4.4
    errors,  // 26 octets, 4.4.6; recognised, not read
    accm,    // 10 octets, 4.4.6; recognised, not read
};

struct AvpRow {
    AvpType type;
    std::string_view name;
    AvpFormat format;
    bool mandatory;  // the M bit as we send it
    bool may_hide;   // the H bit may be set on it
};

// The row of an attribute of vendor 0, or nothing when it is not recognised.
[[nodiscard]] const AvpRow* find_avp(std::uint16_t type);

struct AvpLengths {
    std::size_t least, most;  // octets of the value
};
[[nodiscard]] AvpLengths avp_lengths(AvpFormat format);

// 4.4.2 Result Code: the error code and the message are optional on the wire.
struct ResultCode {
    std::uint16_t result = 0;
    std::optional<std::uint16_t> error;
    std::string message;
    bool operator==(const ResultCode&) const = default;
};
// 4.4.4 Q.931 Cause Code.
struct Q931Cause {
    std::uint16_t code = 0;
    std::uint8_t message_type = 0;
    std::string advisory;
    bool operator==(const Q931Cause&) const = default;
};

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
// The AVP as it is framed: M and H bits, vendor, type and value. The value fits the Length field.
void write_raw_avp(Writer& out, const RawAvp& avp);

}  // namespace keel::l2tp
