#include "l2tp/header.hpp"

namespace keel::l2tp {

namespace {

constexpr std::uint16_t kTypeBit = 0x8000;
constexpr std::uint16_t kLengthBit = 0x4000;
constexpr std::uint16_t kSequenceBit = 0x0800;
constexpr std::uint16_t kOffsetBit = 0x0200;
constexpr std::uint16_t kVersionBits = 0x000f;
constexpr std::uint16_t kVersion = 2;
constexpr std::size_t kLengthAt = 2;
constexpr std::size_t kNsAt = 8;
constexpr std::size_t kNrAt = 10;

void put_u16(Bytes& message, std::size_t at, std::uint16_t value) {
    message[at] = static_cast<std::uint8_t>(value >> 8);
    message[at + 1] = static_cast<std::uint8_t>(value & 0xff);
}

}  // namespace

Datagram read_datagram(ByteView bytes) {
    Datagram out;
    Reader reader(bytes);
    const auto bits = reader.u16();
    if (!bits) return out;
    if ((*bits & kVersionBits) != kVersion) {
        out.kind = Datagram::Kind::other_version;
        return out;
    }
    if ((*bits & kTypeBit) == 0) {
        out.kind = Datagram::Kind::data;
        return out;
    }
    // RFC 2661 3.1: L and S are set and O is clear on every control message.
    constexpr std::uint16_t required = kLengthBit | kSequenceBit;
    if ((*bits & required) != required || (*bits & kOffsetBit) != 0) return out;
    const auto length = reader.u16();
    const auto tunnel = reader.u16();
    const auto session = reader.u16();
    const auto ns = reader.u16();
    const auto nr = reader.u16();
    if (!length || !tunnel || !session || !ns || !nr) return out;
    if (*length < kControlHeaderSize || *length > bytes.size()) return out;
    out.kind = Datagram::Kind::control;
    out.header = {*tunnel, *session, *ns, *nr};
    out.body = bytes.subspan(kControlHeaderSize, *length - kControlHeaderSize);
    return out;
}

void write_header(Writer& out, const ControlHeader& header) {
    out.u16(kTypeBit | kLengthBit | kSequenceBit | kVersion);
    out.u16(kControlHeaderSize);
    out.u16(header.tunnel);
    out.u16(header.session);
    out.u16(header.ns);
    out.u16(header.nr);
}

void finish_message(Writer& out) {
    out.patch_u16(kLengthAt, static_cast<std::uint16_t>(out.size()));
}

void set_sequence(Bytes& message, std::uint16_t ns, std::uint16_t nr) {
    put_u16(message, kNsAt, ns);
    put_u16(message, kNrAt, nr);
}

}  // namespace keel::l2tp
