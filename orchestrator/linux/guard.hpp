// Guard: our nftables table, through libnftables in this process. It keeps L2TP from entering or leaving
// these addresses outside ESP, and leads each SA's packets to its tunnel's socket (recipe S, see
// guard_rules.hpp). It outlives the process on purpose: when the daemon dies, pppd may still hold kernel
// tunnels, and their packets would leave in clear. Only remove() takes it away.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "linux/guard_rules.hpp"
#include "ports.hpp"

struct nft_ctx;

namespace keel {

class Guard {
public:
    explicit Guard(Log& log);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Whether the kernel can do what the rules need; nothing stays. `unsupported` when it cannot.
    [[nodiscard]] Status probe();
    // Atomically makes the table for these addresses, or replaces the table that is there; open tunnels stay
    // in it and the counters go on. No address: the guard of a LAC alone.
    [[nodiscard]] Status install(std::span<const IpAddress> protected_addresses);
    // Also the table of an earlier run, which would go on refusing cleartext that the configuration now
    // allows.
    void remove();
    // Makes the table again when somebody took it away (`nft flush ruleset`); else does nothing. GuardWatch
    // calls it.
    void restore_if_gone();
    [[nodiscard]] Result<GuardCounters> counters();

    // From now on packets under `tunnel.mark` go to `tunnel.local`. A mark that leads to another tunnel is
    // bent to this one: the newest wins.
    [[nodiscard]] Status add(const GuardedTunnel& tunnel);
    void erase(const GuardedTunnel& tunnel);
    // The same port under another mark, in one transaction.
    [[nodiscard]] Status move(const GuardedTunnel& from, const GuardedTunnel& to);

    // TCP that is forwarded through the link gets an MSS that fits this MTU, both ways; none: as it likes.
    void clamp_mss(const std::string& interface, std::optional<std::uint16_t> mtu);

    // The tunnel sockets' addresses in a table that an earlier run left behind; empty without one.
    [[nodiscard]] std::vector<SocketAddress> leftovers();

private:
    struct FreeContext {
        void operator()(nft_ctx* context) const;
    };

    [[nodiscard]] Status open();
    [[nodiscard]] Result<std::string> run(const std::string& commands);

    Log& log_;
    std::unique_ptr<nft_ctx, FreeContext> context_;
    int netlink_fd_ = -1;  // libnftables'; only looked at
    bool installed_ = false;
    std::vector<IpAddress> protected_addresses_;
    GuardState state_;
};

}  // namespace keel
