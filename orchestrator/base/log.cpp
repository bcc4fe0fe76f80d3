#include "base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/printable.hpp"

namespace keel {
namespace {

// "one two" -> "\"one two\"" where the text has blanks, quotes or nothing in it.
std::string quoted(std::string_view text) {
    const bool plain = !text.empty() && std::ranges::none_of(text, [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '"' || c == '=' || c == '\\';
    });
    if (plain) return printable(text);
    std::string out = "\"";
    for (const char c : printable(text)) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

std::string text_of(const Field::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
    if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "yes" : "no";
    return std::visit(
        [](const auto& held) {
            if constexpr (std::is_arithmetic_v<std::decay_t<decltype(held)>>) return fmt::format("{}", held);
            return std::string();
        },
        value);
}

}  // namespace

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::error: return "error";
        case LogLevel::warning: return "warning";
        case LogLevel::notice: return "notice";
        case LogLevel::info: return "info";
        case LogLevel::debug: return "debug";
    }
    return "";
}

std::optional<LogLevel> log_level_named(std::string_view name) {
    for (const LogLevel level :
         {LogLevel::error, LogLevel::warning, LogLevel::notice, LogLevel::info, LogLevel::debug}) {
        if (name_of(level) == name) return level;
    }
    return std::nullopt;
}

bool is_log_area(std::string_view name) {
    return std::ranges::find(kLogAreas, name) != kLogAreas.end();
}

bool LogLevels::wants(LogLevel level, std::string_view area) const {
    const auto own = areas_.find(area);
    return level <= (own == areas_.end() ? general_ : own->second);
}

void LogLevels::set(std::string_view area, std::optional<LogLevel> level) {
    const auto known = std::ranges::find(kLogAreas, area);
    if (known == kLogAreas.end()) return;
    if (level) {
        areas_.insert_or_assign(*known, *level);
    } else {
        areas_.erase(*known);
    }
}

const Field::Value* Record::find(std::string_view key) const {
    const auto found = std::ranges::find(fields, key, &Field::key);
    return found == fields.end() ? nullptr : &found->value;
}

std::string to_text(const Record& record) {
    std::string line = fmt::format("id={}", record.id);
    for (const Field& field : record.fields) line += fmt::format(" {}={}", field.key, text_of(field.value));
    return line;
}

bool LogHub::wants(LogLevel level, std::string_view area) const {
    return std::ranges::any_of(sinks_, [&](const Log* sink) { return sink->wants(level, area); });
}

void LogHub::write(const Record& record) {
    for (Log* sink : sinks_) {
        if (sink->wants(record.level, record.area())) sink->write(record);
    }
}

void StreamLog::write(const Record& record) {
    const std::string line = format_(record);
    const std::string out = with_priority_ ? fmt::format("<{}>{}\n", static_cast<int>(record.level), line)
                                           : fmt::format("{}\n", line);
    // One write per line keeps lines of several processes whole; a full or closed stream must not stop the
    // daemon.
    [[maybe_unused]] const auto written = ::write(fd_, out.data(), out.size());
}

}  // namespace keel
