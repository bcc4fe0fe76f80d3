// Pppd: the Ppp port. One pppd with our plugin per session; the plugin asks for its work over a socketpair
// (pppd-plugin/README.md), and a PppdSession watches socket, process and last words until it is gone.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/log.hpp"
#include "linux/pppd_spawn.hpp"
#include "ports.hpp"

namespace keel {

class PppdSession;

struct PppdTimes {
    Duration hello = seconds(10);      // from start to the plugin's hello; then SIGKILL
    Duration stop_grace = seconds(3);  // from SIGTERM to SIGKILL
};

class Pppd final : public Ppp {
public:
    // `emit` is called from the loop only, never from inside a call of this class. With `die_with_controller`
    // the kernel ends each pppd when this process dies.
    Pppd(asio::io_context& io, Log& log, PppdPaths paths, std::function<void(Event)> emit,
         bool die_with_controller = true, PppdTimes times = {});
    ~Pppd() override;  // kills what still runs, silently
    Pppd(const Pppd&) = delete;
    Pppd& operator=(const Pppd&) = delete;

    // For start-up: pppd, plugin and /dev/ppp are there and fit together. Runs `pppd --version`.
    [[nodiscard]] Status probe() const { return probe_pppd(paths_); }

    // Errors: invalid (a spec that pppd cannot do), not_found, denied, unavailable (pppd, plugin or /dev/ppp
    // is missing), io. All that happens after that is told by PppExited, exactly once per started pppd.
    [[nodiscard]] Result<PppId> start(const PppSpec& spec, UniqueFd pppox) override;
    void stop(PppId ppp) override;
    void answer_login(PppId ppp, const LoginVerdict& verdict) override;
    void answer_address(PppId ppp, std::optional<IpAddress> address) override;

    [[nodiscard]] std::size_t running() const { return sessions_.size(); }

private:
    [[nodiscard]] PppdSession* find(PppId ppp) const;

    asio::io_context& io_;
    Log& log_;
    PppdPaths paths_;
    std::function<void(Event)> emit_;
    bool die_with_controller_;
    PppdTimes times_;
    std::uint32_t last_id_ = 0;
    std::unordered_map<PppId, std::shared_ptr<PppdSession>> sessions_;
};

}  // namespace keel
