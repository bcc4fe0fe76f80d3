// bench_hostile PACKETS [TUNNELS]: hostile datagrams against an LNS with established tunnels, kind by kind;
// prints what they cost. What must hold is asserted by tests/unit/l2tp_hostile.
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <fstream>

#include "unit/l2tp_hostile/siege.hpp"

using namespace keel;
using namespace keel::l2tp;
using namespace keel::l2tp::test;

namespace {

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double resident_kib() {
    std::ifstream statm("/proc/self/statm");
    double size = 0, pages = 0;
    statm >> size >> pages;
    return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

double peak_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        double kib = 0;
        if (word == "VmHWM:" && status >> kib) return kib;
    }
    return 0;
}

int run(std::uint64_t packets, std::uint32_t tunnels) {
    Siege siege(tunnels, 1);
    malloc_trim(0);
    const std::uint64_t each = (packets + kAttacks.size() - 1) / kAttacks.size();
    const double first = resident_kib();
    fmt::print("{} tunnels with a session each; {:.0f} KiB resident, with the attackers and the peers\n\n",
               tunnels, first);
    fmt::print("{:24} {:>9} {:>10} {:>9} {:>9} {:>10} {:>10} {:>9} {:>9}\n", "kind", "packets", "ns/packet",
               "answers", "octets x", "half open", "RSS KiB", "tunnels", "sessions");
    std::uint64_t sum = 0;
    for (const Attack kind : kAttacks) {
        Tally tally = siege.attack(kind, each, milliseconds(1) / 50, cpu_seconds);
        sum += tally.packets;
        const std::size_t half_open = siege.lns().tunnel_count() - tunnels;
        siege.pass(seconds(40), &tally);  // until what is half open is given up
        fmt::print("{:24} {:>9} {:>10.0f} {:>9} {:>9.2f} {:>10} {:>10.0f} {:>9} {:>9}\n", name_of(kind),
                   tally.packets, 1e9 * tally.seconds / static_cast<double>(tally.packets), tally.answers,
                   tally.amplification(), half_open, resident_kib(), siege.tunnels_up(), siege.sessions_up());
    }
    siege.pass(seconds(151));  // who could not carry a HELLO would be gone
    const std::size_t sample = std::max<std::size_t>(tunnels / 50, 1);
    const std::size_t asked = (tunnels + sample - 1) / sample, up = siege.new_sessions(sample);
    fmt::print(
        "\n{} hostile datagrams. Resident before {:.0f}, after {:.0f}, at most {:.0f} KiB. Of {} tunnels {} "
        "are up "
        "after two HELLO intervals, of {} sessions {}; of {} new sessions {} came up.\n",
        sum, first, resident_kib(), peak_kib(), tunnels, siege.tunnels_up(), tunnels, siege.sessions_up(),
        asked, up);
    return siege.tunnels_up() == tunnels && siege.sessions_up() == tunnels && up == asked ? 0 : 1;
}

bool read_number(const char* text, auto& out) {
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, out);
    return error == std::errc() && stop == end && out > 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t packets = 0;
    std::uint32_t tunnels = 1000;
    if (argc < 2 || argc > 3 || !read_number(argv[1], packets) ||
        (argc == 3 && !read_number(argv[2], tunnels))) {
        fmt::print(stderr, "usage: bench_hostile PACKETS [TUNNELS]\n");
        return 2;
    }
    try {
        return run(packets, tunnels);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_hostile: {}\n", error.what());
        return 1;
    }
}
