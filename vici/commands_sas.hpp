// Commands about SAs: bring up, take down, rekey, redirect, list; and IKE_SA and CHILD_SA as charon tells of
// them, in list-sa and in the events of events.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vici/message.hpp"
#include "vici/session.hpp"

namespace vici {

// How long the daemon may hold its answer. A daemon that holds it holds one of its threads and this session's
// later answers too: `at_once`, and the events tell the rest.
struct Wait {
    std::int64_t milliseconds = -1;  // -1: answer at once; 0: as long as it takes
    static constexpr Wait at_once() { return {-1}; }
    static constexpr Wait for_at_most(std::chrono::milliseconds time) { return {time.count()}; }
};

struct InitiateTarget {
    std::string ike{};    // the connection's name; empty: the first that has the child
    std::string child{};  // empty (5.9+): only the IKE_SA
    Wait wait = Wait::at_once();
    bool limits = false;  // let init_limit_* of strongswan.conf say no
    std::optional<int>
        log_level{};  // of control-log, -1 to 4; needs register_event("control-log") and a wait
};
[[nodiscard]] Request make_initiate(const InitiateTarget& target);
[[nodiscard]] Request make_initiate(const std::string& ike, const std::string& child);

struct TerminateTarget {
    std::optional<std::string> ike{}, child{};  // by name
    std::optional<std::uint32_t> ike_id{}, child_id{};
    bool force = false;  // do not wait for the peer's answer to the delete
    Wait wait = Wait::at_once();
    std::optional<int> log_level{};
};
[[nodiscard]] Request make_terminate(const TerminateTarget& target);

struct RekeyTarget {
    std::optional<std::string> ike{}, child{};
    std::optional<std::uint32_t> ike_id{}, child_id{};
    bool reauth = false;  // of an IKEv2 IKE_SA: reauthenticate instead; IKEv1 always does
};
[[nodiscard]] Request make_rekey(const RekeyTarget& target);

// IKEv2 peers only (RFC 5685).
struct RedirectTarget {
    std::optional<std::string> ike{}, peer_ip{}, peer_id{};  // peer_ip: address, subnet or range
    std::optional<std::uint32_t> ike_id{};
    std::string gateway;  // address or FQDN
};
[[nodiscard]] Request make_redirect(const RedirectTarget& target);

// Of terminate, rekey and redirect: how many SAs the request meant, and with terminate how many went.
struct Matched {
    std::uint32_t matches = 0;
    std::uint32_t terminated = 0;
};
[[nodiscard]] Result<Matched> parse_matched(const Message& reply);

struct ListSas {
    std::optional<std::string> ike{};  // only IKE_SAs of this name
    std::optional<std::uint32_t> ike_id{};
    std::optional<std::uint32_t> child_id{};  // only the IKE_SA that has this child
    bool noblock = true;                      // skip an IKE_SA that a thread of the daemon works on
    std::optional<std::string> child{};
};
// Needs register_event("list-sa") once in the session; each IKE_SA is one streamed message.
[[nodiscard]] Request make_list_sas(const ListSas& filter = {});

struct Traffic {
    std::uint64_t bytes = 0, packets = 0;
    std::optional<std::chrono::seconds> idle;  // since the last packet; nothing: none yet
};
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
    // ---- told of an installed one
    std::string mode, protocol;  // "TRANSPORT", "ESP"
    std::string dh_group;        // of its own key exchange (PFS); empty: none
    bool esn = false;
    std::uint32_t cpi_in = 0, cpi_out = 0;
    std::uint32_t mark_mask_in = 0,
                  mark_mask_out = 0;  // 0 where the mark is 0; otherwise all ones if not told
    std::uint32_t if_id_in = 0, if_id_out = 0;
    std::string integ_keysize;
    Traffic in, out;
    std::optional<std::chrono::seconds> rekey_in, dies_in, installed;
    List local_ts, remote_ts;
};
struct IkeSa {
    std::string name;
    std::uint32_t uniqueid = 0;
    int version = 0;
    std::string state;  // "CONNECTING", "ESTABLISHED", ...
    std::string local_host, remote_host, local_id, remote_id;
    std::uint16_t local_port = 0, remote_port = 0;
    std::vector<ChildSa> children;
    // ----
    bool initiator = false;
    std::uint64_t initiator_spi = 0, responder_spi = 0;
    std::string remote_xauth_id, remote_eap_id;  // where they differ from remote_id
    bool nat_local = false, nat_remote = false, nat_fake = false, nat_any = false;
    std::string encr_alg, encr_keysize, integ_alg, integ_keysize, prf_alg, dh_group;
    bool ppk = false;
    std::uint32_t if_id_in = 0, if_id_out = 0;
    std::optional<std::chrono::seconds> established, rekey_in, reauth_in;
    List local_vips, remote_vips;
    List tasks_queued, tasks_active, tasks_passive;  // what it is working on: "IKE_DPD", "QUICK_MODE", ...
};
// Of list-sa, child-updown, ike-updown, ike-update: every IKE_SA in the message.
[[nodiscard]] std::vector<IkeSa> parse_ike_sas(const Message& message);

struct Rekeyed {
    IkeSa ike;  // without children
    ChildSa old_child, new_child;
};
// Of child-rekey.
[[nodiscard]] std::vector<Rekeyed> parse_child_rekey(const Message& message);

struct IkeRekeyed {
    IkeSa old_ike, new_ike;  // without children
};
// Of ike-rekey.
[[nodiscard]] std::vector<IkeRekeyed> parse_ike_rekey(const Message& message);

}  // namespace vici
