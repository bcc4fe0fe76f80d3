#include "linux/daemon.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "linux/modules.hpp"

namespace keel {
namespace {

// charon answers an unload within milliseconds; a dead one must not keep us.
constexpr Duration kDrain = seconds(5);
constexpr auto kLastResort = std::chrono::seconds(60);  // the unit file grants 90 s

std::string system_host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] ? name : "keel2tp";
}

PppdPaths pppd_paths(const config::Config& config) {
    PppdPaths paths;
    paths.pppd = config.pppd;
    paths.plugin =
        config.plugin.empty() ? installed_pppd_plugin() : std::filesystem::absolute(config.plugin).string();
    return paths;
}

Result<ControlGroups> control_groups(const config::Control& control) {
    ControlGroups groups;
    for (const auto& [name, group] :
         {std::pair{&control.read_group, &groups.read}, std::pair{&control.admin_group, &groups.admin}}) {
        if (name->empty()) continue;
        const auto id = group_named(*name);
        if (!id) return std::unexpected(id.error());
        *group = *id;
    }
    return groups;
}

bool uses_ipsec(const config::Config& config) {
    const auto protected_by_ipsec = [](const auto& connection) { return connection.ipsec.has_value(); };
    return std::ranges::any_of(config.lns, protected_by_ipsec) ||
           std::ranges::any_of(config.lac, protected_by_ipsec);
}

}  // namespace

Daemon::Daemon(const CheckedConfig& started_with, ConfigFile file, std::string version, LogHub& log,
               LogSetup& log_setup)
    : started_with_(started_with.config),
      version_(std::move(version)),
      log_(log),
      guard_(log),
      sockets_(io_, log, random_, guard_, [this](Event event) { deliver(std::move(event)); }),
      kernel_(log, sockets_, guard_),
      strongswan_(
          io_, started_with_->vici_socket, log, [this](Event event) { deliver(std::move(event)); },
          [this] { kernel_.flush_leftover_sas(); }),
      pppd_(io_, log, pppd_paths(*started_with_), [this](Event event) { deliver(std::move(event)); }),
      resolver_(io_, [this](Event event) { deliver(std::move(event)); }),
      orchestrator_(started_with_, system_host_name(),
                    {strongswan_, sockets_, kernel_, pppd_, resolver_, random_}, log),
      ipsec_look_(io_, started_with_->vici_socket, kernel_),
      metrics_({.io = io_,
                .log = log,
                .orchestrator = orchestrator_,
                .sockets = sockets_,
                .pppd = pppd_,
                .version = version_}),
      provisioning_({.orchestrator = orchestrator_,
                     .random = random_,
                     .log = log,
                     .file = std::move(file),
                     .host_can = [this](const config::Config& next) { return host_can(next); },
                     .changed =
                         [this, &log_setup, log = started_with_->log](const config::Config& next) mutable {
                             if (std::exchange(log, next.log) != next.log) log_setup.follow(next.log);
                             follow_metrics(next);
                         },
                     .settle = [this] { settle(); }},
                    started_with.document),
      house_({.orchestrator = orchestrator_,
              .sockets = sockets_,
              .ipsec_look = ipsec_look_,
              .metrics = metrics_,
              .ipsec_history = ipsec_history_,
              .kernel_support = kernel_support_,
              .log_levels = log_setup.levels(),
              .provisioning = provisioning_,
              .settle = [this] { settle(); },
              .version = version_,
              .started = started_}),
      service_(version_, house_, monitor_, log),
      control_(io_, service_) {
    log_.attach(monitor_);
}

Daemon::~Daemon() {
    log_.detach(monitor_);
}

Status Daemon::check() {
    if (::geteuid() != 0) return fail(ErrorCode::denied, "keel2tpd needs root", "run it as root");
    if (auto fits = pppd_.probe(); !fits) return fits;
    return host_can(*started_with_);
}

Status Daemon::host_can(const config::Config& config) {
    const bool first = uses_ipsec(config) && !kernel_support_;
    auto missing = check_kernel_features(uses_ipsec(config));
    if (first) {
        const KernelSupport support = probe_kernel(guard_);
        for (Error& error : missing_for_ipsec(support)) missing.push_back(std::move(error));
        if (missing.empty()) kernel_support_ = support;
    }
    for (const Error& error : missing) log_.error("kernel.incomplete", {{"why", error.text()}});
    if (!missing.empty()) return std::unexpected(missing.front());
    if (first && kernel_support_->receive_mark == false) {
        log_.notice(
            "kernel.older",
            {{"missing", "SO_RCVMARK"},
             {"why",
              "a listener is not told under which SA a request came: each SA gets a listener of its own, "
              "and two sockets for each client instead of one; Linux 5.19 and newer need one"}});
    }
    return {};
}

Status Daemon::run() {
    if (auto checked = check(); !checked) return checked;
    const auto groups = control_groups(started_with_->control);
    if (!groups) return std::unexpected(groups.error());
    if (auto opened = control_.open(started_with_->control.socket, *groups); !opened) return opened;
    if (auto served = metrics_.apply(started_with_->metrics); !served) return served;
    signals_.async_wait([this](asio::error_code error, int signal) {
        if (error) return;
        log_.notice("daemon.stopping", {{"state", "stopping"}, {"signal", signal}});
        stop();
    });
    reload_on_hangup();
    if (auto started = orchestrator_.start(monotonic_now()); !started) return started;
    log_.notice("daemon.running", {{"state", "running"},
                                   {"version", version_},
                                   {"connections", started_with_->lns.size() + started_with_->lac.size()}});
    settle();
    io_.run();
    return {};
}

void Daemon::deliver(Event event) {
    ipsec_history_.observe(monotonic_now(), event);
    orchestrator_.receive(monotonic_now(), std::move(event));
    settle();
}

// After each input: wake up when the lifecycle wants to, and see whether the end has come.
void Daemon::settle() {
    if (phase_ == Phase::taking_down && orchestrator_.stopped() && pppd_.running() == 0) {
        phase_ = Phase::draining;
        strongswan_.drain(kDrain, [this] { finish(); });
    }
    if (phase_ == Phase::running) provisioning_.advance(monotonic_now());
    auto next = orchestrator_.next_timeout();
    if (const auto at = provisioning_.next_timeout()) next = std::min(next.value_or(*at), *at);
    wake_at(next);
}

void Daemon::wake_at(std::optional<Time> next) {
    if (!next) {
        wake_.cancel();
        return;
    }
    wake_.expires_after(std::max<Duration>(*next - monotonic_now(), Duration::zero()));
    wake_.async_wait([this](asio::error_code error) {
        if (error) return;
        orchestrator_.on_timeout(monotonic_now());
        settle();
    });
}

// A terminal's end must not leave tunnels behind; a service manager's reload applies the file, and a
// certificate's renewal asks for what can be had without an end of anything.
void Daemon::reload_on_hangup() {
    reload_.async_wait([this](asio::error_code error, int) {
        if (error) return;
        log_.notice("daemon.reload", {{"state", "running"}});
        strongswan_.reload_credentials();
        if (phase_ == Phase::running) provisioning_.reload();
        reload_on_hangup();
    });
}

void Daemon::stop() {
    phase_ = Phase::taking_down;
    last_resort_.expires_after(kLastResort);
    last_resort_.async_wait([this](asio::error_code error) {
        if (error) return;
        log_.error("daemon.stuck", {{"state", "stopping"}, {"why", "not everything ended in time"}});
        if (phase_ != Phase::taking_down) return finish();
        // charon must not go on serving what nobody is there for.
        phase_ = Phase::draining;
        strongswan_.unload_all();
        strongswan_.drain(kDrain, [this] { finish(); });
    });
    // A second signal: at once, without a word to the peers.
    signals_.async_wait([this](asio::error_code error, int) {
        if (!error) finish();
    });
    orchestrator_.stop(monotonic_now());
    settle();
}

// The address may be taken: then what was served before is served on.
void Daemon::follow_metrics(const config::Config& config) {
    if (auto served = metrics_.apply(config.metrics); !served)
        log_.warning("daemon.metrics", {{"state", "failed"}, {"why", served.error().text()}});
}

void Daemon::finish() {
    if (phase_ == Phase::done) return;
    phase_ = Phase::done;
    metrics_.close();
    kernel_.close_all();
    sockets_.close_all();
    if (orchestrator_.stopped()) kernel_.remove_guard();
    log_.notice("daemon.stopped", {{"state", "stopped"}});
    io_.stop();
}

}  // namespace keel
