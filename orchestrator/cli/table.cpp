#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

namespace keel::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastCut = 8;     // a cut column says at least so much
constexpr std::size_t kLeastProse = 24;  // narrower is no sentence
constexpr std::size_t kProseIndent = 4;  // of a sentence below its row

struct Fit {
    std::vector<std::size_t> widths;
    std::vector<bool> shown;
    bool prose_below = false;  // the last column has a line of its own
};

std::size_t total(const Fit& fit) {
    std::size_t sum = 0, count = 0;
    for (std::size_t i = 0; i < fit.widths.size(); ++i) {
        if (!fit.shown[i]) continue;
        sum += fit.widths[i];
        ++count;
    }
    return sum + (count > 0 ? (count - 1) * kGap : 0);
}

// Columns by rank, the first to lose first; those that never lose are missing.
std::vector<std::size_t> losers(const std::vector<Column>& columns) {
    std::vector<std::size_t> order(columns.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [&](std::size_t i) { return columns[i].rank == 0; });
    std::ranges::stable_sort(order,
                             [&](std::size_t a, std::size_t b) { return columns[a].rank > columns[b].rank; });
    return order;
}

bool cut_to(Fit& fit, std::size_t limit, const std::vector<Column>& columns,
            const std::vector<std::size_t>& order) {
    for (const std::size_t i : order) {
        const std::size_t now = total(fit);
        if (now <= limit) return true;
        if (!fit.shown[i] || columns[i].right) continue;  // half a number is a lie
        const std::size_t least = std::max(kLeastCut, width_of(columns[i].title));
        if (fit.widths[i] > least) fit.widths[i] -= std::min(fit.widths[i] - least, now - limit);
    }
    return total(fit) <= limit;
}

Fit fitted(const std::vector<Column>& columns, Fit natural, std::size_t limit) {
    if (limit == 0 || total(natural) <= limit) return natural;
    if (!columns.empty() && columns.back().prose) {
        natural.widths.back() = std::min(natural.widths.back(), kLeastProse);
        Fit beside = natural;
        if (total(beside) <= limit) {
            beside.widths.back() += limit - total(beside);
            return beside;
        }
        natural.shown.back() = false;
        natural.prose_below = true;
    }
    const auto order = losers(columns);
    Fit fit = natural;
    if (cut_to(fit, limit, columns, order)) return fit;
    for (const std::size_t lost : order) {
        natural.shown[lost] = false;
        fit = natural;
        if (cut_to(fit, limit, columns, order)) break;
    }
    return fit;
}

void trim(std::string& line) {
    line.erase(line.find_last_not_of(' ') + 1);
}

class Writer {
public:
    Writer(const std::vector<Column>& columns, const Fit& fit, const Terminal& terminal)
        : columns_(columns), fit_(fit), terminal_(terminal) {}

    std::string row(const std::vector<Cell>& cells) const {
        std::string line, more;
        std::size_t at = 0, padding = 0;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (!fit_.shown[i]) continue;
            std::string text = i < cells.size() ? cells[i].text : std::string();
            const Colour colour = i < cells.size() ? cells[i].colour : Colour::none;
            if (columns_[i].prose && width_of(text) > fit_.widths[i]) {
                const auto lines = wrapped(text, fit_.widths[i]);
                text = lines.front();
                for (std::size_t n = 1; n < lines.size(); ++n)
                    more += std::string(at, ' ') + terminal_.paint(colour, lines[n]) + "\n";
            }
            text = cut(text, fit_.widths[i]);
            const std::size_t blanks = fit_.widths[i] - std::min(fit_.widths[i], width_of(text));
            if (!text.empty()) {
                line += std::string(padding + (columns_[i].right ? blanks : 0), ' ') +
                        terminal_.paint(colour, text);
                padding = kGap + (columns_[i].right ? 0 : blanks);
            } else {
                padding += fit_.widths[i] + kGap;
            }
            at += fit_.widths[i] + kGap;
        }
        trim(line);
        return line + "\n" + more + below(cells);
    }

private:
    std::string below(const std::vector<Cell>& cells) const {
        if (!fit_.prose_below || cells.size() < columns_.size() || cells.back().text.empty()) return {};
        return terminal_.paragraph(cells.back().text, kProseIndent, cells.back().colour);
    }

    const std::vector<Column>& columns_;
    const Fit& fit_;
    const Terminal& terminal_;
};

}  // namespace

Column number(std::string title, unsigned rank) {
    Column column(std::move(title), rank);
    column.right = true;
    return column;
}

Column prose(std::string title) {
    Column column(std::move(title));
    column.prose = true;
    return column;
}

std::string Table::text(const Terminal& terminal, Lost lost_columns) const {
    Fit natural{.widths = {}, .shown = std::vector<bool>(columns_.size(), true)};
    std::vector<Cell> header;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        header.emplace_back(columns_[i].title, Colour::strong);
        std::size_t width = width_of(columns_[i].title);
        for (const auto& row : rows_)
            if (i < row.size()) width = std::max(width, width_of(row[i].text));
        natural.widths.push_back(width);
    }
    const Fit fit = fitted(columns_, std::move(natural), terminal.columns);
    const Writer writer(columns_, fit, terminal);
    if (fit.prose_below) header.back().text.clear();
    std::string out = writer.row(header), lost;
    for (const auto& row : rows_) out += writer.row(row);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (!fit.shown[i] && !columns_[i].prose) lost += (lost.empty() ? "" : ", ") + columns_[i].title;
    }
    if (!lost.empty() && lost_columns == Lost::named)
        out += terminal.paragraph(fmt::format("(too narrow for {}; --wide shows all)", lost), 0, Colour::dim);
    return out;
}

}  // namespace keel::cli
