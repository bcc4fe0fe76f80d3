// Commands about the daemon itself: who it is, what it can do, what it counts; and outcome(), which every
// command's answer goes through.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "vici/message.hpp"
#include "vici/session.hpp"

namespace vici {

// success=no becomes `refused` with the daemon's errmsg.
[[nodiscard]] Status outcome(const Message& reply);

struct Version {
    std::string daemon;   // "charon", "charon-systemd"
    std::string version;  // "5.9.8"
    std::string system{}, release{}, machine{};
};
[[nodiscard]] Request make_version();
[[nodiscard]] Result<Version> parse_version(const Message& reply);

struct Stats {
    std::string since;  // when this run of the daemon began: "Nov 20 16:14:34 2026"
    List plugins;
    std::uint32_t workers = 0, idle_workers = 0;
    std::uint32_t queued_jobs = 0;  // of all priorities: growing means that the daemon falls behind
    std::uint32_t scheduled_jobs = 0;
    std::uint32_t ike_sas = 0, half_open = 0;
};
[[nodiscard]] Request make_stats();
[[nodiscard]] Result<Stats> parse_stats(const Message& reply);

// strongswan.conf again, and every plugin that can reload.
[[nodiscard]] Request make_reload_settings();

struct Algorithms {
    // Kind ("encryption", "integrity", "aead", "hasher", "prf", "dh" (6.0: "ke"), ...) -> algorithm
    // ("AES_CBC", "HMAC_SHA2_256_128", "MODP_2048", ...) -> the plugin that does it.
    std::map<std::string, std::map<std::string, std::string>, std::less<>> by_kind;

    [[nodiscard]] bool has(std::string_view kind, const std::string& algorithm) const;
    // Diffie-Hellman and other key exchanges, by either version's name of the kind.
    [[nodiscard]] bool has_key_exchange(const std::string& group) const;
};
[[nodiscard]] Request make_get_algorithms();
// malformed where there is not one kind in it.
[[nodiscard]] Result<Algorithms> parse_get_algorithms(const Message& reply);

struct CountersOf {
    std::string connection{};  // empty: the global ones, unless `all`
    bool all = false;          // every connection's
};
// Needs the daemon's plugin "counters".
[[nodiscard]] Request make_get_counters(const CountersOf& of = {});
[[nodiscard]] Request make_reset_counters(const CountersOf& of = {});
// Connection ("" for the global ones) -> counter ("ike-rekey-init", "info-in-req", ...) -> value.
using Counters = std::map<std::string, std::map<std::string, std::uint64_t, std::less<>>, std::less<>>;
[[nodiscard]] Result<Counters> parse_get_counters(const Message& reply);

}  // namespace vici
