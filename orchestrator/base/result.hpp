// Result and Error: what every call returns that outside input can make fail.
// An Error is decided on by its code, never by its text; the text is for a person and says what happened
// and where, the remedy what to do about it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace keel {

enum class ErrorCode {
    invalid,      // the input is malformed or out of range
    not_found,    // the named thing does not exist
    exists,       // the thing exists already, or its name, id or port is taken
    busy,         // try again later
    denied,       // missing privilege, or refused by policy
    unsupported,  // this kernel, strongSwan or pppd cannot do it
    unavailable,  // the service that should do it is not there
    timeout,
    io,        // a system call failed for another reason
    internal,  // a bug of ours
};

// A peer's refusal in its protocol's own codes; 0 or empty: none was told.
struct PeerCodes {
    std::uint16_t result = 0, error = 0;  // of StopCCN or CDN, RFC 2661 4.4.2
    std::uint16_t disconnect = 0;         // why PPP ended, RFC 3145
    std::string notify;                   // IKE's, "NO_PROPOSAL_CHOSEN"
};

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;  // one sentence without a full stop: what happened, and where
    std::string remedy;   // one sentence without a full stop: what to do; may be empty
    PeerCodes peer = {};

    // "message; remedy", for a log line or a terminal.
    [[nodiscard]] std::string text() const { return remedy.empty() ? message : message + "; " + remedy; }
};

// "timeout", "denied": for scripts and as a label of metrics.
[[nodiscard]] constexpr std::string_view name_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid: return "invalid";
        case ErrorCode::not_found: return "not-found";
        case ErrorCode::exists: return "exists";
        case ErrorCode::busy: return "busy";
        case ErrorCode::denied: return "denied";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::timeout: return "timeout";
        case ErrorCode::io: return "io";
        case ErrorCode::internal: return "internal";
    }
    return "internal";
}

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message,
                                                 std::string remedy = {}) {
    return std::unexpected(Error{code, std::move(message), std::move(remedy)});
}

// Puts "context: " before the error's message on its way up.
[[nodiscard]] inline std::unexpected<Error> wrap(Error error, const std::string& context) {
    error.message = context + ": " + error.message;
    return std::unexpected(std::move(error));
}

}  // namespace keel
