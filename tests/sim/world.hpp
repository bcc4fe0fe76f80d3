// World: Endpoints joined by a lossy network in virtual time; most often two, a LAC and an LNS. Everything
// random comes from one seed, so that a failing run can be run again. Nothing sleeps. A Wire watches all of
// it.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <random>

#include "l2tp/endpoint.hpp"
#include "sim/host.hpp"
#include "sim/wire.hpp"

namespace keel::sim {

struct Network {
    double loss = 0;         // share of datagrams that vanish
    double duplication = 0;  // share that arrive twice
    Duration least_delay = milliseconds(5);
    Duration most_delay = milliseconds(5);  // above least_delay: datagrams overtake each other
    std::size_t mtu = 1500;  // octets of IP; what is longer travels in fragments, each may be lost
};

class World {
public:
    World(std::uint64_t seed, const Network& network, const l2tp::EndpointConfig& config = {},
          std::uint32_t few = 0);
    World(std::uint64_t seed, const Network& network, const l2tp::EndpointConfig& lac,
          const l2tp::EndpointConfig& lns, std::uint32_t few = 0);
    World(const World&) = delete;
    World& operator=(const World&) = delete;

private:
    std::uint64_t seed_;
    std::uint32_t few_;
    std::mt19937_64 engine_;
    std::list<Host> hosts_;  // they stay where they are

public:
    Host& lac;
    Host& lns;
    Network network;
    bool cut = false;  // nothing arrives any more
    Wire wire;

    Host& add_host(const l2tp::EndpointConfig& config);
    // The host abandons a tunnel: that one need not be kept until its StopCCN is acknowledged.
    void excuse(const Host& host, LocalTunnelId tunnel) { down_[{host.address, tunnel}].silent = true; }
    // The host loses its memory, as a crash does.
    void restart(Host& host);

    [[nodiscard]] Time now() const { return now_; }
    // Takes what the endpoints have put out, and answers their offers. To be called after each command.
    void drain();
    // Lets time pass until `until`, or until `done` holds; true if it does.
    template <class Condition>
    bool run_until(Time until, Condition done) {
        drain();
        while (!done()) {
            if (!advance(until)) return done();
        }
        return true;
    }
    void run_for(Duration duration) {
        run_until(now_ + duration, [] { return false; });
    }
    // All forgot everything, and want no timer.
    [[nodiscard]] bool empty() const;
    // Below `below`; of this world's seed.
    [[nodiscard]] std::uint32_t number(std::uint32_t below);
    [[nodiscard]] double chance();

private:
    struct Flying {
        l2tp::Path path;  // as the receiver sees it
        IpAddress to;
        Bytes datagram;
        bool seen = false;  // by the Wire
    };

    bool drain(Host& host);
    void report(Host& host, const l2tp::Output& output);
    void launch(const Host& host, const l2tp::Send& send);
    void land(const Flying& flying);
    [[nodiscard]] Host* find(const IpAddress& address);
    // To the next event, at most to `until`; false: `until` is reached.
    bool advance(Time until);

    Time now_{};
    std::multimap<Time, Flying> flying_;
    struct Down {
        Time since{};
        bool silent = false;  // without a StopCCN
    };
    std::map<std::pair<IpAddress, LocalTunnelId>, Down> down_;  // tunnels that are not gone
};

}  // namespace keel::sim
