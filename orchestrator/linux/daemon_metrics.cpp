#include "linux/daemon_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "linux/system.hpp"
#include "metrics/families.hpp"

namespace keel {
namespace {

// What /proc/self tells; zeroes where there is none.
void read_process(metrics::ProcessFacts& facts) {
    facts.cpu_seconds = std::chrono::duration<double>(own_cpu_time()).count();
    std::uint64_t pages = 0, resident = 0;
    if (std::ifstream statm("/proc/self/statm"); statm >> pages >> resident) {
        const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        facts.virtual_bytes = pages * size;
        facts.resident_bytes = resident * size;
    }
    std::error_code error;
    for (std::filesystem::directory_iterator fd("/proc/self/fd", error), end; !error && fd != end;
         fd.increment(error)) {
        ++facts.open_fds;
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.max_fds = limit.rlim_cur;
}

}  // namespace

DaemonMetrics::DaemonMetrics(Parts parts)
    : parts_(std::move(parts)),
      start_time_(static_cast<double>(calendar_now())),
      http_(parts_.io, [this] { return text(); }),
      textfile_(parts_.io, parts_.log, [this] { return text(); }) {
    parts_.log.attach(collector_);
}

DaemonMetrics::~DaemonMetrics() {
    parts_.log.detach(collector_);
}

std::string DaemonMetrics::text() {
    metrics::ProcessFacts process;
    process.version = parts_.version;
    process.start_time = start_time_;
    read_process(process);
    process.datagrams_received = parts_.sockets.counters().received;
    process.datagrams_sent = parts_.sockets.counters().sent;
    process.pppds = parts_.pppd.running();
    const auto traffic = parts_.orchestrator.traffic();
    const auto overview = parts_.orchestrator.overview(monotonic_now());
    return metrics::exposition(
        {.overview = overview, .traffic = traffic, .collector = collector_, .process = process});
}

Status DaemonMetrics::apply(const config::Metrics& config) {
    if (config.listen != config_.listen) {
        if (!config.listen) {
            http_.close();
        } else if (auto opened = http_.open(*config.listen); !opened) {
            return opened;
        }
    }
    if (config.textfile != config_.textfile) {
        textfile_.stop();
        if (!config.textfile.empty()) textfile_.start(config.textfile);
    }
    config_ = config;
    return {};
}

void DaemonMetrics::close() {
    http_.close();
    textfile_.stop();
}

}  // namespace keel
