// The configuration as plain values: what should exist. Made by parse.hpp from JSON that passed the schema;
// every default comes from schemas/config.schema.json, so a member has none here. Two that are equal do the
// same; secrets are compared by what they are, not by where they are kept.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "ports.hpp"

namespace keel::config {

struct Ipsec {
    IpsecAuth auth;
    IkeVersion ike;
    std::string local_id, remote_id;
    bool force_encap;
    std::vector<std::string> ike_proposals, esp_proposals;

    bool operator==(const Ipsec&) const = default;
};

struct User {
    Secret password;
    std::optional<IpAddress> address;

    bool operator==(const User&) const = default;
};

// The tunnels of a server, or the one of a client.
struct Tunnel {
    Secret secret;  // empty: none
    bool hide;
    std::optional<std::uint8_t> dscp;  // 0..63
    bool sequencing;                   // of a client
    Duration retransmit_initial;
    unsigned retransmit_limit;
    std::vector<std::string> quirks;  // names of l2tp::Quirk

    bool operator==(const Tunnel&) const = default;
};

// An outgoing call that a server has a client place (RFC 2661 6.9).
struct Call {
    enum class Bearer { any, digital, analog };
    std::string name;  // "branch7"
    std::string lac;   // the client's Host Name
    std::string called_number, sub_address;
    std::uint32_t minimum_bps, maximum_bps;  // bit/s
    Bearer bearer;

    bool operator==(const Call&) const = default;
};

struct Lns {
    std::string name;  // "lns/office"
    std::vector<IpAddress> listen;
    std::optional<Ipsec> ipsec;  // none: plain L2TP, asked for by "unprotected"
    Duration hello_interval;     // zero: never
    Tunnel tunnel;
    std::vector<AuthMethod> auth;
    IpAddress local_address;
    std::vector<Prefix> pool;
    std::vector<IpAddress> dns;
    std::uint16_t mtu;  // octets; 0: computed
    Duration echo_interval;
    std::map<std::string, User, std::less<>> users;
    std::vector<Call> calls;

    bool operator==(const Lns&) const = default;
};

struct Lac {
    std::string name;    // "lac/branch"
    std::string server;  // host name or address
    std::optional<Ipsec> ipsec;
    Duration hello_interval;
    Tunnel tunnel;
    std::string user;
    Secret password;
    std::uint16_t mtu;
    Duration echo_interval;
    std::vector<Prefix> routes;
    bool waits_for_call;               // for the server's OCRQ, instead of sending an ICRQ
    std::vector<std::string> numbers;  // called numbers that are ours; empty: any

    bool operator==(const Lac&) const = default;
};

// Who may use the control interface beside root.
struct Control {
    std::string socket;
    std::string read_group;   // may look; empty: none
    std::string admin_group;  // may do all; empty: none

    bool operator==(const Control&) const = default;
};

struct LogSettings {
    enum class Format { text, json };
    Format format;
    LogLevel level;
    std::map<std::string, LogLevel, std::less<>> levels;  // by area, instead of `level`

    bool operator==(const LogSettings&) const = default;
};

struct Metrics {
    std::optional<SocketAddress> listen;  // none: no HTTP listener
    std::string textfile;                 // empty: none

    bool operator==(const Metrics&) const = default;
};

struct Config {
    std::string host_name;  // empty: the system's
    std::string vici_socket;
    Control control;
    LogSettings log;
    Metrics metrics;
    std::string pppd;
    std::string plugin;  // empty: the installed one
    std::vector<Lns> lns;
    std::vector<Lac> lac;

    bool operator==(const Config&) const = default;
};

}  // namespace keel::config
