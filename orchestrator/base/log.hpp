// Log: one record per transition: a level, a message id and fields. Handed down by reference; main owns it.
// The ids and their fields are described in schemas/events.schema.json: scripts rely on them.
// Never give it a secret: Secret converts to no field, so that the slip does not compile.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"

namespace keel {

enum class LogLevel { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };  // syslog priorities
[[nodiscard]] std::string_view name_of(LogLevel level);
[[nodiscard]] std::optional<LogLevel> log_level_named(std::string_view name);

// What an id begins with.
inline constexpr std::array<std::string_view, 11> kLogAreas = {"daemon", "config",  "connection", "ipsec",
                                                               "tunnel", "session", "call",       "ppp",
                                                               "kernel", "control", "monitor"};
[[nodiscard]] bool is_log_area(std::string_view name);

// How much is wanted: in general, and in areas that differ. May be changed at run time.
class LogLevels {
public:
    explicit LogLevels(LogLevel general = LogLevel::info) : general_(general) {}

    [[nodiscard]] bool wants(LogLevel level, std::string_view area) const;
    void set(LogLevel general) { general_ = general; }
    // None: as in general. `area` is one of kLogAreas.
    void set(std::string_view area, std::optional<LogLevel> level);

    [[nodiscard]] LogLevel general() const { return general_; }
    [[nodiscard]] const std::map<std::string_view, LogLevel>& areas() const { return areas_; }

private:
    LogLevel general_;
    std::map<std::string_view, LogLevel> areas_;
};

struct Field {
    using Value = std::variant<std::string, std::int64_t, std::uint64_t, double, bool>;

    Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
    Field(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
    Field(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
    Field(std::string_view k, bool v) : key(k), value(v) {}
    Field(std::string_view k, double v) : key(k), value(v) {}
    Field(std::string_view k, Duration v)  // in milliseconds: name it "..._ms"
        : key(k), value(std::int64_t{std::chrono::duration_cast<milliseconds>(v).count()}) {}
    template <std::signed_integral T>
    Field(std::string_view k, T v) : key(k), value(std::int64_t{v}) {}
    template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>) Field(std::string_view k, T v) : key(k), value(std::uint64_t{v}) {}

    std::string_view key;  // of static storage, like a Record's id
    Value value;
};

struct Record {
    LogLevel level = LogLevel::info;
    std::string_view id;  // "session.up"
    std::span<const Field> fields;

    // "session"
    [[nodiscard]] std::string_view area() const { return id.substr(0, id.find('.')); }
    [[nodiscard]] const Field::Value* find(std::string_view key) const;
};

// "id=session.up connection=lns/office user=\"a b\"": values are quoted where need be. A peer's words may be
// among them: control characters become '?', so that no line can be forged.
[[nodiscard]] std::string to_text(const Record& record);

class Log {
public:
    virtual ~Log() = default;

    void error(std::string_view id, std::initializer_list<Field> fields) { put(LogLevel::error, id, fields); }
    void warning(std::string_view id, std::initializer_list<Field> fields) {
        put(LogLevel::warning, id, fields);
    }
    void notice(std::string_view id, std::initializer_list<Field> fields) {
        put(LogLevel::notice, id, fields);
    }
    void info(std::string_view id, std::initializer_list<Field> fields) { put(LogLevel::info, id, fields); }
    void debug(std::string_view id, std::initializer_list<Field> fields) { put(LogLevel::debug, id, fields); }

    [[nodiscard]] virtual bool wants(LogLevel level, std::string_view area) const = 0;
    virtual void write(const Record& record) = 0;

private:
    void put(LogLevel level, std::string_view id, std::initializer_list<Field> fields) {
        const Record record{level, id, fields};
        if (wants(level, record.area())) write(record);
    }
};

// Hands each record to those that want it.
class LogHub final : public Log {
public:
    void attach(Log& sink) { sinks_.push_back(&sink); }  // which outlives the hub, or is detached
    void detach(Log& sink) { std::erase(sinks_, &sink); }

    [[nodiscard]] bool wants(LogLevel level, std::string_view area) const override;
    void write(const Record& record) override;

private:
    std::vector<Log*> sinks_;
};

// Lines to a file descriptor, each with its syslog priority as "<N>" when `with_priority` (for journald).
class StreamLog final : public Log {
public:
    using Format = std::function<std::string(const Record&)>;

    // `levels` outlives it.
    StreamLog(int fd, const LogLevels& levels, bool with_priority, Format format = to_text)
        : fd_(fd), levels_(levels), with_priority_(with_priority), format_(std::move(format)) {}

    [[nodiscard]] bool wants(LogLevel level, std::string_view area) const override {
        return levels_.wants(level, area);
    }
    void write(const Record& record) override;

private:
    int fd_;
    const LogLevels& levels_;
    bool with_priority_;
    Format format_;
};

class NullLog final : public Log {
public:
    [[nodiscard]] bool wants(LogLevel, std::string_view) const override { return false; }
    void write(const Record&) override {}
};

}  // namespace keel
