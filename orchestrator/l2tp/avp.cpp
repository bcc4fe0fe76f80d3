#include "l2tp/avp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace keel::l2tp {

namespace {

using enum AvpFormat;

constexpr std::uint16_t kMandatoryBit = 0x8000;
constexpr std::uint16_t kHiddenBit = 0x4000;
constexpr std::uint16_t kReservedBits = 0x3c00;
constexpr std::uint16_t kLengthBits = 0x03ff;

// RFC 2661 4.4.1 to 4.4.6, in order of the attribute.
constexpr std::array kAvpTable{
    //                                                                        format, M, H
    AvpRow{AvpType::message_type, "Message Type", u16, true, false},
    AvpRow{AvpType::result_code, "Result Code", result, true, false},
    AvpRow{AvpType::protocol_version, "Protocol Version", u16, true, false},
    AvpRow{AvpType::framing_capabilities, "Framing Capabilities", u32, true, true},
    AvpRow{AvpType::bearer_capabilities, "Bearer Capabilities", u32, true, true},
    AvpRow{AvpType::tie_breaker, "Tie Breaker", u64, false, false},
    AvpRow{AvpType::firmware_revision, "Firmware Revision", u16, false, true},
    AvpRow{AvpType::host_name, "Host Name", text, true, false},
    AvpRow{AvpType::vendor_name, "Vendor Name", octets, false, true},
    AvpRow{AvpType::assigned_tunnel_id, "Assigned Tunnel ID", id, true, true},
    AvpRow{AvpType::receive_window_size, "Receive Window Size", id, true, false},
    AvpRow{AvpType::challenge, "Challenge", text, true, true},
    AvpRow{AvpType::q931_cause_code, "Q.931 Cause Code", cause, true, false},
    AvpRow{AvpType::challenge_response, "Challenge Response", md5, true, true},
    AvpRow{AvpType::assigned_session_id, "Assigned Session ID", id, true, true},
    AvpRow{AvpType::call_serial_number, "Call Serial Number", u32, true, true},
    AvpRow{AvpType::minimum_bps, "Minimum BPS", u32, true, true},
    AvpRow{AvpType::maximum_bps, "Maximum BPS", u32, true, true},
    AvpRow{AvpType::bearer_type, "Bearer Type", u32, true, true},
    AvpRow{AvpType::framing_type, "Framing Type", u32, true, true},
    AvpRow{AvpType::called_number, "Called Number", octets, true, true},
    AvpRow{AvpType::calling_number, "Calling Number", octets, true, true},
    AvpRow{AvpType::sub_address, "Sub-Address", octets, true, true},
    AvpRow{AvpType::tx_connect_speed, "(Tx) Connect Speed", u32, true, true},
    AvpRow{AvpType::physical_channel_id, "Physical Channel ID", u32, false, true},
    AvpRow{AvpType::initial_received_lcp_confreq, "Initial Received LCP CONFREQ", octets, false, true},
    AvpRow{AvpType::last_sent_lcp_confreq, "Last Sent LCP CONFREQ", octets, false, true},
    AvpRow{AvpType::last_received_lcp_confreq, "Last Received LCP CONFREQ", octets, false, true},
    AvpRow{AvpType::proxy_authen_type, "Proxy Authen Type", u16, false, true},
    AvpRow{AvpType::proxy_authen_name, "Proxy Authen Name", octets, false, true},
    AvpRow{AvpType::proxy_authen_challenge, "Proxy Authen Challenge", octets, false, true},
    AvpRow{AvpType::proxy_authen_id, "Proxy Authen ID", u16, false, true},
    AvpRow{AvpType::proxy_authen_response, "Proxy Authen Response", octets, false, true},
    AvpRow{AvpType::call_errors, "Call Errors", errors, true, true},
    AvpRow{AvpType::accm, "ACCM", accm, true, true},
    AvpRow{AvpType::random_vector, "Random Vector", octets, true, false},
    AvpRow{AvpType::private_group_id, "Private Group ID", octets, false, true},
    AvpRow{AvpType::rx_connect_speed, "Rx Connect Speed", u32, false, true},
    AvpRow{AvpType::sequencing_required, "Sequencing Required", flag, true, false},
};

// Attribute -> index into kAvpTable; found without a search.
constexpr std::uint8_t kNoRow = 0xff;
constexpr auto kIndex = [] {
    std::array<std::uint8_t, 40> index{};
    index.fill(kNoRow);
    for (std::size_t i = 0; i < kAvpTable.size(); ++i) {
        index[static_cast<std::size_t>(kAvpTable[i].type)] = static_cast<std::uint8_t>(i);
    }
    return index;
}();

std::string describe(const RawAvp& avp) {
    if (avp.vendor != 0) return fmt::format("AVP {} of vendor {}", avp.type, avp.vendor);
    if (const AvpRow* row = find_avp(avp.type)) return fmt::format("AVP {} ({})", avp.type, row->name);
    return fmt::format("AVP {}", avp.type);
}

// Writes the header and leaves the value to the caller.
void write_header(Writer& out, AvpType type, std::size_t value_size) {
    const AvpRow* row = find_avp(static_cast<std::uint16_t>(type));
    const auto length = static_cast<std::uint16_t>(kAvpHeaderSize + value_size);
    out.u16(static_cast<std::uint16_t>((row != nullptr && row->mandatory ? kMandatoryBit : 0u) | length));
    out.u16(0);
    out.u16(static_cast<std::uint16_t>(type));
}

ByteView cut(ByteView value, std::size_t before = 0) {
    return value.first(std::min(value.size(), kMaxAvpSize - kAvpHeaderSize - before));
}

}  // namespace

const AvpRow* find_avp(std::uint16_t type) {
    if (type >= kIndex.size() || kIndex[type] == kNoRow) return nullptr;
    return &kAvpTable[kIndex[type]];
}

std::expected<const AvpRow*, Fault> unusable(const RawAvp& avp, GeneralError error, std::string_view why) {
    if (!avp.mandatory) return nullptr;
    return std::unexpected(Fault{error, fmt::format("{} {}", describe(avp), why)});
}

bool may_be_hidden(const RawAvp& avp) {
    const AvpRow* row = avp.vendor == 0 && !avp.reserved ? find_avp(avp.type) : nullptr;
    return row != nullptr && row->may_hide;
}

AvpLengths avp_lengths(AvpFormat format) {
    constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    switch (format) {
        case flag: return {0, 0};
        case u16:
        case id: return {2, 2};
        case u32: return {4, 4};
        case u64: return {8, 8};
        case text: return {1, any};
        case octets: return {0, any};
        case md5: return {16, 16};
        case result: return {2, any};
        case cause: return {3, any};
        case errors: return {26, 26};
        case accm: return {10, 10};
    }
    return {0, any};
}

std::expected<RawAvp, Fault> read_avp(Reader& reader) {
    const auto bits = reader.u16();
    const auto vendor = reader.u16();
    const auto type = reader.u16();
    if (!bits || !vendor || !type) {
        return std::unexpected(Fault{GeneralError::length, "the message ends inside an AVP header"});
    }
    const std::size_t length = *bits & kLengthBits;
    RawAvp avp{(*bits & kMandatoryBit) != 0,
               (*bits & kHiddenBit) != 0,
               (*bits & kReservedBits) != 0,
               *vendor,
               *type,
               {}};
    if (length < kAvpHeaderSize) {
        return std::unexpected(
            Fault{GeneralError::length, fmt::format("{} has length {}, below 6", describe(avp), length)});
    }
    const auto value = reader.take(length - kAvpHeaderSize);
    if (!value) {
        return std::unexpected(
            Fault{GeneralError::length, fmt::format("{} runs past the end of the message", describe(avp))});
    }
    avp.value = *value;
    return avp;
}

std::expected<const AvpRow*, Fault> check_avp(const RawAvp& avp) {
    if (avp.reserved) return unusable(avp, GeneralError::unknown_avp, "has a reserved bit set");
    if (avp.vendor != 0) return unusable(avp, GeneralError::unknown_avp, "is not known here");
    const AvpRow* row = find_avp(avp.type);
    if (row == nullptr) return unusable(avp, GeneralError::unknown_avp, "is not known here");
    if (avp.hidden && !row->may_hide) return unusable(avp, GeneralError::value, "must not be hidden");
    // RFC 2661 4.3: what is hidden can be read only with the secret of the tunnel, and none is configured.
    if (avp.hidden)
        return unusable(avp, GeneralError::unknown_avp, "is hidden, but no tunnel secret is configured");
    const AvpLengths lengths = avp_lengths(row->format);
    if (avp.value.size() < lengths.least || avp.value.size() > lengths.most) {
        return unusable(avp, GeneralError::length, fmt::format("has a value of {} octets", avp.value.size()));
    }
    if (row->format == id && avp.value[0] == 0 && avp.value[1] == 0) {
        return unusable(avp, GeneralError::value, "must not be 0");
    }
    return row;
}

namespace {

template <class T>
bool assign(std::optional<T> value, T& out) {
    if (value) out = *value;
    return value.has_value();
}

}  // namespace

bool decode_value(Reader value, std::uint16_t& out) {
    return assign(value.u16(), out);
}
bool decode_value(Reader value, std::uint32_t& out) {
    return assign(value.u32(), out);
}
bool decode_value(Reader value, std::uint64_t& out) {
    return assign(value.u64(), out);
}
bool decode_value(Reader value, bool& out) {
    return out = value.empty();
}
bool decode_value(Reader value, std::string& out) {
    out = as_text(value.rest());
    return true;
}
bool decode_value(Reader value, Bytes& out) {
    const ByteView bytes = value.rest();
    out.assign(bytes.begin(), bytes.end());
    return true;
}
bool decode_value(Reader value, ResultCode& out) {
    if (!assign(value.u16(), out.result)) return false;
    out.error = value.u16();
    out.message = as_text(value.rest());
    return true;
}
bool decode_value(Reader value, Q931Cause& out) {
    if (!assign(value.u16(), out.code) || !assign(value.u8(), out.message_type)) return false;
    out.advisory = as_text(value.rest());
    return true;
}

void write_avp(Writer& out, AvpType type, std::uint16_t value) {
    write_header(out, type, 2);
    out.u16(value);
}
void write_avp(Writer& out, AvpType type, std::uint32_t value) {
    write_header(out, type, 4);
    out.u32(value);
}
void write_avp(Writer& out, AvpType type, std::uint64_t value) {
    write_header(out, type, 8);
    out.u64(value);
}
void write_avp(Writer& out, AvpType type, bool value) {
    if (value) write_header(out, type, 0);
}
void write_avp(Writer& out, AvpType type, const std::string& value) {
    const ByteView bytes = cut(as_bytes(value));
    write_header(out, type, bytes.size());
    out.bytes(bytes);
}
void write_avp(Writer& out, AvpType type, const Bytes& value) {
    const ByteView bytes = cut(value);
    write_header(out, type, bytes.size());
    out.bytes(bytes);
}
void write_avp(Writer& out, AvpType type, const ResultCode& value) {
    const ByteView message = cut(as_bytes(value.message), 4);
    const bool with_error = value.error.has_value() || !message.empty();
    write_header(out, type, with_error ? 4 + message.size() : 2);
    out.u16(value.result);
    if (with_error) out.u16(value.error.value_or(0));
    out.bytes(message);
}
void write_avp(Writer& out, AvpType type, const Q931Cause& value) {
    const ByteView advisory = cut(as_bytes(value.advisory), 3);
    write_header(out, type, 3 + advisory.size());
    out.u16(value.code);
    out.u8(value.message_type);
    out.bytes(advisory);
}
void write_raw_avp(Writer& out, const RawAvp& avp) {
    const unsigned bits = (avp.mandatory ? kMandatoryBit : 0u) | (avp.hidden ? kHiddenBit : 0u);
    out.u16(static_cast<std::uint16_t>(bits | (kAvpHeaderSize + avp.value.size())));
    out.u16(avp.vendor);
    out.u16(avp.type);
    out.bytes(avp.value);
}

}  // namespace keel::l2tp
