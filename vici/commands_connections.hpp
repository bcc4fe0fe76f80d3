// Commands about what is configured: connections, and the trap, pass and drop policies that they install.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "vici/message.hpp"
#include "vici/session.hpp"

namespace vici {

// The connection as swanctl.conf would hold it, without its name. Replaces the one of that name; a key or
// value that this version does not know refuses the whole.
[[nodiscard]] Request make_load_conn(const std::string& name, Message connection);
[[nodiscard]] Request make_unload_conn(const std::string& name);
// The names of those that were loaded over vici, by anybody.
[[nodiscard]] Request make_get_conns();
[[nodiscard]] List parse_get_conns(const Message& reply);

// Needs register_event("list-conn"); each connection is one streamed message. Empty: all, of every backend.
[[nodiscard]] Request make_list_conns(const std::string& ike = {});

struct ListedAuth {
    std::string key;   // "local-1", "remote-1", ...
    std::string auth;  // "pre-shared key", "public key", "XAuth", "EAP", ...
    std::string id, eap_id, xauth_id, aaa_id;
    List groups, certs, ca_certs;
};
struct ListedChild {
    std::string name;
    std::string mode;  // "TRANSPORT", "TUNNEL", "PASS", "DROP", ...
    List local_ts, remote_ts;
    std::optional<std::chrono::seconds> rekey_time;
};
struct ListedConn {
    std::string name;
    std::string version;  // "IKEv1", "IKEv2", "IKEv1/2"
    List local_addrs, remote_addrs;
    std::string unique;
    std::optional<std::chrono::seconds> rekey_time, reauth_time, dpd_delay, dpd_timeout;
    std::vector<ListedAuth> local{}, remote{};
    std::vector<ListedChild> children{};
};
// Of list-conn: every connection in the message.
[[nodiscard]] std::vector<ListedConn> parse_conns(const Message& streamed);

// Of a CHILD_SA's configuration: its trap, pass or drop policy.
[[nodiscard]] Request make_install(const std::string& child, const std::string& ike = {});
[[nodiscard]] Request make_uninstall(const std::string& child, const std::string& ike = {});

struct ListPolicies {
    bool trap = true, drop = true, pass = true;
    std::string child{}, ike{};
};
// Needs register_event("list-policy"); each policy is one streamed message.
[[nodiscard]] Request make_list_policies(const ListPolicies& filter = {});

struct ListedPolicy {
    std::string key;  // "<ike>/<child>"
    std::string child, ike, mode;
    List local_ts, remote_ts;
};
[[nodiscard]] std::vector<ListedPolicy> parse_policies(const Message& streamed);

}  // namespace vici
