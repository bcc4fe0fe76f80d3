// Provisioning: a configuration's way from the control interface or the file, through the checks, to the
// Provisioner, and the answer to whoever sent it. Owner: Daemon.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/house.hpp"
#include "lifecycle/provisioner.hpp"
#include "linux/config_file.hpp"

namespace keel {

class Provisioning {
public:
    struct Parts {
        lifecycle::Orchestrator& orchestrator;
        Random& random;
        Log& log;
        ConfigFile file;
        // Whether this host can do what a configuration needs.
        std::function<Status(const config::Config&)> host_can;
        // Another configuration runs.
        std::function<void(const config::Config&)> changed;
        // After each call that may have changed something: the daemon's timers are to be set anew.
        std::function<void()> settle;
    };
    // `document`: of the orchestrator's configuration, as it stands in the file.
    Provisioning(Parts parts, std::string_view document);

    [[nodiscard]] api::Outcome config() const;
    [[nodiscard]] api::Outcome plan(const api::Caller& caller, const std::string& text) const;
    void apply(const api::Caller& caller, const api::ApplyRequest& request, api::Answer answer);
    [[nodiscard]] api::Outcome confirm(bool save);
    void rollback(api::Answer answer);
    [[nodiscard]] api::Outcome save();
    // What is in the file now, applied (SIGHUP); how it comes out is told by the log.
    void reload();

    // After every event: answers whom it has an answer for.
    void advance(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const { return provisioner_.next_timeout(); }

private:
    [[nodiscard]] std::expected<CheckedConfig, api::Failure> checked(const api::Caller& caller,
                                                                     const std::string& text) const;
    [[nodiscard]] Status begin(CheckedConfig next, const lifecycle::Provisioner::Wish& wish);
    void answer(lifecycle::Applied applied);
    [[nodiscard]] Status write();
    [[nodiscard]] std::string running_document() const;

    Parts parts_;
    lifecycle::Provisioner provisioner_;
    api::Answer waiting_;                                 // for the outcome
    bool from_the_file_ = false;                          // what is being applied
    std::shared_ptr<const config::Config> told_running_;  // by Parts::changed
};

}  // namespace keel
