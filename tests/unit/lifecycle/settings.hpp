// A server's and its client's configuration, as the tests of both ends have it.
#pragma once

#include <utility>
#include <vector>

#include "config/config.hpp"

namespace keel::test {

inline const IpAddress kLac = *IpAddress::parse("192.0.2.1");
inline const IpAddress kLns = *IpAddress::parse("192.0.2.2");

inline config::Ipsec ipsec() {
    return {.auth = PskAuth{Secret("example")},
            .ike = IkeVersion::v1,
            .local_id = {},
            .remote_id = {},
            .force_encap = false,
            .ike_proposals = {"aes256-sha256-modp2048"},
            .esp_proposals = {"aes128gcm16"}};
}

inline config::Tunnel plain_tunnel() {
    return {.secret = {},
            .hide = false,
            .dscp = {},
            .sequencing = false,
            .retransmit_initial = seconds(1),
            .retransmit_limit = 5,
            .quirks = {}};
}

inline config::Config lns_config() {
    config::Config config{};
    config.lns.push_back({.name = "lns/office",
                          .listen = {kLns},
                          .ipsec = ipsec(),
                          .hello_interval = seconds(60),
                          .tunnel = plain_tunnel(),
                          .auth = {AuthMethod::pap},
                          .local_address = *IpAddress::parse("10.9.0.1"),
                          .pool = {*Prefix::parse("10.9.0.0/29")},
                          .dns = {},
                          .mtu = 0,
                          .echo_interval = seconds(30),
                          .users = {{"alice", {Secret("wonder"), std::nullopt}}},
                          .calls = {}});
    return config;
}

inline config::Config lac_config(std::vector<Prefix> routes = {}) {
    config::Config config{};
    config.lac.push_back({.name = "lac/branch",
                          .server = "vpn.example.net",
                          .ipsec = ipsec(),
                          .hello_interval = seconds(5),
                          .tunnel = plain_tunnel(),
                          .user = "alice",
                          .password = Secret("wonder"),
                          .mtu = 0,
                          .echo_interval = seconds(30),
                          .routes = std::move(routes),
                          .waits_for_call = false,
                          .numbers = {}});
    return config;
}

}  // namespace keel::test
