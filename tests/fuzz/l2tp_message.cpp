// A whole datagram, and the same bytes as the AVPs of a message: decoded, encoded and decoded to the same
// again.
#include "input.hpp"
#include "l2tp/describe.hpp"
#include "l2tp/header.hpp"
#include "l2tp/message.hpp"
#include "tunnel_secret.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::fuzz::require;

namespace {

// A hidden value is at most 1006 octets long and is cut, so long messages are left out.
void hidden(const Message& message, const Bytes& clear) {
    if (clear.size() > 1000) return;
    fuzz::FewRandom random(1);
    const fuzz::Hidden hiding(random);
    const Bytes covered = encode_message(0x1234, 0x5678, message, &hiding.how);
    const auto again = decode_message(read_datagram(covered).body, fuzz::secret());
    require(again.has_value() && encode_message(0x1234, 0x5678, *again) == clear, "hidden and read again");
}

// The structs have no comparison: two messages are the same when they are of one kind and encoded alike.
void round_trip(ByteView body) {
    const auto message = decode_message(body, fuzz::secret());
    static_cast<void>(decode_message(body));
    static_cast<void>(peek_host_name(body));
    if (!message) {
        require(!message.error().fault.message.empty(), "a fault has words");
        static_cast<void>(message.error().of_session());
        return;
    }
    // What is told of an unknown message, or of one to be ignored for want of the M bit, is not the message.
    if (std::holds_alternative<Unknown>(*message)) return;
    const Bytes once = encode_message(0x1234, 0x5678, *message);
    const Datagram datagram = read_datagram(once);
    require(datagram.kind == Datagram::Kind::control, "what encode_message wrote is a control message");
    require(datagram.header == ControlHeader{0x1234, 0x5678, 0, 0}, "with the header that was asked for");
    const auto again = decode_message(datagram.body);
    require(again.has_value(), "which can be decoded");
    require(again->index() == message->index(), "to the same kind of message");
    require(encode_message(0x1234, 0x5678, *again) == once, "with the same values");
    hidden(*message, once);
}

// What is kept of it for an operator: as long as it was, and blanked once is blanked for good.
void described(ByteView bytes) {
    const auto kept = blanked(bytes);
    const auto text = describe(bytes);
    require(kept.has_value() == text.has_value(), "what is kept can be described");
    if (!kept) return;
    require(blanked(*kept) == kept, "blanked is blanked");
    require(describe(*kept)->name == text->name, "the name is no secret");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes(data, size);
    const Datagram datagram = read_datagram(bytes);
    if (datagram.kind == Datagram::Kind::control) {
        require(datagram.body.size() + kControlHeaderSize <= size, "a body is inside its datagram");
        round_trip(datagram.body);
    }
    round_trip(bytes);
    described(bytes);
    return 0;
}
