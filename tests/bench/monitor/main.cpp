// Monitor with many readers on a real control socket: what an event costs the daemon, and its memory, with
// readers that keep up and with such that never read. Figures, no assertions.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "linux/control.hpp"
#include "linux/system.hpp"

using namespace keel;

namespace {

constexpr int kEvents = 50'000;
constexpr int kBurst = 50;
constexpr std::string_view kCall = "{\"method\":\"org.keel2tp.Monitor\",\"more\":true}";

double resident_mib() {
    std::ifstream statm("/proc/self/statm");
    double size = 0, resident = 0;
    statm >> size >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

double cpu_seconds() {
    timespec at{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

UniqueFd reader_at(const std::string& path) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (::connect(fd.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
    const std::string call = std::string(kCall) + '\0';
    if (::send(fd.value(), call.data(), call.size(), 0) != static_cast<ssize_t>(call.size())) std::abort();
    char first[512];
    if (::recv(fd.value(), first, sizeof first, 0) <= 0) std::abort();  // monitor.started: he is in
    return fd;
}

void speak(Log& log, int number) {
    log.notice("session.down", {{"connection", "lns/office"},
                                {"session", number},
                                {"state", "down"},
                                {"user", "somebody@example.net"},
                                {"peer", "198.51.100.7:4500"},
                                {"why", "the peer ended the session: user request"}});
}

void measure(int quick, int slow) {
    const auto folder = std::filesystem::temp_directory_path() / fmt::format("bench-monitor-{}", ::getpid());
    asio::io_context loop{1};
    LogHub log;
    api::Monitor monitor(wall_now);
    log.attach(monitor);
    api::House house;
    const api::Service service("bench", house, monitor, log);
    ControlSocket control(loop, service);
    const std::string path = folder / "sock";
    if (!control.open(path)) std::abort();
    std::vector<UniqueFd> readers;
    std::thread joining([&] {
        for (int i = 0; i < quick + slow; ++i) readers.push_back(reader_at(path));
        loop.stop();
    });
    loop.run();
    loop.restart();
    joining.join();
    std::atomic<std::uint64_t> octets = 0;
    std::vector<std::thread> reading;
    for (int i = 0; i < quick; ++i) {
        reading.emplace_back([fd = readers[static_cast<std::size_t>(i)].value(), &octets] {
            char room[65536];
            for (ssize_t got = 0; (got = ::recv(fd, room, sizeof room, 0)) > 0;)
                octets += static_cast<std::uint64_t>(got);
        });
    }
    const double memory = resident_mib(), began = cpu_seconds();
    for (int i = 0; i < kEvents; i += kBurst) {
        for (int n = i; n < i + kBurst; ++n) speak(log, n);
        loop.poll();
        std::this_thread::yield();
    }
    const double took = cpu_seconds() - began;
    fmt::print("{:>6} {:>6} {:>12.0f} {:>10.1f} {:>12.1f} {:>14.1f}\n", quick, slow, kEvents / took,
               took * 1e6 / kEvents, resident_mib() - memory, static_cast<double>(octets.load()) / (1 << 20));
    for (const UniqueFd& reader : readers) ::shutdown(reader.value(), SHUT_RDWR);
    for (std::thread& thread : reading) thread.join();
    loop.poll();
    std::filesystem::remove_all(folder);
}

}  // namespace

int main() {
    fmt::print("{} events in bursts of {}; the daemon's thread alone, by its CPU time\n", kEvents, kBurst);
    fmt::print("{:>6} {:>6} {:>12} {:>10} {:>12} {:>14}\n", "quick", "slow", "events/s", "us/event",
               "memory +MiB", "delivered MiB");
    for (const auto& [quick, slow] : {std::pair{0, 0}, {1, 0}, {8, 0}, {0, 1}, {0, 16}, {0, 120}, {8, 112}})
        measure(quick, slow);
}
