// Histogram: durations in buckets that suit a connection's set-up, from 10 ms to the patience of a stage.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "metrics/exposition.hpp"

namespace keel::metrics {

class Histogram {
public:
    static constexpr std::array kBounds{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0};

    void observe(double seconds);
    void write(Exposition& out, std::span<const Label> labels) const;
    [[nodiscard]] std::uint64_t count() const { return count_; }

private:
    std::array<std::uint64_t, kBounds.size()> at_most_{};  // each by itself; write() adds them up
    std::uint64_t count_ = 0;
    double sum_ = 0;
};

}  // namespace keel::metrics
