// SaTable: the CHILD_SAs of ours that charon has, by their mark. The mark stays through rekeying and is what
// the kernel puts on packets, so it is the one name that IKE, the sockets and the tunnels share.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ports.hpp"

namespace keel::lifecycle {

// How long a tunnel waits for its dead SA's successor. Reauthentication in IKEv2 makes new SAs, before or
// after it ends the old ones (RFC 7296 2.8.3), and the L2TP peers hear nothing of it.
inline constexpr Duration kSaGrace = seconds(3);

// Whether `next` is the same peer's, who can be taken to go on with what it had under `dead`: the same
// connection and identity, and the same address and port, which no other host has at the same time.
[[nodiscard]] inline bool succeeds(const ChildSa& next, const ChildSa& dead) {
    return next.connection == dead.connection && next.local == dead.local && next.remote == dead.remote &&
           next.remote_id == dead.remote_id;
}

class SaTable {
public:
    void put(const ChildSa& sa) { by_mark_[sa.mark] = sa; }
    void erase(std::uint32_t mark) { by_mark_.erase(mark); }
    void clear() { by_mark_.clear(); }

    [[nodiscard]] const ChildSa* find(std::uint32_t mark) const {
        const auto found = by_mark_.find(mark);
        return found == by_mark_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] const std::map<std::uint32_t, ChildSa>& all() const { return by_mark_; }

private:
    std::map<std::uint32_t, ChildSa> by_mark_;
};

}  // namespace keel::lifecycle
