// OutgoingCalls: the calls that an Lns has its clients place (RFC 2661 6.9): whenever a tunnel with the
// client is up it is asked by OCRQ, and again, with back-off, when the call ended or was refused. Owner: the
// Lns, which runs the call's PPP as that of any session and tells here how it went.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "lifecycle/backoff.hpp"
#include "lifecycle/context.hpp"

namespace keel::lifecycle {

class OutgoingCalls {
public:
    // `config` and `context` outlive it.
    OutgoingCalls(const config::Lns& config, Context& context);

    // Calls of another configuration: those that are the same go on. Returns the sessions of those that are
    // not wanted any more.
    [[nodiscard]] std::vector<LocalSessionId> change(const config::Lns& config);

    void on_tunnel(Time now, LocalTunnelId tunnel, const std::string& host_name);  // it is up
    void on_tunnel_down(LocalTunnelId tunnel) { tunnels_.erase(tunnel); }
    // The others are for any session of the Lns; one that is no call of ours changes nothing.
    void on_session_up(Time now, LocalSessionId session);
    void on_ppp_up(Time now, LocalSessionId session);
    void on_ended(Time now, LocalSessionId session, Stage stage, Error why);

    void on_timeout(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const;
    // Asks for no call any more.
    void stop() { tunnels_.clear(); }

    [[nodiscard]] std::vector<CallStatus> status(Time now) const;

private:
    struct Call {
        config::Call config;
        CallStatus::State state = CallStatus::State::no_tunnel;
        Time state_since;
        std::optional<LocalSessionId> session;
        Time retry_at;
        Backoff backoff = {};
        unsigned attempts = 0;
        std::optional<Why> why = {};
    };

    void dial_due(Time now);
    void dial(Time now, Call& call, LocalTunnelId tunnel);
    void failed(Time now, Call& call, Stage stage, Error why);
    [[nodiscard]] Call* call_of(LocalSessionId session);
    [[nodiscard]] std::optional<LocalTunnelId> tunnel_to(const std::string& lac) const;

    std::string name_;
    Context& context_;
    std::vector<Call> calls_;
    std::map<LocalTunnelId, std::string> tunnels_;  // those that are up, to clients that have calls to place
};

}  // namespace keel::lifecycle
