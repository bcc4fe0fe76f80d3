// The body of a vici message: decoded, encoded and decoded to the same; and read as each answer and event.
#include <algorithm>

#include "input.hpp"
#include "vici/commands.hpp"
#include "vici/message.hpp"

using keel::fuzz::require;

namespace {

void read_as_answers(const vici::Message& message) {
    static_cast<void>(vici::outcome(message));
    static_cast<void>(vici::parse_version(message));
    static_cast<void>(vici::parse_stats(message));
    static_cast<void>(vici::parse_get_algorithms(message));
    static_cast<void>(vici::parse_get_counters(message));
    static_cast<void>(vici::parse_get_conns(message));
    static_cast<void>(vici::parse_load_key(message));
    static_cast<void>(vici::parse_get_keys(message));
    static_cast<void>(vici::parse_get_shared(message));
    static_cast<void>(vici::parse_get_authorities(message));
    static_cast<void>(vici::parse_get_pools(message));
    static_cast<void>(vici::parse_matched(message));
}

void read_as_events(const vici::Message& message) {
    static_cast<void>(vici::parse_conns(message));
    static_cast<void>(vici::parse_policies(message));
    static_cast<void>(vici::parse_cert(message));
    static_cast<void>(vici::parse_authorities(message));
    for (const char* name : {vici::event::log, vici::event::control_log, vici::event::ike_updown,
                             vici::event::ike_rekey, vici::event::ike_update, vici::event::child_updown,
                             vici::event::child_rekey, vici::event::alert, "another"})
        static_cast<void>(vici::parse_event(name, message));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto message = vici::decode(vici::ByteView(data, size));
    if (!message) {
        require(message.error().code == vici::ErrorCode::malformed, "what cannot be decoded is malformed");
        return 0;
    }
    read_as_answers(*message);
    read_as_events(*message);
    require(message->footprint() >= size / 70000, "what a message holds counts");
    const auto wire = vici::encode(*message);
    // The wire form is canonical: what decodes has one encoding, and the input is it.
    require(wire && std::ranges::equal(*wire, vici::ByteView(data, size)), "encode(decode(x)) is x");
    message->wipe();
    return 0;
}
