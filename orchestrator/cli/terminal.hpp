// What a terminal needs of text: how many columns it takes, how it is cut, wrapped
// and coloured. Width is wcwidth's in UTF-8, whatever the locale; graphemes of several code points (flags,
// families) may count as more than a terminal gives them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace keel::cli {

// Columns of printable UTF-8.
[[nodiscard]] std::size_t width_of(std::string_view text);

// At most `columns` wide, "…" at the end where something is missing.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns);

// Lines of at most `columns`, broken at blanks, and inside a word only where it is wider than a line.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

enum class Colour { none, good, busy, bad, dim, strong };

struct Terminal {
    std::size_t columns = 0;  // 0: no terminal, no limit
    bool colours = false;

    // Of a file descriptor: no limit and no colours where it is no terminal; colours not with NO_COLOR
    // (https://no-color.org) or TERM=dumb.
    [[nodiscard]] static Terminal of(int fd);
    [[nodiscard]] std::string paint(Colour colour, std::string_view text) const;
    // One paragraph, wrapped to the terminal, each line after `indent` blanks, with a newline.
    [[nodiscard]] std::string paragraph(std::string_view text, std::size_t indent = 0,
                                        Colour colour = Colour::none) const;
};

}  // namespace keel::cli
