// Table: aligned columns for a terminal.
#pragma once

#include <string>
#include <vector>

namespace keel::cli {

class Table {
public:
    explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] bool empty() const { return rows_.size() == 1; }
    // Each column as wide as its widest cell (in characters of UTF-8), the last one unpadded.
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;  // the first is the header
};

}  // namespace keel::cli
