// Log: one line per transition, key=value, at the edge. Handed down by reference; main owns it.
// Never give it a secret: Secret has no formatter, so that the slip does not compile.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace keel {

enum class LogLevel { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };  // syslog priorities

class Log {
public:
    virtual ~Log() = default;

    template <class... Args>
    void error(fmt::format_string<Args...> format, Args&&... args) {
        put(LogLevel::error, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void warning(fmt::format_string<Args...> format, Args&&... args) {
        put(LogLevel::warning, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void notice(fmt::format_string<Args...> format, Args&&... args) {
        put(LogLevel::notice, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void info(fmt::format_string<Args...> format, Args&&... args) {
        put(LogLevel::info, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void debug(fmt::format_string<Args...> format, Args&&... args) {
        put(LogLevel::debug, format, std::forward<Args>(args)...);
    }

protected:
    [[nodiscard]] virtual bool wants(LogLevel level) const = 0;
    virtual void write(LogLevel level, std::string_view line) = 0;  // one line, no newline, printable

private:
    template <class... Args>
    void put(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(level)) write(level, printable(fmt::format(format, std::forward<Args>(args)...)));
    }
    // A peer's words may be in the line: control characters become '?', so that no line can be forged.
    [[nodiscard]] static std::string printable(std::string line);
};

// Lines to a file descriptor, each with its syslog priority as "<N>" when `with_priority` (for journald).
class StreamLog final : public Log {
public:
    StreamLog(int fd, LogLevel most_verbose, bool with_priority)
        : fd_(fd), most_verbose_(most_verbose), with_priority_(with_priority) {}

private:
    [[nodiscard]] bool wants(LogLevel level) const override { return level <= most_verbose_; }
    void write(LogLevel level, std::string_view line) override;

    int fd_;
    LogLevel most_verbose_;
    bool with_priority_;
};

class NullLog final : public Log {
    [[nodiscard]] bool wants(LogLevel) const override { return false; }
    void write(LogLevel, std::string_view) override {}
};

// "one two" -> "\"one two\"" where the text has blanks, quotes or nothing in it: a value of a key=value line.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace keel
