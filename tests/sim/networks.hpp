// The networks and the patience that several properties share.
#pragma once

#include "l2tp/endpoint.hpp"
#include "sim/world.hpp"

namespace keel::sim {

// 30 % of the datagrams are lost each way, 20 % come twice, and any may overtake those of 300 ms before.
inline constexpr Network kBad{0.3, 0.2, milliseconds(5), milliseconds(300)};

// A message is lost 17 times in a row about once in a hundred thousand messages at 30 % both ways, and never
// in a test: what fails, fails for another reason than patience.
inline l2tp::EndpointConfig patient() {
    l2tp::EndpointConfig config;
    config.retransmit_limit = 24;
    config.hello_interval = seconds(20);
    return config;
}

// Each seed another window, down to 1.
inline l2tp::EndpointConfig patient(std::uint64_t seed) {
    l2tp::EndpointConfig config = patient();
    config.receive_window = static_cast<std::uint16_t>(1 + seed % 11);
    return config;
}

inline LocalTunnelId must_open(World& world, Host& from, const Host& to,
                               const l2tp::TunnelOptions& options = {}, std::uint32_t binding = 0) {
    const auto tunnel = from.endpoint.open_tunnel(world.now(), from.to(to, binding), options);
    hold(tunnel.has_value(), "a tunnel can be opened");
    return *tunnel;
}

inline void must(const Status& status, const char* what) {
    hold(status.has_value(), what);
}

}  // namespace keel::sim
