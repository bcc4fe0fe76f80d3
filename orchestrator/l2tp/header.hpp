// The L2TPv2 header (RFC 2661 3.1): of control messages wholly; of data messages as much as tells them apart.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace keel::l2tp {

inline constexpr std::size_t kControlHeaderSize = 12;

struct ControlHeader {
    std::uint16_t tunnel = 0;   // the receiver's id
    std::uint16_t session = 0;  // the receiver's id
    std::uint16_t ns = 0;
    std::uint16_t nr = 0;
    bool operator==(const ControlHeader&) const = default;
};

struct Datagram {
    enum class Kind {
        control,
        data,           // T is 0: the kernel's business
        other_version,  // L2F (1), L2TPv3 (3) and the unknown: to be discarded
        malformed,
    };
    Kind kind = Kind::malformed;
    ControlHeader header;  // kind control only
    ByteView body;         // the AVPs; empty for a ZLB. Octets beyond the header's Length are not in it.
};

[[nodiscard]] Datagram read_datagram(ByteView bytes);

// Appends a control header whose Length is to be patched by finish_message, when the AVPs are written.
void write_header(Writer& out, const ControlHeader& header);
void finish_message(Writer& out);

// Puts Ns and Nr into a finished message: they are known only when it is sent.
void set_sequence(Bytes& message, std::uint16_t ns, std::uint16_t nr);

}  // namespace keel::l2tp
