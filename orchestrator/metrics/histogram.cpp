#include "metrics/histogram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace keel::metrics {

void Histogram::observe(double seconds) {
    const auto bound = std::ranges::lower_bound(kBounds, seconds);
    if (bound != kBounds.end()) ++at_most_[static_cast<std::size_t>(bound - kBounds.begin())];
    ++count_;
    sum_ += seconds;
}

void Histogram::write(Exposition& out, std::span<const Label> labels) const {
    std::vector<Label> with_bound(labels.begin(), labels.end());
    with_bound.emplace_back("le", "");
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
        below += at_most_[i];
        const std::string bound = number_text(kBounds[i]);
        with_bound.back().second = bound;
        out.sample("_bucket", with_bound, fmt::format("{}", below));
    }
    with_bound.back().second = "+Inf";
    out.sample("_bucket", with_bound, fmt::format("{}", count_));
    out.sample("_sum", labels, number_text(sum_));
    out.sample("_count", labels, fmt::format("{}", count_));
}

}  // namespace keel::metrics
