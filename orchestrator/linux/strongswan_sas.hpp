// SaTable: the CHILD_SAs of ours that are up, by mark; turns what charon tells into the port's events; pure.
// The mark is the key since it alone is neither reused within a run of charon nor changed by a rekey. It may
// have several CHILD_SAs at a time: when both ends renew at once, IKEv1 keeps both, and either may go first.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ports.hpp"
#include "vici/commands.hpp"

namespace keel {

class SaTable {
public:
    // child-updown.
    [[nodiscard]] std::vector<Event> on_up(const vici::IkeSa& ike);
    [[nodiscard]] std::vector<Event> on_down(const vici::IkeSa& ike, const std::string& reason);
    // child-rekey.
    [[nodiscard]] std::vector<Event> on_rekey(const vici::Rekeyed& rekeyed);
    // ike-update: the peer's NAT mapping moved.
    [[nodiscard]] std::vector<Event> on_moved(std::uint32_t ike_id, const SocketAddress& remote);
    // ike-rekey: the children live on under another IKE_SA.
    [[nodiscard]] std::vector<Event> on_ike_replaced(std::uint32_t old_id, std::uint32_t new_id);
    // charon does not know it any more.
    [[nodiscard]] std::vector<Event> on_gone(const ChildSa& sa);
    // Everything that charon holds, after events may have been missed: the difference.
    [[nodiscard]] std::vector<Event> on_snapshot(const std::vector<vici::IkeSa>& sas);

    [[nodiscard]] const ChildSa* find(std::uint32_t mark) const;
    [[nodiscard]] const ChildSa* find_of(const std::string& connection) const;
    void clear() { sas_.clear(); }

private:
    using Children = std::vector<ChildSa>;  // never empty; the newest, last, stands for the mark

    void put(const ChildSa& sa, std::vector<Event>& out);
    void remove(std::uint32_t mark, std::uint32_t child_id, const std::string& reason,
                std::vector<Event>& out);

    std::map<std::uint32_t, Children> sas_;
};

}  // namespace keel
