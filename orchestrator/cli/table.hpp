// Table: aligned columns, fitted to a terminal.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.hpp"

namespace keel::cli {

struct Cell {
    std::string text;
    Colour colour = Colour::none;
    Cell(std::string words, Colour painted = Colour::none) : text(std::move(words)), colour(painted) {}
    Cell(const char* words, Colour painted = Colour::none) : text(words), colour(painted) {}
};

struct Column {
    std::string title;
    // What a narrow terminal loses first, the highest first: cut with "…", then, where that is not enough,
    // left out. 0: never.
    unsigned rank = 0;
    bool right = false;  // aligned to the right: numbers
    bool prose = false;  // the last column: wrapped instead of cut
    Column(std::string name, unsigned lost = 0) : title(std::move(name)), rank(lost) {}
    Column(const char* name, unsigned lost = 0) : title(name), rank(lost) {}
};
[[nodiscard]] Column number(std::string title, unsigned rank = 0);
[[nodiscard]] Column prose(std::string title);

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    // Each column as wide as its widest cell, two blanks between, none at a line's end. In a terminal no line
    // is wider than it as far as ranks allow; columns that are left out are named below.
    enum class Lost { named, silent };
    [[nodiscard]] std::string text(const Terminal& terminal = {}, Lost lost = Lost::named) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace keel::cli
