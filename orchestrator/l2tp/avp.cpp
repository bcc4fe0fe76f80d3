#include "l2tp/avp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace keel::l2tp {

namespace {

using enum AvpFormat;

constexpr std::uint16_t kMandatoryBit = 0x8000;
constexpr std::uint16_t kHiddenBit = 0x4000;
constexpr std::uint16_t kReservedBits = 0x3c00;
constexpr std::uint16_t kLengthBits = 0x03ff;

std::string describe(const RawAvp& avp) {
    std::string out = fmt::format("AVP {}", avp.type);
    if (avp.vendor != 0) out += fmt::format(" of vendor {}", avp.vendor);
    if (const AvpRow* row = find_avp(avp.type, avp.vendor)) out += fmt::format(" ({})", row->name);
    return out;
}

// Writes the header and leaves the value to the caller.
void write_header(Writer& out, AvpType type, std::size_t value_size) {
    const auto length = static_cast<std::uint16_t>(kAvpHeaderSize + value_size);
    out.u16(static_cast<std::uint16_t>((row_of(type).mandatory ? kMandatoryBit : 0u) | length));
    out.u16(vendor_of(type));
    out.u16(attribute_of(type));
}

bool right_length(AvpFormat format, std::size_t size) {
    // 4.4.2: the Error Code is there with both octets or not at all.
    if (format == result && size == 3) return false;
    const AvpLengths lengths = avp_lengths(format);
    return size >= lengths.least && size <= lengths.most;
}

ByteView cut(ByteView value, std::size_t before = 0) {
    return value.first(std::min(value.size(), kMaxAvpSize - kAvpHeaderSize - before));
}

}  // namespace

std::expected<const AvpRow*, Fault> unusable(const RawAvp& avp, GeneralError error, std::string_view why) {
    if (!avp.mandatory) return nullptr;
    return std::unexpected(Fault{error, fmt::format("{} {}", describe(avp), why)});
}

bool may_be_hidden(const RawAvp& avp) {
    const AvpRow* row = avp.reserved ? nullptr : find_avp(avp.type, avp.vendor);
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
        case character_maps: return {10, 10};
        case nsap: return {20, 20};
        case disconnect: return {5, any};
        case failover: return {6, 6};
        case recovery: return {10, 10};
        case sequence: return {6, 6};
        case session_state: return {10, 10};
        case speed_update: return {12, 12};
        case line_id: return {2, 63};
        case encapsulation: return {3, 3};
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
    const AvpRow* row = find_avp(avp.type, avp.vendor);
    if (row == nullptr) return unusable(avp, GeneralError::unknown_avp, "is not known here");
    if (avp.hidden && !row->may_hide) return unusable(avp, GeneralError::value, "must not be hidden");
    // RFC 2661 4.3: what is hidden can be read only with the secret of the tunnel, and none is configured.
    if (avp.hidden)
        return unusable(avp, GeneralError::unknown_avp, "is hidden, but no tunnel secret is configured");
    if (!right_length(row->format, avp.value.size())) {
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

// Fields one after another. Reserved ones are skipped: they say nothing to us.
struct Reserved16 {};
bool take(Reader& reader, std::uint8_t& out) {
    return assign(reader.u8(), out);
}
bool take(Reader& reader, std::uint16_t& out) {
    return assign(reader.u16(), out);
}
bool take(Reader& reader, std::uint32_t& out) {
    return assign(reader.u32(), out);
}
bool take(Reader& reader, const Reserved16&) {
    return reader.u16().has_value();
}
template <class... T>
bool take_all(Reader& reader, T&&... out) {
    return (take(reader, out) && ...);
}

constexpr std::size_t size_of(std::uint8_t) {
    return 1;
}
constexpr std::size_t size_of(std::uint16_t) {
    return 2;
}
constexpr std::size_t size_of(std::uint32_t) {
    return 4;
}
constexpr std::size_t size_of(Reserved16) {
    return 2;
}
void put(Writer& out, std::uint8_t value) {
    out.u8(value);
}
void put(Writer& out, std::uint16_t value) {
    out.u16(value);
}
void put(Writer& out, std::uint32_t value) {
    out.u32(value);
}
void put(Writer& out, Reserved16) {
    out.u16(0);
}
template <class... T>
void write_all(Writer& out, AvpType type, const T&... value) {
    write_header(out, type, (size_of(value) + ...));
    (put(out, value), ...);
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
    if (!out.error) return value.empty();
    out.message = as_text(value.rest());
    return true;
}
bool decode_value(Reader value, Q931Cause& out) {
    if (!assign(value.u16(), out.code) || !assign(value.u8(), out.message_type)) return false;
    out.advisory = as_text(value.rest());
    return true;
}
bool decode_value(Reader value, CallErrors& out) {
    return take_all(value, Reserved16{}, out.crc, out.framing, out.hardware_overruns, out.buffer_overruns,
                    out.timeouts, out.alignment);
}
bool decode_value(Reader value, Accm& out) {
    return take_all(value, Reserved16{}, out.send, out.receive);
}
bool decode_value(Reader value, FailoverCapability& out) {
    return take_all(value, out.flags, out.recovery_time);
}
bool decode_value(Reader value, TunnelRecovery& out) {
    return take_all(value, Reserved16{}, Reserved16{}, out.tunnel, Reserved16{}, out.remote_tunnel);
}
bool decode_value(Reader value, ControlSequence& out) {
    return take_all(value, Reserved16{}, out.ns, out.nr);
}
bool decode_value(Reader value, FailoverSession& out) {
    return take_all(value, Reserved16{}, Reserved16{}, out.session, Reserved16{}, out.remote_session);
}
bool decode_value(Reader value, ConnectSpeed& out) {
    return take_all(value, Reserved16{}, out.session, out.tx, out.rx);
}
bool decode_value(Reader value, LoopEncapsulation& out) {
    return take_all(value, out.data_link, out.encapsulation_1, out.encapsulation_2);
}
bool decode_value(Reader value, PppDisconnect& out) {
    if (!take_all(value, out.code, out.protocol, out.direction)) return false;
    out.message = as_text(value.rest());
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
void write_avp(Writer& out, AvpType type, const CallErrors& value) {
    write_all(out, type, Reserved16{}, value.crc, value.framing, value.hardware_overruns,
              value.buffer_overruns, value.timeouts, value.alignment);
}
void write_avp(Writer& out, AvpType type, const Accm& value) {
    write_all(out, type, Reserved16{}, value.send, value.receive);
}
void write_avp(Writer& out, AvpType type, const FailoverCapability& value) {
    write_all(out, type, value.flags, value.recovery_time);
}
void write_avp(Writer& out, AvpType type, const TunnelRecovery& value) {
    write_all(out, type, Reserved16{}, Reserved16{}, value.tunnel, Reserved16{}, value.remote_tunnel);
}
void write_avp(Writer& out, AvpType type, const ControlSequence& value) {
    write_all(out, type, Reserved16{}, value.ns, value.nr);
}
void write_avp(Writer& out, AvpType type, const FailoverSession& value) {
    write_all(out, type, Reserved16{}, Reserved16{}, value.session, Reserved16{}, value.remote_session);
}
void write_avp(Writer& out, AvpType type, const ConnectSpeed& value) {
    write_all(out, type, Reserved16{}, value.session, value.tx, value.rx);
}
void write_avp(Writer& out, AvpType type, const LoopEncapsulation& value) {
    write_all(out, type, value.data_link, value.encapsulation_1, value.encapsulation_2);
}
void write_avp(Writer& out, AvpType type, const PppDisconnect& value) {
    const ByteView message = cut(as_bytes(value.message), 5);
    write_header(out, type, 5 + message.size());
    out.u16(value.code);
    out.u16(value.protocol);
    out.u8(value.direction);
    out.bytes(message);
}
void write_raw_avp(Writer& out, const RawAvp& avp) {
    const unsigned bits = (avp.mandatory ? kMandatoryBit : 0u) | (avp.hidden ? kHiddenBit : 0u);
    out.u16(static_cast<std::uint16_t>(bits | (kAvpHeaderSize + avp.value.size())));
    out.u16(avp.vendor);
    out.u16(avp.type);
    out.bytes(avp.value);
}

}  // namespace keel::l2tp
