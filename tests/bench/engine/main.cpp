// bench_engine TUNNELS: sets up so many tunnels with a session each, lets them idle, and prints what that
// cost as one line of JSON. One number of tunnels a process, so that the memory of one run is not that of
// another.
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>

#include "pairs.hpp"

using namespace keel;
using keel::bench::Counts;
using keel::bench::Pair;

namespace {

constexpr std::uint32_t kTunnelsPerPair = 25'000;
constexpr int kMinutes = 5;

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double allocated() {
    const auto info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

double resident() {
    std::ifstream statm("/proc/self/statm");
    double size = 0, pages = 0;
    statm >> size >> pages;
    return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

class Bench {
public:
    explicit Bench(std::uint32_t tunnels) : tunnels_(tunnels), gap_(Duration(seconds(20)) / tunnels) {
        ids_.reserve(tunnels);  // not to be counted
        for (std::uint32_t first = 0; first < tunnels; first += kTunnelsPerPair) {
            pairs_.push_back(std::make_unique<Pair>(first + 1));
        }
    }

    void open_tunnels() {
        for (std::uint32_t i = 0; i < tunnels_; ++i) {
            advance(now_ + gap_);
            ids_.push_back(pair(i).open_tunnel(now_, i));
        }
    }
    void open_sessions() {
        for (std::uint32_t i = 0; i < tunnels_; ++i) {
            advance(now_ + gap_);
            pair(i).open_session(now_, ids_[i]);
        }
    }
    void idle(Duration time) { advance(now_ + time); }

    [[nodiscard]] Counts counts() const {
        Counts sum;
        for (const auto& pair : pairs_) {
            sum.datagrams += pair->counts().datagrams;
            sum.tunnels_up += pair->counts().tunnels_up;
            sum.sessions_up += pair->counts().sessions_up;
            sum.ended += pair->counts().ended;
        }
        return sum;
    }
    [[nodiscard]] bool all_up() const {
        const Counts sum = counts();
        return sum.tunnels_up == 2 * tunnels_ && sum.sessions_up == 2 * tunnels_ && sum.ended == 0;
    }
    [[nodiscard]] std::size_t endpoints() const { return 2 * pairs_.size(); }

private:
    Pair& pair(std::uint32_t tunnel) { return *pairs_[tunnel / kTunnelsPerPair]; }

    void advance(Time until) {
        for (auto& pair : pairs_) {
            for (auto next = pair->next_timeout(); next && *next <= until; next = pair->next_timeout()) {
                pair->on_timeout(*next);
            }
        }
        now_ = until;
    }

    std::uint64_t tunnels_;
    Duration gap_;  // set-ups are spread over time, so that HELLOs are too
    Time now_{};
    std::vector<std::unique_ptr<Pair>> pairs_;
    std::vector<LocalTunnelId> ids_;
};

int run(std::uint32_t tunnels) {
    Bench bench(tunnels);
    const double allocated_0 = allocated(), resident_0 = resident(), cpu_0 = cpu_seconds();
    bench.open_tunnels();
    const double allocated_tunnels = allocated() - allocated_0;
    bench.open_sessions();
    const double setup = cpu_seconds() - cpu_0;
    const double allocated_all = allocated() - allocated_0, resident_all = resident() - resident_0;

    bench.idle(seconds(60));
    const std::uint64_t datagrams = bench.counts().datagrams;
    const double cpu_1 = cpu_seconds();
    bench.idle(seconds(60) * kMinutes);
    const double idle = (cpu_seconds() - cpu_1) / kMinutes;
    if (!bench.all_up()) {
        fmt::print(stderr, "bench_engine: not every tunnel and session came up and stayed up\n");
        return 1;
    }
    const double ends = 2.0 * tunnels;  // each tunnel has two ends in this process
    fmt::print(
        "{{\"tunnels\": {}, \"endpoints\": {}, \"setups_per_second\": {:.0f}, \"idle_cpu_per_minute\": "
        "{:.6f}, "
        "\"idle_datagrams_per_minute\": {:.0f}, \"tunnel_bytes\": {:.0f}, \"session_bytes\": {:.0f}, "
        "\"resident_bytes\": {:.0f}}}\n",
        tunnels, bench.endpoints(), tunnels / setup, idle,
        static_cast<double>(bench.counts().datagrams - datagrams) / kMinutes, allocated_tunnels / ends,
        (allocated_all - allocated_tunnels) / ends, resident_all / ends);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint32_t tunnels = 0;
    if (argc == 2) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), tunnels);
    if (tunnels == 0) {
        fmt::print(stderr, "usage: bench_engine TUNNELS\n");
        return 2;
    }
    try {
        return run(tunnels);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_engine: {}\n", error.what());
        return 1;
    }
}
