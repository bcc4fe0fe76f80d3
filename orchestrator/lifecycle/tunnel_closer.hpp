// TunnelCloser: ends tunnels in good order: first PPP's farewell through the session, then StopCCN, then the
// wait for its acknowledgement; each has a deadline, after which the next step is taken. Owner: Orchestrator.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lifecycle/datapath.hpp"

namespace keel::lifecycle {

class TunnelCloser {
public:
    TunnelCloser(l2tp::Endpoint& endpoint, Datapath& datapath) : endpoint_(endpoint), datapath_(datapath) {}

    // `result` of StopCCN as in RFC 2661 4.4.2. A tunnel that is being closed already goes on being closed.
    void close(Time now, LocalTunnelId tunnel, std::uint16_t result, std::string message);
    // Says nothing to the peer: there is no way to it any more, or it has forgotten the tunnel.
    void abandon(Time now, LocalTunnelId tunnel, const std::string& message);

    // To be called after every event, when the endpoint's outputs are carried out: goes on where PPP has
    // ended.
    void advance(Time now);
    void on_timeout(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const;

private:
    struct Closing {
        Time deadline;
        std::uint16_t result;
        std::string message;
        bool told = false;  // StopCCN is on its way
    };
    // Sends StopCCN. False: the tunnel is down already, and there is nothing left to say or to wait for.
    [[nodiscard]] bool tell(Time now, LocalTunnelId tunnel, Closing& closing);

    std::map<LocalTunnelId, Closing> closing_;
    l2tp::Endpoint& endpoint_;
    Datapath& datapath_;
};

}  // namespace keel::lifecycle
