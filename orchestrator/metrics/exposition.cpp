#include "metrics/exposition.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <vector>

namespace keel::metrics {
namespace {

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::counter: return "counter";
        case Kind::gauge: return "gauge";
        case Kind::histogram: return "histogram";
    }
    return "untyped";
}

std::string escaped(std::string_view text, bool quotes) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || (quotes && c == '"')) out += '\\';
        out += c;
    }
    return out;
}

}  // namespace

std::string number_text(double value) {
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    if (std::isnan(value)) return "NaN";
    return fmt::format("{}", value);
}

void Exposition::family(std::string_view name, Kind kind, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false),
                   name, name_of(kind));
}

void Exposition::sample(std::initializer_list<Label> labels, double value) {
    sample({}, std::span(labels.begin(), labels.size()), number_text(value));
}

void Exposition::sample(std::initializer_list<Label> labels, std::uint64_t value) {
    sample({}, std::span(labels.begin(), labels.size()), fmt::format("{}", value));
}

void Exposition::sample(std::string_view suffix, std::span<const Label> labels, std::string_view value) {
    text_ += name_;
    text_ += suffix;
    char before = '{';
    for (const auto& [key, held] : labels) {
        fmt::format_to(std::back_inserter(text_), "{}{}=\"{}\"", before, key, escaped(held, true));
        before = ',';
    }
    if (!labels.empty()) text_ += '}';
    fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

}  // namespace keel::metrics
