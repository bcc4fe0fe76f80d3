#include "linux/system.hpp"

#include <linux/capability.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

namespace keel {
namespace {

Duration reading(clockid_t clock) {
    timespec at{};
    clock_gettime(clock, &at);
    return std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
}

}  // namespace

void SystemRandom::fill(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const ssize_t got = getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) std::abort();  // guessable tunnel ids would be worse than no daemon
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

Time monotonic_now() {
    return Time(reading(CLOCK_MONOTONIC));
}
std::int64_t calendar_now() {
    return std::chrono::duration_cast<seconds>(reading(CLOCK_REALTIME)).count();
}
milliseconds wall_now() {
    return std::chrono::duration_cast<milliseconds>(reading(CLOCK_REALTIME));
}
Duration own_cpu_time() {
    return reading(CLOCK_PROCESS_CPUTIME_ID);
}

bool has_capability(int capability) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    if (syscall(SYS_capget, &header, data) != 0) return false;
    const auto bit = static_cast<unsigned>(capability);
    return (data[bit / 32].effective >> (bit % 32) & 1u) != 0;
}

}  // namespace keel
