// PppdSession: one started pppd, from fork to reaped. Owned by Pppd; its handlers keep it alive until the
// process is gone. It trusts no frame: one that is malformed, or not this session's turn, ends the pppd.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "linux/pppd.hpp"
#include "linux/pppd_wire.hpp"

namespace keel {

class PppdSession : public std::enable_shared_from_this<PppdSession> {
public:
    struct Context {
        asio::io_context& io;
        Log& log;
        std::function<void(Event)> emit;
        std::function<void()> ended;  // before PppExited is emitted: forget me
        PppdTimes times;
        bool die_with_controller;
    };

    PppdSession(Context context, PppId id, PppSpec spec, UniqueFd pppox, SpawnedPppd process);

    void watch();  // once, when a shared_ptr holds this
    void stop();
    void answer_login(const LoginVerdict& verdict);
    void answer_address(const std::optional<IpAddress>& address);
    void abandon();  // SIGKILL, no more events

private:
    enum class State { awaiting_hello, working, reaped };
    struct End {
        PppExited::Cause cause = PppExited::Cause::error;
        std::string message;
        std::uint16_t protocol = 0;
    };

    void watch_wire();
    void watch_output();
    void watch_process();
    void read_wire();
    void read_output();
    void keep_output(std::string_view text);
    void reap();

    void on_datagram(ByteView datagram);
    void on(const pppd_wire::Hello& hello);
    void on(pppd_wire::Login& login);
    void on(const pppd_wire::AddressRequest& request);
    void on(const pppd_wire::Phase& phase);
    void on(const pppd_wire::IpUp& up);
    void on(const pppd_wire::IpDown& down);
    void on(const pppd_wire::Exit& exit);
    void on(const pppd_wire::Echo& echo) { context_.emit(PppEchoed{id_, {echo.sent, echo.received}}); }

    void send(const Bytes& frame);
    void refuse(const std::string& why);  // a hostile or broken pppd: SIGKILL
    void signal(int number);
    void start_timer(Duration after, std::string why);
    [[nodiscard]] End end(int wait_status) const;
    [[nodiscard]] std::string last_words() const;

    Context context_;
    PppId id_;
    PppSpec spec_;
    UniqueFd pppox_;
    pid_t pid_;
    asio::posix::stream_descriptor process_, wire_, output_;
    asio::steady_timer timer_;
    State state_ = State::awaiting_hello;
    bool stop_requested_ = false;
    std::optional<std::uint32_t> pending_login_, pending_address_;
    std::optional<End> told_, forced_;  // by the plugin; by us
    std::string partial_line_;
    std::deque<std::string> lines_;
};

}  // namespace keel
