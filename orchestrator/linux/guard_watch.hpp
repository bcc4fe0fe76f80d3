// GuardWatch: hears of each change of the nftables ruleset and has the guard put back when somebody removed
// it. `systemctl reload nftables` flushes everything on most distributions, and with the guard each tunnel's
// way in.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "linux/guard.hpp"

namespace keel {

// The process id in a NEWGEN notification of nfnetlink (NFTA_GEN_PROC_PID), the last message of each
// transaction. Nothing when the bytes hold no such message.
[[nodiscard]] std::optional<std::uint32_t> ruleset_changed_by(ByteView messages);

class GuardWatch {
public:
    // A kernel without nftables leaves it idle: the guard then cannot be installed either, and says why.
    GuardWatch(asio::io_context& loop, Log& log, Guard& guard);
    ~GuardWatch();
    GuardWatch(const GuardWatch&) = delete;
    GuardWatch& operator=(const GuardWatch&) = delete;

    // Joins the kernel's multicast group; again does nothing.
    [[nodiscard]] Status start();

private:
    void wait();
    void read();
    void look_soon();

    Log& log_;
    Guard& guard_;
    asio::posix::stream_descriptor socket_;
    asio::steady_timer soon_;
    bool looking_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace keel
