#include "config/positions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace keel::config {
namespace {

// "/" and the token, escaped as RFC 6901 3 has it.
void append_token(std::string& pointer, std::string_view token) {
    pointer += '/';
    for (const char c : token) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
}

// Walks over JSON text value by value. What is no JSON ends the walk.
class Walk {
public:
    using OnValue = std::function<void(const std::string& pointer, const Place& place)>;
    using OnRepeated = std::function<void(const std::string& pointer, std::size_t first, std::size_t again)>;

    explicit Walk(std::string_view text) : text_(text) {}
    void run(OnValue on_value, OnRepeated on_repeated) {
        on_value_ = std::move(on_value);
        on_repeated_ = std::move(on_repeated);
        (void)value(std::nullopt, 0);
    }

private:
    void skip_blanks() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
    }
    [[nodiscard]] bool take(char expected) {
        skip_blanks();
        if (at_ >= text_.size() || text_[at_] != expected) return false;
        ++at_;
        return true;
    }
    // The token with its quotes.
    [[nodiscard]] std::optional<std::string_view> string() {
        const std::size_t begin = at_;
        if (!take('"')) return std::nullopt;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        if (at_ >= text_.size()) return std::nullopt;
        ++at_;
        return text_.substr(begin, at_ - begin);
    }
    [[nodiscard]] bool scalar() {
        if (text_[at_] == '"') return string().has_value();
        const std::size_t begin = at_;
        at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
        return at_ > begin;
    }
    [[nodiscard]] bool value(std::optional<std::size_t> key, std::size_t depth);
    [[nodiscard]] bool object(std::size_t depth);
    [[nodiscard]] bool array(std::size_t depth);

    std::string_view text_;
    std::size_t at_ = 0;
    std::string pointer_;
    OnValue on_value_;
    OnRepeated on_repeated_;
};

// As the document has it; empty for what is no JSON string.
std::string unquoted(std::string_view token) {
    if (!token.contains('\\')) return std::string(token.substr(1, token.size() - 2));
    const auto parsed = nlohmann::json::parse(token, nullptr, false);
    return parsed.is_string() ? parsed.get<std::string>() : std::string();
}

bool Walk::value(std::optional<std::size_t> key, std::size_t depth) {
    skip_blanks();
    if (at_ >= text_.size() || depth > kMaxDepth) return false;
    const std::size_t begin = at_;
    const bool whole = text_[at_] == '{' ? object(depth) : text_[at_] == '[' ? array(depth) : scalar();
    if (whole) on_value_(pointer_, {key, begin, at_});
    return whole;
}

bool Walk::object(std::size_t depth) {
    (void)take('{');
    if (take('}')) return true;
    std::unordered_map<std::string, std::size_t> keys;
    const std::size_t outer = pointer_.size();
    do {
        skip_blanks();
        const std::size_t begin = at_;
        const auto token = string();
        if (!token || !take(':')) return false;
        std::string key = unquoted(*token);
        append_token(pointer_, key);
        const auto [first, fresh] = keys.try_emplace(std::move(key), begin);
        if (!fresh) on_repeated_(pointer_, first->second, begin);
        if (!value(begin, depth + 1)) return false;
        pointer_.resize(outer);
    } while (take(','));
    return take('}');
}

bool Walk::array(std::size_t depth) {
    (void)take('[');
    if (take(']')) return true;
    const std::size_t outer = pointer_.size();
    std::size_t index = 0;
    do {
        pointer_ += '/' + std::to_string(index++);
        if (!value(std::nullopt, depth + 1)) return false;
        pointer_.resize(outer);
    } while (take(','));
    return take(']');
}

// Line and column of ascending offsets, in one pass over the text.
class LineCounter {
public:
    explicit LineCounter(std::string_view text) : text_(text) {}

    void put(std::size_t offset, Fault& fault) {
        for (; at_ < std::min(offset, text_.size()); ++at_) {
            const char c = text_[at_];
            if (c == '\n') {
                ++line_;
                column_ = 1;
            } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {  // not within a character of UTF-8
                ++column_;
            }
        }
        fault.line = line_;
        fault.column = column_;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0, line_ = 1, column_ = 1;
};

std::string parent_of(const std::string& pointer) {
    return pointer.substr(0, std::min(pointer.rfind('/'), pointer.size()));
}

}  // namespace

std::map<std::string, Place> find_places(std::string_view text, const std::set<std::string>& pointers) {
    std::map<std::string, Place> places;
    Walk(text).run(
        [&](const std::string& pointer, const Place& place) {
            if (pointers.contains(pointer)) places[pointer] = place;
        },
        [](const auto&...) {});
    return places;
}

std::vector<Fault> repeated_keys(std::string_view text) {
    struct Repeated {
        Fault fault;
        std::size_t first, again;
    };
    std::vector<Repeated> all;
    Walk(text).run([](const auto&...) {},
                   [&](const std::string& pointer, std::size_t first, std::size_t again) {
                       all.push_back({{.pointer = pointer, .message = {}, .of_key = true}, first, again});
                   });
    std::ranges::sort(all, {}, &Repeated::first);
    LineCounter firsts(text);
    for (Repeated& repeated : all) {
        firsts.put(repeated.first, repeated.fault);
        repeated.fault.message = fmt::format(
            "this key stands twice in one object, first at line {}, column {}: leave one of them out",
            repeated.fault.line, repeated.fault.column);
    }
    std::ranges::sort(all, {}, &Repeated::again);
    LineCounter seconds(text);
    std::vector<Fault> faults;
    for (Repeated& repeated : all) {
        seconds.put(repeated.again, repeated.fault);
        faults.push_back(std::move(repeated.fault));
    }
    return faults;
}

std::optional<std::size_t> too_deep(std::string_view text) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (in_string) {
            if (c == '\\') ++at;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxDepth) return at;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return std::nullopt;
}

std::optional<std::size_t> number_too_large(std::string_view text) {
    std::optional<std::size_t> found;
    Walk(text).run(
        [&](const std::string&, const Place& place) {
            const char first = text[place.begin];
            if (found || (first != '-' && (first < '0' || first > '9'))) return;
            const std::string token(text.substr(place.begin, place.end - place.begin));
            if (std::isinf(std::strtod(token.c_str(), nullptr))) found = place.begin;
        },
        [](const auto&...) {});
    return found;
}

void put_position(std::string_view text, std::size_t offset, Fault& fault) {
    LineCounter(text).put(offset, fault);
}

void put_positions(std::string_view text, std::vector<Fault>& faults) {
    std::set<std::string> wanted{""};
    for (const Fault& fault : faults) {
        std::string pointer = fault.pointer;
        while (!pointer.empty() && wanted.insert(pointer).second) pointer = parent_of(pointer);
    }
    const auto places = find_places(text, wanted);
    const auto offset_of = [&](const Fault& fault) {
        std::string pointer = fault.pointer;
        auto found = places.find(pointer);
        while (found == places.end() && !pointer.empty()) found = places.find(pointer = parent_of(pointer));
        if (found == places.end()) return std::size_t{0};
        const bool to_key = fault.of_key && pointer == fault.pointer;
        return to_key ? found->second.key.value_or(found->second.begin) : found->second.begin;
    };
    std::vector<std::pair<std::size_t, Fault*>> by_offset;
    for (Fault& fault : faults) {
        if (fault.line == 0) by_offset.emplace_back(offset_of(fault), &fault);
    }
    std::ranges::sort(by_offset, {}, &std::pair<std::size_t, Fault*>::first);
    LineCounter counter(text);
    for (const auto& [offset, fault] : by_offset) counter.put(offset, *fault);
}

}  // namespace keel::config
