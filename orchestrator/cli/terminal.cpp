#include "cli/terminal.hpp"

#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/printable.hpp"

namespace keel::cli {
namespace {

constexpr std::string_view kEllipsis = "…";

// Takes the first character, or an octet that is no UTF-8, off the text; nothing for the latter.
std::optional<char32_t> take(std::string_view& text) {
    const auto point = first_code_point(text);
    text.remove_prefix(point ? point->octets : 1);
    return point ? std::optional(point->code) : std::nullopt;
}

// wcwidth() goes by the thread's locale, and the shell's may be "C".
class Utf8Locale {
public:
    Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
        if (locale_ != nullptr) before_ = ::uselocale(locale_);
    }
    ~Utf8Locale() {
        if (locale_ == nullptr) return;
        ::uselocale(before_);
        ::freelocale(locale_);
    }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;
    // What has no width becomes a '?', and takes one. Without the locale each character counts as one column.
    [[nodiscard]] std::size_t columns(std::optional<char32_t> code) const {
        if (!code || *code < 0xa0 || locale_ == nullptr) return 1;
        const int width = ::wcwidth(static_cast<wchar_t>(*code));
        return width < 0 ? 1 : static_cast<std::size_t>(width);
    }

private:
    locale_t locale_;
    locale_t before_ = nullptr;
};

// The longest beginning that is at most so wide.
std::string_view head(std::string_view text, std::size_t columns, const Utf8Locale& locale) {
    std::size_t used = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t at = text.size() - rest.size();
        used += locale.columns(take(rest));
        if (used > columns) return text.substr(0, at);
    }
    return text;
}

const char* code_of(Colour colour) {
    switch (colour) {
        case Colour::none: return "";
        case Colour::good: return "32";
        case Colour::busy: return "33";
        case Colour::bad: return "31";
        case Colour::dim: return "2";
        case Colour::strong: return "1";
    }
    return "";
}

bool is_set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

}  // namespace

std::size_t width_of(std::string_view text) {
    if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
        return text.size();
    const Utf8Locale locale;
    std::size_t width = 0;
    while (!text.empty()) width += locale.columns(take(text));
    return width;
}

std::string cut(std::string_view text, std::size_t columns) {
    if (width_of(text) <= columns) return std::string(text);
    if (columns == 0) return {};
    const Utf8Locale locale;
    return std::string(head(text, columns - 1, locale)) + std::string(kEllipsis);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
    const Utf8Locale locale;
    columns = std::max<std::size_t>(columns, 2);
    std::vector<std::string> lines;
    while (!text.empty()) {
        std::string_view line = head(text, columns, locale);
        if (line.size() < text.size() && text[line.size()] != ' ') {
            const auto blank = line.rfind(' ');
            if (blank != std::string_view::npos && blank > 0) line = line.substr(0, blank);
        }
        text.remove_prefix(line.size());
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        lines.emplace_back(line.substr(0, line.find_last_not_of(' ') + 1));
    }
    if (lines.empty()) lines.emplace_back();
    return lines;
}

Terminal Terminal::of(int fd) {
    if (::isatty(fd) == 0) return {};
    const char* term = std::getenv("TERM");
    Terminal terminal{.columns = 80,
                      .colours = !is_set("NO_COLOR") && is_set("TERM") && std::string_view(term) != "dumb"};
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.columns = size.ws_col;
    return terminal;
}

std::string Terminal::paint(Colour colour, std::string_view text) const {
    if (!colours || colour == Colour::none || text.empty()) return std::string(text);
    return "\033[" + std::string(code_of(colour)) + "m" + std::string(text) + "\033[0m";
}

std::string Terminal::paragraph(std::string_view text, std::size_t indent, Colour colour) const {
    const std::string margin(indent, ' ');
    if (columns <= indent) return margin + paint(colour, text) + "\n";
    std::string out;
    for (const auto& line : wrapped(text, columns - indent)) out += margin + paint(colour, line) + "\n";
    return out;
}

}  // namespace keel::cli
