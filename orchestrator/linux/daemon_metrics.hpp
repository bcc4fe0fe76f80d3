// DaemonMetrics: what keel2tpd measures of itself and its connections, and the ways it is read: the control
// interface, HTTP, a file. Owner: Daemon.
#pragma once

#include <asio/io_context.hpp>
#include <string>

#include "base/log.hpp"
#include "config/config.hpp"
#include "lifecycle/orchestrator.hpp"
#include "linux/metrics_http.hpp"
#include "linux/metrics_textfile.hpp"
#include "linux/pppd.hpp"
#include "linux/udp.hpp"
#include "metrics/collector.hpp"

namespace keel {

class DaemonMetrics {
public:
    struct Parts {
        asio::io_context& io;
        LogHub& log;
        lifecycle::Orchestrator& orchestrator;
        const UdpSockets& sockets;
        const Pppd& pppd;
        std::string version;
    };

    explicit DaemonMetrics(Parts parts);
    ~DaemonMetrics();
    DaemonMetrics(const DaemonMetrics&) = delete;
    DaemonMetrics& operator=(const DaemonMetrics&) = delete;

    [[nodiscard]] std::string text();
    // Serves as configured; what was served otherwise before ends. An Error: nothing has changed.
    [[nodiscard]] Status apply(const config::Metrics& config);
    void close();

private:
    Parts parts_;
    double start_time_;
    config::Metrics config_;
    metrics::Collector collector_;
    MetricsHttp http_;
    MetricsTextfile textfile_;
};

}  // namespace keel
