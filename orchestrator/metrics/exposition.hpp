// Exposition: Prometheus' text format 0.0.4, one family after another. It knows names, labels and numbers
// only.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace keel::metrics {

enum class Kind { counter, gauge, histogram };

using Label = std::pair<std::string_view, std::string_view>;

class Exposition {
public:
    // Begins a family: its samples follow before the next one begins.
    void family(std::string_view name, Kind kind, std::string_view help);
    void sample(std::initializer_list<Label> labels, double value);
    void sample(std::initializer_list<Label> labels, std::uint64_t value);
    // Of a histogram: name_bucket, name_sum, name_count.
    void sample(std::string_view suffix, std::span<const Label> labels, std::string_view value);

    [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

private:
    std::string text_;
    std::string name_;
};

// As the format writes a number: "1", "0.25", "+Inf".
[[nodiscard]] std::string number_text(double value);

}  // namespace keel::metrics
