// Pairs: LACs and LNSs back to back in one process, in virtual time, on a network that loses nothing and
// takes no time; nobody stands for the kernel. An endpoint has 65,535 ids at most, so many tunnels need
// several pairs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "l2tp/endpoint.hpp"

namespace keel::bench {

// Cheap, so that what is measured is the engine: splitmix64.
class FastRandom final : public Random {
public:
    explicit FastRandom(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<std::uint8_t> out) override {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (i % 8 == 0) bits = next();
            out[i] = static_cast<std::uint8_t>(bits >> (8 * (i % 8)));
        }
    }

private:
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    std::uint64_t state_;
};

struct Counts {
    std::uint64_t datagrams = 0, tunnels_up = 0, sessions_up = 0, ended = 0;  // of both ends
};

class Pair {
public:
    explicit Pair(std::uint64_t seed)
        : lac_random_(seed), lns_random_(~seed), lac_(config(), lac_random_), lns_(config(), lns_random_) {}
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    LocalTunnelId open_tunnel(Time now, std::uint32_t host) {
        const l2tp::Path path{IpAddress::v4(0x0a000000 + host), {IpAddress::v4(0xc0000201), 1701}, 0};
        const auto tunnel = lac_.open_tunnel(now, path);
        if (!tunnel) throw std::runtime_error(tunnel.error().text());
        pump(now);
        return *tunnel;
    }
    void open_session(Time now, LocalTunnelId tunnel) {
        const auto session = lac_.open_session(now, tunnel);
        if (!session) throw std::runtime_error(session.error().text());
        pump(now);
    }
    [[nodiscard]] std::optional<Time> next_timeout() const {
        const auto lac = lac_.next_timeout(), lns = lns_.next_timeout();
        return !lac ? lns : !lns ? lac : std::min(*lac, *lns);
    }
    void on_timeout(Time now) {
        lac_.on_timeout(now);
        lns_.on_timeout(now);
        pump(now);
    }
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    static l2tp::EndpointConfig config() {
        l2tp::EndpointConfig config;
        config.max_half_open = config.max_tunnels;
        return config;
    }
    // Until neither end has anything more to say.
    void pump(Time now) {
        while (take(now, lac_, lns_) || take(now, lns_, lac_)) {
        }
    }
    bool take(Time now, l2tp::Endpoint& from, l2tp::Endpoint& to) {
        bool any = false;
        while (const auto output = from.poll_output()) {
            any = true;
            if (const auto* send = std::get_if<l2tp::Send>(&*output)) {
                ++counts_.datagrams;
                to.receive(now, {send->path.remote.ip, {send->path.local, 1701}, 0}, send->datagram);
                continue;
            }
            answer(now, from, *output);
        }
        return any;
    }
    void answer(Time now, l2tp::Endpoint& endpoint, const l2tp::Output& output) {
        const auto* tunnel = std::get_if<l2tp::TunnelOffered>(&output);
        const auto* session = std::get_if<l2tp::SessionOffered>(&output);
        if (tunnel != nullptr && !endpoint.accept_tunnel(now, tunnel->tunnel)) ++counts_.ended;
        if (session != nullptr && !endpoint.accept_session(now, session->tunnel, session->session))
            ++counts_.ended;
        if (std::holds_alternative<l2tp::TunnelUp>(output)) ++counts_.tunnels_up;
        if (std::holds_alternative<l2tp::SessionUp>(output)) ++counts_.sessions_up;
        if (std::holds_alternative<l2tp::TunnelDown>(output)) ++counts_.ended;
    }

    FastRandom lac_random_, lns_random_;
    l2tp::Endpoint lac_, lns_;
    Counts counts_;
};

}  // namespace keel::bench
