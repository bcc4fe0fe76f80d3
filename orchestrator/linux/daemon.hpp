// Daemon: the real world around the lifecycle: makes the ports, brings their events to the Orchestrator,
// wakes it when it wants, and ends everything in order on SIGTERM or SIGINT. Owner: main.
#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <string>

#include "api/service.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "lifecycle/ipsec_history.hpp"
#include "lifecycle/orchestrator.hpp"
#include "linux/control.hpp"
#include "linux/daemon_house.hpp"
#include "linux/daemon_metrics.hpp"
#include "linux/ipsec_look.hpp"
#include "linux/kernel.hpp"
#include "linux/log_setup.hpp"
#include "linux/pppd.hpp"
#include "linux/probe.hpp"
#include "linux/resolver.hpp"
#include "linux/strongswan.hpp"
#include "linux/system.hpp"
#include "linux/udp.hpp"

namespace keel {

class Daemon {
public:
    // `started_with`: what `file` holds, checked. `log` and `log_setup` outlive the Daemon.
    Daemon(const CheckedConfig& started_with, ConfigFile file, std::string version, LogHub& log,
           LogSetup& log_setup);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // Runs until told to stop and everything is undone. An Error: nothing was started.
    [[nodiscard]] Status run();

private:
    enum class Phase { running, taking_down, draining, done };

    [[nodiscard]] Status check();
    // Whether this host can do what the configuration needs.
    [[nodiscard]] Status host_can(const config::Config& config);
    void deliver(Event event);
    void settle();
    void stop();
    void reload_on_hangup();
    void wake_at(std::optional<Time> next);
    void finish();
    void follow_metrics(const config::Config& config);

    std::shared_ptr<const config::Config> started_with_;
    std::string version_;
    LogHub& log_;
    Time started_ = monotonic_now();
    Phase phase_ = Phase::running;

    asio::io_context io_{1};
    asio::steady_timer wake_{io_};
    asio::steady_timer last_resort_{io_};
    asio::signal_set signals_{io_, SIGTERM, SIGINT};
    asio::signal_set reload_{io_, SIGHUP};
    SystemRandom random_;
    Guard guard_;
    UdpSockets sockets_;
    LinuxKernel kernel_;
    Strongswan strongswan_;
    Pppd pppd_;
    AsioResolver resolver_;
    lifecycle::Orchestrator orchestrator_;
    lifecycle::IpsecHistory ipsec_history_{started_};
    IpsecLook ipsec_look_;
    std::optional<KernelSupport> kernel_support_;  // with IPsec
    api::Monitor monitor_{wall_now};
    DaemonMetrics metrics_;
    Provisioning provisioning_;
    DaemonHouse house_;
    api::Service service_;
    ControlSocket control_;
};

}  // namespace keel
