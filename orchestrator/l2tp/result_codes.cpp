#include "l2tp/result_codes.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

#include "l2tp/endpoint.hpp"

namespace keel::l2tp {

namespace {

constexpr std::array<std::string_view, 9> kStopResults{
    "reserved",
    "general request to clear the control connection",
    "general error",
    "control channel already exists",
    "requester is not authorized to establish a control channel",
    "the protocol version of the requester is not supported",
    "requester is being shut down",
    "finite state machine error",
    "the DiffServ code of the control connection was not accepted",
};
constexpr std::array<std::string_view, 13> kCallResults{
    "reserved",
    "call disconnected due to loss of carrier",
    "call disconnected for the reason in the error code",
    "call disconnected for administrative reasons",
    "call failed for lack of facilities (temporary)",
    "call failed for lack of facilities (permanent)",
    "invalid destination",
    "call failed: no carrier detected",
    "call failed: busy signal",
    "call failed: no dial tone",
    "call was not established within the time allotted",
    "call was connected but no appropriate framing was detected",
    "the DiffServ code of the session was not accepted",
};
constexpr std::array<std::string_view, 9> kErrors{
    "no general error",
    "no control connection exists yet for this pair",
    "length is wrong",
    "a field was out of range or a reserved field was not zero",
    "insufficient resources now",
    "the session id is invalid in this context",
    "vendor-specific error",
    "try another LNS",
    "unknown AVP with the M bit set",
};

std::string_view lookup(std::span<const std::string_view> words, std::uint16_t code) {
    return code < words.size() ? words[code] : "unknown";
}

// "words (result 2, error 8: unknown AVP...)": the codes of a StopCCN or CDN.
std::string code_words(const DownReason& reason) {
    const bool call = reason.scope == DownReason::Scope::session;
    std::string out = fmt::format("{} (result {}",
                                  call ? call_result_words(reason.result) : stop_result_words(reason.result),
                                  reason.result);
    const bool version =
        !call && reason.result == static_cast<std::uint16_t>(StopResult::version) && reason.error != 0;
    if (version) {
        out += fmt::format(", highest version {}.{}", reason.error >> 8, reason.error & 0xff);
    } else if (reason.error != 0) {
        out += fmt::format(", error {}: {}", reason.error, general_error_words(reason.error));
    }
    return out + ")";
}

}  // namespace

std::string_view stop_result_words(std::uint16_t result) {
    return lookup(kStopResults, result);
}
std::string_view call_result_words(std::uint16_t result) {
    return lookup(kCallResults, result);
}
std::string_view general_error_words(std::uint16_t error) {
    return lookup(kErrors, error);
}

std::string DownReason::text() const {
    const std::string_view message_name = scope == Scope::session ? "CDN" : "StopCCN";
    const std::string tail = message.empty() ? std::string() : ": " + message;
    switch (cause) {
        case Cause::local:
            if (result == 0) return "closed here" + tail;
            return fmt::format("closed here: {}{}", code_words(*this), tail);
        case Cause::peer:
            if (result == 0) return fmt::format("peer sent {}{}", message_name, tail);
            return fmt::format("peer sent {}: {}{}", message_name, code_words(*this), tail);
        case Cause::timeout: return message.empty() ? "the peer stopped acknowledging" : message;
        case Cause::protocol:
            if (result == 0) return "the peer broke the protocol" + tail;
            return fmt::format("the peer's messages were not acceptable{}; answered with {}: {}", tail,
                               message_name, code_words(*this));
        case Cause::collision: return "both ends opened a tunnel at once" + tail;
        case Cause::tunnel_down: return "its tunnel went down" + tail;
    }
    return message;
}

}  // namespace keel::l2tp
