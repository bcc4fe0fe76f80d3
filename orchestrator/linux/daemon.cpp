#include "linux/daemon.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "api/ipsec_json.hpp"
#include "api/overview_json.hpp"
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

bool uses_ipsec(const config::Config& config) {
    const auto protected_by_ipsec = [](const auto& connection) { return connection.ipsec.has_value(); };
    return std::ranges::any_of(config.lns, protected_by_ipsec) ||
           std::ranges::any_of(config.lac, protected_by_ipsec);
}

}  // namespace

Daemon::Daemon(const config::Config& config, std::string version, Log& log)
    : config_(config),
      version_(std::move(version)),
      log_(log),
      guard_(log),
      sockets_(io_, log, random_, guard_, [this](Event event) { deliver(std::move(event)); }),
      kernel_(log, sockets_, guard_),
      strongswan_(
          io_, config.vici_socket, log, [this](Event event) { deliver(std::move(event)); },
          [this] { kernel_.flush_leftover_sas(); }),
      pppd_(io_, log, pppd_paths(config), [this](Event event) { deliver(std::move(event)); }),
      resolver_(io_, [this](Event event) { deliver(std::move(event)); }),
      orchestrator_(config, system_host_name(), {strongswan_, sockets_, kernel_, pppd_, resolver_, random_},
                    log),
      ipsec_look_(io_, config.vici_socket, kernel_),
      service_(
          version_, [this] { return overview(); },
          [this](const api::Service::Told& told) { ipsec_view(told); }),
      control_(io_, service_) {}

Status Daemon::check() {
    if (::geteuid() != 0) return fail(ErrorCode::denied, "keel2tpd needs root", "run it as root");
    if (auto fits = pppd_.probe(); !fits) return fits;
    auto missing = check_kernel_features(uses_ipsec(config_));
    if (uses_ipsec(config_)) {
        kernel_support_ = probe_kernel(guard_);
        for (Error& error : missing_for_ipsec(*kernel_support_)) missing.push_back(std::move(error));
    }
    for (const Error& error : missing) log_.error("kernel=incomplete why={}", quote(error.text()));
    if (!missing.empty()) return std::unexpected(missing.front());
    if (kernel_support_ && kernel_support_->receive_mark == false) {
        log_.notice(
            "kernel=older missing=SO_RCVMARK why={}",
            quote("a listener is not told under which SA a request came: each SA gets a listener of its own, "
                  "and two sockets for each client instead of one; Linux 5.19 and newer need one"));
    }
    return {};
}

Status Daemon::run() {
    if (auto checked = check(); !checked) return checked;
    if (auto opened = control_.open(config_.control_socket); !opened) return opened;
    signals_.async_wait([this](asio::error_code error, int signal) {
        if (error) return;
        log_.notice("state=stopping signal={}", signal);
        stop();
    });
    reload_on_hangup();
    if (auto started = orchestrator_.start(monotonic_now()); !started) return started;
    log_.notice("state=running version={} connections={}", version_, config_.lns.size() + config_.lac.size());
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
    const auto next = orchestrator_.next_timeout();
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

// A terminal's end must not leave tunnels behind; a service manager's reload, or a certificate's renewal,
// asks for what can be had without an end of anything.
void Daemon::reload_on_hangup() {
    reload_.async_wait([this](asio::error_code error, int) {
        if (error) return;
        log_.notice("state=running reading=credentials");
        strongswan_.reload_credentials();
        reload_on_hangup();
    });
}

void Daemon::stop() {
    phase_ = Phase::taking_down;
    last_resort_.expires_after(kLastResort);
    last_resort_.async_wait([this](asio::error_code error) {
        if (error) return;
        log_.error("state=stopping why=\"not everything ended in time\"");
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

void Daemon::finish() {
    if (phase_ == Phase::done) return;
    phase_ = Phase::done;
    kernel_.close_all();
    sockets_.close_all();
    if (orchestrator_.stopped()) kernel_.remove_guard();
    log_.notice("state=stopped");
    io_.stop();
}

void Daemon::ipsec_view(const api::Service::Told& told) {
    ipsec_look_.look([this, told](Result<std::vector<lifecycle::IkeView>> peers) {
        const Time now = monotonic_now();
        lifecycle::IpsecView view;
        view.charon = orchestrator_.charon();
        if (peers) {
            view.peers = std::move(*peers);
        } else {
            view.why = peers.error();
        }
        for (lifecycle::IkeView& peer : view.peers) {
            for (lifecycle::ChildView& child : peer.children) child.moves = ipsec_history_.moves(child.mark);
        }
        told(api::to_json(view, ipsec_history_, now));
    });
}

nlohmann::json Daemon::overview() const {
    const Time now = monotonic_now();
    const auto& counters = sockets_.counters();
    api::DaemonFacts facts{.version = version_,
                           .pid = ::getpid(),
                           .cpu_seconds = std::chrono::duration<double>(own_cpu_time()).count(),
                           .datagrams_received = counters.received,
                           .datagrams_sent = counters.sent,
                           .uptime = now - started_,
                           .kernel = {}};
    if (kernel_support_) {
        facts.kernel = {{"receive_mark", kernel_support_->receive_mark},
                        {"set_mark", kernel_support_->set_mark},
                        {"socket_policy", kernel_support_->socket_policy},
                        {"rules", kernel_support_->rules}};
    }
    return api::to_json(facts, orchestrator_.overview(now), now);
}

}  // namespace keel
