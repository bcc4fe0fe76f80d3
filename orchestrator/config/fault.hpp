// A fault of the configuration: where, and what is wrong there.
#pragma once

#include <cstddef>
#include <string>

namespace keel::config {

struct Fault {
    std::string pointer;  // RFC 6901: "/lns/office/listen/0"; empty: the whole document
    std::string message;
    bool of_key = false;   // the key itself is at fault, not what it holds
    std::size_t line = 0;  // both from 1; 0: not known. The column counts characters.
    std::size_t column = 0;

    bool operator==(const Fault&) const = default;
};

}  // namespace keel::config
