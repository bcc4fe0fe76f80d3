#include "config/suggestion.hpp"

#include <algorithm>
#include <utility>

namespace keel::config {
namespace {

constexpr std::size_t kLongest = 40;

char folded(char c) {
    if (c == '_') return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Optimal string alignment: letters inserted, left out, exchanged, and neighbours swapped.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before, above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t other = folded(a[i - 1]) == folded(b[j - 1]) ? 0 : 1;
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + other});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before = std::exchange(above, row);
    }
    return above[b.size()];
}

}  // namespace

std::optional<std::string> likely_meant(std::string_view word, const std::vector<std::string>& known) {
    if (word.empty() || word.size() > kLongest) return std::nullopt;
    std::optional<std::string> nearest;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : known) {
        const std::size_t away = distance(word, candidate);
        // "on" is not "off" mistyped, though only two letters are.
        if (away >= least || away >= candidate.size()) continue;
        least = away;
        nearest = candidate;
    }
    if (nearest || word.size() < 3) return nearest;
    const auto begins = [&](const std::string& candidate) { return candidate.starts_with(word); };
    if (std::ranges::count_if(known, begins) == 1) nearest = *std::ranges::find_if(known, begins);
    return nearest;
}

}  // namespace keel::config
