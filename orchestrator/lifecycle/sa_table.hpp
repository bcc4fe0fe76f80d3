// SaTable: the CHILD_SAs of ours that charon has, by their mark. The mark stays through rekeying and is what
// the kernel puts on packets, so it is the one name that IKE, the sockets and the tunnels share.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ports.hpp"

namespace keel::lifecycle {

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
