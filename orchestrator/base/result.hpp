// Result and Error: what every call returns that outside input can make fail.
// An Error is decided on by its code, never by its text; the text is for a person and says what happened
// and where, the remedy what to do about it.
#pragma once

#include <expected>
#include <string>
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

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;  // one sentence without a full stop: what happened, and where
    std::string remedy;   // one sentence without a full stop: what to do; may be empty

    // "message; remedy", for a log line or a terminal.
    [[nodiscard]] std::string text() const { return remedy.empty() ? message : message + "; " + remedy; }
};

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
