// Facts: all that the doctor wants to know of a host, as plain values; linux/doctor.* gathers them, the
// checks turn them into findings. A fact that could not be had is an Error: `denied` when root would have
// seen it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "config/parse.hpp"
#include "doctor/ruleset.hpp"

namespace keel::doctor {

template <class T>
[[nodiscard]] inline Result<T> unknown() {
    return fail(ErrorCode::internal, "not looked at");
}

// A file with a secret, as the configuration names it. What is in it is never here.
struct SecretFile {
    std::string path;
    std::optional<Error> unreadable{};      // denied to this user, or a systemd credential
    unsigned mode = 0;                      // permission bits
    bool directory_open_to_others = false;  // others than its owner may put another file in its place
    bool carriage_return = false;           // ends in CR: written on Windows
    bool blank_at_end = false;
    std::size_t size = 0;  // octets, without the newline
};

// What is wrong with the files of a certificate or key.
struct CredentialFact {
    enum class Kind { unusable, not_now, odd };
    std::string connection;
    Kind kind = Kind::unusable;
    std::string field;  // "cert", "private-key", ...
    Error why;
};
struct CertificateFact {
    std::string connection, subject;
    std::int64_t not_after = 0;  // seconds since 1970; 0: none
};

struct ConfigFacts {
    std::string path;
    std::optional<Error> unreadable;
    unsigned mode = 0;
    std::vector<config::Fault> faults;
    std::optional<config::Config> config;  // when it is without faults
    std::vector<SecretFile> secrets;
    std::vector<CredentialFact> credentials;
    std::vector<CertificateFact> certificates;
    std::set<std::string> inline_secrets;  // JSON pointers
};

struct ModuleFact {
    enum class State { present, loadable, missing };  // present: loaded or built in
    std::string name;
    std::string use;         // "L2TP tunnels"
    bool by_name = false;    // keel2tpd asks for it by name, so that a `blacklist` line does not matter
    bool for_ipsec = false;  // of no use without
    State state = State::present;
    std::string blocked_by{};  // the file with the line that keeps it away
    bool refused = false;  // by `install NAME /bin/false` or the kernel's command line, so that no name helps
};

struct KernelFacts {
    std::string release;
    bool has_modules_directory = true;
    bool loading_disabled = false;  // kernel.modules_disabled
    std::vector<ModuleFact> modules;
    Status receive_mark;  // SO_RCVMARK, Linux 5.19
    bool root = true;
    bool net_admin = true;  // CAP_NET_ADMIN in the network namespace's user namespace
};

enum class Device { missing, something_else, there };

struct PppdFacts {
    std::string path;
    bool there = false;
    Result<std::string> version = unknown<std::string>();
    std::string plugin;
    bool plugin_there = false;
    std::optional<std::string> plugin_for;  // the version that it was built for; none: it is not ours
    bool has_etc_ppp = true;
    Device device = Device::there;
};

// A UDP socket on 500, 4500 or 1701.
struct PortHolder {
    SocketAddress local;
    bool connected = false;
    bool kernel = false;    // belongs to no process
    std::string program{};  // empty: not visible to us
    int pid = 0;
};

struct Process {
    std::string name;
    int pid = 0;
};

struct UnitFacts {
    std::string name;  // "keel2tp.service"
    bool there = false, enabled = false, active = false, failed = false;
};

struct ServiceFacts {
    std::vector<PortHolder> ports;
    std::vector<Process> l2tp_daemons, ike_daemons;  // others than keel2tpd; charon is among the latter
    bool systemd = false;
    std::vector<std::string> l2tp_units, ike_units;  // of others, enabled at boot
    UnitFacts own_unit;
    std::uint16_t first_local_port = 32768, last_local_port = 60999;
    std::string reserved_ports;  // net.ipv4.ip_local_reserved_ports
};

// A connection in charon that takes udp/1701 in transport mode and is not ours.
struct ForeignConnection {
    std::string name;
    std::vector<std::string> local, remote;
};

// What charon cannot do of what a connection needs.
struct Lack {
    std::string connection;  // "lns/office"; empty: all of them
    bool fatal = false;      // it cannot come up at all; otherwise some peers cannot
    std::string what, remedy;
};

struct CharonFacts {
    std::string daemon, version;
    std::vector<std::string> plugins;
    std::vector<Lack> lacks;
    Result<std::vector<ForeignConnection>> foreign = unknown<std::vector<ForeignConnection>>();
};

struct CharonHost {
    std::string socket;
    bool socket_there = false;
    Result<CharonFacts> charon = unknown<CharonFacts>();  // timeout: it hangs
    std::string
        apparmor;  // charon's profile and mode, "/usr/lib/ipsec/charon (enforce)"; empty: none, or not seen
    bool selinux_enforcing = false;
};

struct Interface {
    std::string name;
    bool up = false, loopback = false, point_to_point = false;
    std::uint32_t mtu = 1500;
    std::vector<Prefix> networks;  // of its addresses
    std::vector<IpAddress> addresses;
    int rp_filter = 0;  // as it takes effect: the greater of its own and of `all`
    bool disable_xfrm = false, disable_policy = false;  // as they take effect
};

// The way to a server, or of a server's answers.
struct Way {
    std::string name;  // the connection's: "lac/branch"
    Result<std::vector<IpAddress>> addresses = unknown<std::vector<IpAddress>>();
    std::optional<Error> unreachable{};  // the kernel knows no way
    std::string interface {};
};

struct NetworkFacts {
    std::vector<Interface> interfaces;
    std::vector<std::string> default_interfaces;  // of IPv4 default routes, the best first
    bool forwarding4 = false;
    std::vector<Way> ways;
    std::optional<std::uint64_t> conntrack_count, conntrack_max;
    Result<Ruleset> rules = unknown<Ruleset>();
    bool legacy_iptables = false;  // rules that the ruleset does not show
};

struct ClockFacts {
    std::int64_t now = 0;         // seconds since 1970
    std::int64_t not_before = 0;  // when this program was put here
    bool synchronised = true;
    bool entropy_ready = true;
};

// What the daemon says of a connection that is down.
struct Down {
    std::string connection, stage, message, remedy;
};

struct DaemonFacts {
    std::string socket;
    Result<std::string> version = unknown<std::string>();  // of the daemon that answers
    std::vector<Down> down;
    std::uint64_t refused_in_clear = 0;
};

struct Facts {
    std::string own_version;
    ConfigFacts config;
    KernelFacts kernel;
    PppdFacts pppd;
    ServiceFacts services;
    CharonHost charon;
    NetworkFacts network;
    ClockFacts clock;
    DaemonFacts daemon;
};

}  // namespace keel::doctor
