// Message: what vici carries, as a value: named strings, lists of strings, and sections that hold the same
// again. Strings are binary. encode() and decode() are the wire form of a message body (README.md has the
// table).
#pragma once

#include <version>

#ifndef __cpp_lib_expected
#error "keel2tp-vici needs C++23 (-std=c++23, g++ 12 or later)"
#endif

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vici {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

enum class ErrorCode {
    malformed,        // the other side broke the protocol
    too_long,         // a name, value or segment beyond what the wire can hold
    unknown_command,  // this daemon has no such command
    unknown_event,    // this daemon has no such event
    refused,          // the daemon understood and said no; the text is its own
    timeout,          // no answer by the deadline
    closed,           // the session ended before the answer
};

struct Error {
    ErrorCode code = ErrorCode::malformed;
    std::string message;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
    return std::unexpected(Error{code, std::move(message)});
}

using List = std::vector<std::string>;

inline constexpr std::size_t kMaxSegment = 512 * 1024;  // octets after the length field
inline constexpr std::size_t kMaxName = 255;
inline constexpr std::size_t kMaxValue = 65535;
inline constexpr int kMaxDepth = 16;  // sections within sections; charon itself uses four

class Message {
public:
    struct Entry;

    Message();
    Message(const Message&);
    Message(Message&&) noexcept;
    Message& operator=(const Message&);
    Message& operator=(Message&&) noexcept;
    ~Message();

    // Each appends one element and returns the message that it was called on. Order is kept.
    Message& add(std::string name, std::string value);
    Message& add(std::string name, List list);
    Message& add(std::string name, Message section);

    [[nodiscard]] bool empty() const;
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    // The first element of that name and kind, or nothing.
    [[nodiscard]] const std::string* find(std::string_view name) const;
    [[nodiscard]] const List* find_list(std::string_view name) const;
    [[nodiscard]] const Message* find_section(std::string_view name) const;
    // The value, or "" where there is none; for keys whose absence means their emptiness.
    [[nodiscard]] std::string_view value(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const { return value(name) == "yes"; }

    friend bool operator==(const Message& one, const Message& other);  // in the same order

    // Octets of its names and values and of what holds them: what it costs to keep, about.
    [[nodiscard]] std::size_t footprint() const;

    // Overwrites every value in place: for a message that held a secret.
    void wipe();

private:
    std::vector<Entry> entries_;
};

struct Message::Entry {
    std::string name;
    std::variant<std::string, List, Message> content;

    friend bool operator==(const Entry&, const Entry&) = default;
};

// too_long where a name or a value does not fit its length field; malformed beyond kMaxDepth.
[[nodiscard]] Result<Bytes> encode(const Message& message);
// The whole input is one message, or an error; never reads beyond it and never recurses deeper than
// kMaxDepth.
[[nodiscard]] Result<Message> decode(ByteView wire);

// Overwrites memory in a way that the compiler may not leave out.
void wipe(void* memory, std::size_t size);

}  // namespace vici
