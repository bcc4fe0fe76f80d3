#include "cli/event_line.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/printable.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kNameWidth = 16;
constexpr std::size_t kWordsAt = 14 + kNameWidth + 2;

Colour colour_of_level(const json& level) {
    if (level == "error") return Colour::bad;
    if (level == "warning") return Colour::busy;
    return level == "debug" ? Colour::dim : Colour::none;
}

std::string padded(std::string text, std::size_t width) {
    text = cut(text, width);
    return text + std::string(width - std::min(width, width_of(text)), ' ');
}

std::string words_of(const json& event) {
    std::string out;
    for (const auto& [key, value] : event.items()) {
        if (key == "time" || key == "level" || key == "id" || key == "area" || key == "connection") continue;
        std::string name = printable(key);
        std::ranges::replace(name, '_', ' ');
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, text_of(value));
    }
    return text_in(event, "id") + (out.empty() ? "" : "  " + out);
}

}  // namespace

std::string clock_text(const json& time) {
    const auto text = text_of(time);
    std::tm parts{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) return text;
    std::string fraction(rest);
    if (fraction.ends_with('Z')) fraction.pop_back();
    return fmt::format("{:%H:%M:%S}{}", fmt::localtime(::timegm(&parts)), fraction);
}

std::string event_line(const json& event, const Terminal& terminal) {
    const std::string connection = text_in(event, "connection");
    const std::string head = fmt::format("{}  {}  ", padded(clock_text(event.value("time", json())), 12),
                                         padded(connection, kNameWidth));
    const Colour colour = colour_of_level(event.value("level", json()));
    const auto words = words_of(event);
    constexpr std::size_t kLeastWords = 24;
    if (terminal.columns < kWordsAt + kLeastWords) return head + terminal.paint(colour, words) + "\n";
    std::string out;
    for (const auto& line : wrapped(words, terminal.columns - kWordsAt))
        out += (out.empty() ? head : std::string(kWordsAt, ' ')) + terminal.paint(colour, line) + "\n";
    return out;
}

}  // namespace keel::cli
