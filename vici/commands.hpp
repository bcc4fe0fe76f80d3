// Commands: typed requests and answers over Message. Each make_* names the command's keys once; each parse_*
// turns an answer into a value. What is not here yet (certificates, pools, authorities, ...) joins in the
// same shape, and until then can be sent as a plain Request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vici/message.hpp"
#include "vici/session.hpp"

namespace vici {

// success=no becomes `refused` with the daemon's errmsg.
[[nodiscard]] Status outcome(const Message& reply);

struct Version {
    std::string daemon;   // "charon", "charon-systemd"
    std::string version;  // "5.9.8"
};
[[nodiscard]] Request make_version();
[[nodiscard]] Result<Version> parse_version(const Message& reply);

struct Stats {
    std::string since;  // when this run of the daemon began: "Nov 20 16:14:34 2026"
    List plugins;
};
[[nodiscard]] Request make_stats();
[[nodiscard]] Result<Stats> parse_stats(const Message& reply);

// The connection as swanctl.conf would hold it, without its name.
[[nodiscard]] Request make_load_conn(const std::string& name, Message connection);
[[nodiscard]] Request make_unload_conn(const std::string& name);
[[nodiscard]] Request make_get_conns();
[[nodiscard]] List parse_get_conns(const Message& reply);

struct SharedSecret {
    std::string id;    // by which it is replaced and unloaded
    std::string type;  // "IKE", "EAP", ...
    ByteView data;     // may hold any octet
    List owners;       // identities of either side; empty: anybody's
};
[[nodiscard]] Request make_load_shared(const SharedSecret& secret);
[[nodiscard]] Request make_unload_shared(const std::string& id);
[[nodiscard]] Request make_get_shared();
[[nodiscard]] List parse_get_shared(const Message& reply);

// Both return at once (timeout -1), so that no thread of the daemon is held; events tell the rest.
[[nodiscard]] Request make_initiate(const std::string& ike, const std::string& child);

struct TerminateTarget {
    std::optional<std::string> ike{}, child{};  // by name
    std::optional<std::uint32_t> ike_id{}, child_id{};
    bool force = false;  // do not wait for the peer's answer to the delete
};
[[nodiscard]] Request make_terminate(const TerminateTarget& target);

struct ListSas {
    std::optional<std::string> ike{};  // only IKE_SAs of this name
    std::optional<std::uint32_t> ike_id{};
    std::optional<std::uint32_t> child_id{};  // only the IKE_SA that has this child
    bool noblock = true;                      // skip an IKE_SA that a thread of the daemon works on
};
// Needs register_event("list-sa") once in the session; each IKE_SA is one streamed message.
[[nodiscard]] Request make_list_sas(const ListSas& filter);

struct ChildSa {
    std::string key;  // the section's name: "<name>-<uniqueid>", in a rekey "<name>"
    std::string name;
    std::uint32_t uniqueid = 0;
    std::uint32_t reqid = 0;
    std::string state;  // "INSTALLED", "REKEYING", "REKEYED", "DELETING", ...
    bool encap = false;
    std::uint32_t spi_in = 0, spi_out = 0;
    std::uint32_t mark_in = 0, mark_out = 0;
    std::string encr_alg, encr_keysize, integ_alg;
};
struct IkeSa {
    std::string name;
    std::uint32_t uniqueid = 0;
    int version = 0;
    std::string state;  // "CONNECTING", "ESTABLISHED", ...
    std::string local_host, remote_host, local_id, remote_id;
    std::uint16_t local_port = 0, remote_port = 0;
    std::vector<ChildSa> children;
};
// Of list-sa, child-updown, ike-updown, ike-update: every IKE_SA in the message.
[[nodiscard]] std::vector<IkeSa> parse_ike_sas(const Message& message);

struct Rekeyed {
    IkeSa ike;  // without children
    ChildSa old_child, new_child;
};
// Of child-rekey.
[[nodiscard]] std::vector<Rekeyed> parse_child_rekey(const Message& message);

struct LogLine {
    std::string group;  // "IKE", "CFG", "NET", ...
    int level = 0;
    std::uint32_t thread = 0;
    std::string ike_name;  // empty outside an IKE_SA
    std::uint32_t ike_id = 0;
    std::string text;
};
[[nodiscard]] LogLine parse_log(const Message& message);

}  // namespace vici
