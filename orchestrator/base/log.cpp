#include "base/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

namespace keel {

std::string Log::printable(std::string line) {
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return line;
}

void StreamLog::write(LogLevel level, std::string_view line) {
    std::string out =
        with_priority_ ? fmt::format("<{}>{}\n", static_cast<int>(level), line) : fmt::format("{}\n", line);
    // One write per line keeps lines of several processes whole; a full or closed stream must not stop the
    // daemon.
    [[maybe_unused]] const auto written = ::write(fd_, out.data(), out.size());
}

std::string quote(std::string_view text) {
    const bool plain = !text.empty() && std::ranges::none_of(text, [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\';
    });
    if (plain) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

}  // namespace keel
