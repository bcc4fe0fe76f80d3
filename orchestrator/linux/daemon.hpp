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
#include "linux/ipsec_look.hpp"
#include "linux/kernel.hpp"
#include "linux/pppd.hpp"
#include "linux/probe.hpp"
#include "linux/resolver.hpp"
#include "linux/strongswan.hpp"
#include "linux/system.hpp"
#include "linux/udp.hpp"

namespace keel {

class Daemon {
public:
    Daemon(const config::Config& config, std::string version, Log& log);

    // Runs until told to stop and everything is undone. An Error: nothing was started.
    [[nodiscard]] Status run();

private:
    enum class Phase { running, taking_down, draining, done };

    [[nodiscard]] Status check();
    void deliver(Event event);
    void settle();
    void stop();
    void reload_on_hangup();
    void finish();
    [[nodiscard]] nlohmann::json overview() const;
    void ipsec_view(const api::Service::Told& told);

    const config::Config& config_;
    std::string version_;
    Log& log_;
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
    api::Service service_;
    ControlSocket control_;
    std::optional<KernelSupport> kernel_support_;  // with IPsec
};

}  // namespace keel
