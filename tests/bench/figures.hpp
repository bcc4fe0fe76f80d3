// What the benchmarks measure with: this process' CPU time and memory.
#pragma once

#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <array>

namespace keel::bench {

constexpr int kRounds = 7;

inline double cpu_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

inline double allocated_kib() {
    const auto info = ::mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd) / 1024;
}

struct Taken {
    double median_ms = 0, least_ms = 0;
};

// CPU time of `work`, done kRounds times.
template <class Work>
Taken taken_by(Work work) {
    std::array<double, kRounds> took{};
    for (double& ms : took) {
        const double before = cpu_ms();
        work();
        ms = cpu_ms() - before;
    }
    std::ranges::sort(took);
    return {took[kRounds / 2], took.front()};
}

template <class Work>
double median_ms(Work work) {
    return taken_by(work).median_ms;
}

}  // namespace keel::bench
