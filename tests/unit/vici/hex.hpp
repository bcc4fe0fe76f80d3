// Byte vectors for the tests, in hex; blanks are ignored.
#pragma once

#include <string_view>

#include "vici/message.hpp"

inline vici::Bytes from_hex(std::string_view text) {
    const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
    vici::Bytes out;
    int half = -1;
    for (const char c : text) {
        if (c == ' ' || c == '\n') continue;
        if (half < 0) {
            half = static_cast<int>(digit(c));
        } else {
            out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(half) << 4 | digit(c)));
            half = -1;
        }
    }
    return out;
}
