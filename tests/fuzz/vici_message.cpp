// The body of a vici message: decoded, encoded and decoded to the same; and read as each answer and event.
#include <algorithm>

#include "input.hpp"
#include "vici/commands.hpp"
#include "vici/message.hpp"

using keel::fuzz::require;

namespace {

void read_as_everything(const vici::Message& message) {
    static_cast<void>(vici::outcome(message));
    static_cast<void>(vici::parse_version(message));
    static_cast<void>(vici::parse_stats(message));
    static_cast<void>(vici::parse_get_conns(message));
    static_cast<void>(vici::parse_get_shared(message));
    static_cast<void>(vici::parse_ike_sas(message));
    static_cast<void>(vici::parse_child_rekey(message));
    static_cast<void>(vici::parse_log(message));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto message = vici::decode(vici::ByteView(data, size));
    if (!message) {
        require(message.error().code == vici::ErrorCode::malformed, "what cannot be decoded is malformed");
        return 0;
    }
    read_as_everything(*message);
    const auto wire = vici::encode(*message);
    // The wire form is canonical: what decodes has one encoding, and the input is it.
    require(wire && std::ranges::equal(*wire, vici::ByteView(data, size)), "encode(decode(x)) is x");
    message->wipe();
    return 0;
}
