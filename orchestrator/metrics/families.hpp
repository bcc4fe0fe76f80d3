// All metrics of keel2tpd, in Prometheus' text format: what the collector has counted, and what is so now.
#pragma once

#include <map>
#include <string>

#include "lifecycle/status.hpp"
#include "metrics/collector.hpp"

namespace keel::metrics {

// The daemon's own process and what only linux/ knows.
struct ProcessFacts {
    std::string version;
    double cpu_seconds = 0;
    double start_time = 0;  // seconds since 1970
    std::uint64_t resident_bytes = 0, virtual_bytes = 0;
    std::uint64_t open_fds = 0, max_fds = 0;
    std::uint64_t datagrams_received = 0, datagrams_sent = 0;
    std::uint64_t pppds = 0;  // that run
};

struct Sources {
    const lifecycle::Overview& overview;
    const std::map<std::string, lifecycle::Traffic>& traffic;  // by connection; never falls
    const Collector& collector;
    const ProcessFacts& process;
};

[[nodiscard]] std::string exposition(const Sources& sources);

}  // namespace keel::metrics
