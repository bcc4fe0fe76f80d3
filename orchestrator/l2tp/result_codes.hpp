// Result and Error codes of StopCCN and CDN (RFC 2661 4.4.2), and their words for an operator.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keel::l2tp {

enum class StopResult : std::uint16_t {
    clear = 1,
    general_error = 2,
    exists = 3,
    not_authorized = 4,
    version = 5,  // the error code is the highest version supported
    shutting_down = 6,
    state_machine = 7,
};

enum class CallResult : std::uint16_t {
    carrier_lost = 1,
    general_error = 2,
    administrative = 3,
    no_facilities_now = 4,
    no_facilities = 5,
    invalid_destination = 6,
    no_carrier = 7,
    busy = 8,
    no_dial_tone = 9,
    too_slow = 10,
    no_framing = 11,
};

enum class GeneralError : std::uint16_t {
    none = 0,
    no_control_connection = 1,
    length = 2,
    value = 3,
    resources = 4,
    session_id = 5,
    vendor = 6,
    try_another = 7,
    unknown_avp = 8,
};

// The RFC's words for a code, "unknown" for a number that it does not define.
[[nodiscard]] std::string_view stop_result_words(std::uint16_t result);
[[nodiscard]] std::string_view call_result_words(std::uint16_t result);
[[nodiscard]] std::string_view general_error_words(std::uint16_t error);

}  // namespace keel::l2tp
