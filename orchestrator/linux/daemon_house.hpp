// DaemonHouse: what the control interface asks for, from the daemon's parts. Owner: Daemon.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/house.hpp"
#include "base/log.hpp"
#include "lifecycle/ipsec_history.hpp"
#include "lifecycle/orchestrator.hpp"
#include "linux/daemon_metrics.hpp"
#include "linux/ipsec_look.hpp"
#include "linux/probe.hpp"
#include "linux/provisioning.hpp"
#include "linux/udp.hpp"

namespace keel {

class DaemonHouse final : public api::House {
public:
    struct Parts {
        lifecycle::Orchestrator& orchestrator;
        const UdpSockets& sockets;
        IpsecLook& ipsec_look;
        DaemonMetrics& metrics;
        const lifecycle::IpsecHistory& ipsec_history;
        const std::optional<KernelSupport>& kernel_support;
        LogLevels& log_levels;
        Provisioning& provisioning;
        std::function<void()> settle;  // after what may have changed something
        std::string version;
        Time started;
    };

    explicit DaemonHouse(Parts parts) : parts_(std::move(parts)) {}

    api::Outcome show() override;
    void ipsec(api::Answer answer) override;
    api::Outcome users(const std::optional<std::string>& connection) override;

    api::Outcome config() override { return parts_.provisioning.config(); }
    api::Outcome plan(const api::Caller& caller, const std::string& config) override {
        return parts_.provisioning.plan(caller, config);
    }
    void apply(const api::Caller& caller, api::ApplyRequest request, api::Answer answer) override {
        parts_.provisioning.apply(caller, request, std::move(answer));
    }
    api::Outcome confirm(const api::Caller&, bool save) override { return parts_.provisioning.confirm(save); }
    void rollback(const api::Caller&, api::Answer answer) override {
        parts_.provisioning.rollback(std::move(answer));
    }
    api::Outcome save(const api::Caller&) override { return parts_.provisioning.save(); }

    api::Outcome up(const std::string& connection) override {
        return steer(connection, &lifecycle::Orchestrator::up);
    }
    api::Outcome down(const std::string& connection) override {
        return steer(connection, &lifecycle::Orchestrator::down);
    }
    api::Outcome restart(const std::string& connection) override {
        return steer(connection, &lifecycle::Orchestrator::restart);
    }
    api::Outcome drop(const api::DropRequest& request) override;
    void metrics(api::Answer answer) override;
    api::Outcome trace(const std::string& connection) override;
    api::Outcome log_levels() override;
    api::Outcome set_log(const std::optional<std::string>& area, std::optional<LogLevel> level) override;

private:
    // The whole name, or the part after the slash where only one connection has it.
    [[nodiscard]] std::expected<std::string, api::Failure> named(const std::string& connection) const;
    using Steer = Status (lifecycle::Orchestrator::*)(Time, const std::string&);
    [[nodiscard]] api::Outcome steer(const std::string& connection, Steer how);

    Parts parts_;
};

}  // namespace keel
