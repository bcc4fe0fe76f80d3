#include "linux/strongswan_sas.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "linux/strongswan_recipe.hpp"

namespace keel {
namespace {

bool same(const ChildSa& a, const ChildSa& b) {
    return a.child_id == b.child_id && a.ike_id == b.ike_id && a.spi_in == b.spi_in &&
           a.spi_out == b.spi_out && a.remote == b.remote;
}

// REKEYED and DELETING children are on their way out; their successor or nothing stands for the mark.
bool is_live(const vici::ChildSa& child) {
    return child.state.empty() || child.state == "INSTALLED" || child.state == "REKEYING";
}

}  // namespace

void SaTable::put(const ChildSa& sa, std::vector<Event>& out) {
    // charon gives a dead CHILD_SA's reqid to the next one: whoever still holds it here is dead.
    for (auto it = sas_.begin(); it != sas_.end();) {
        if (it->second.reqid == sa.reqid && it->first != sa.mark) {
            out.push_back(IpsecDown{std::move(it->second), "its reqid was given to another CHILD_SA"});
            it = sas_.erase(it);
        } else {
            ++it;
        }
    }
    const auto [it, is_new] = sas_.try_emplace(sa.mark, sa);
    if (is_new) {
        out.push_back(IpsecUp{sa});
    } else if (!same(it->second, sa)) {
        it->second = sa;
        out.push_back(IpsecChanged{sa});
    }
}

std::vector<Event> SaTable::on_up(const vici::IkeSa& ike) {
    std::vector<Event> out;
    for (const vici::ChildSa& child : ike.children) {
        if (const auto sa = make_child_sa(ike, child); sa && is_live(child)) put(*sa, out);
    }
    return out;
}

std::vector<Event> SaTable::on_down(const vici::IkeSa& ike, const std::string& reason) {
    std::vector<Event> out;
    for (const vici::ChildSa& child : ike.children) {
        const auto it = sas_.find(child.mark_in);
        // The end of a child that was replaced under its mark is no end.
        if (it == sas_.end() || it->second.child_id != child.uniqueid) continue;
        out.push_back(IpsecDown{std::move(it->second), reason});
        sas_.erase(it);
    }
    return out;
}

std::vector<Event> SaTable::on_rekey(const vici::Rekeyed& rekeyed) {
    std::vector<Event> out;
    if (const auto sa = make_child_sa(rekeyed.ike, rekeyed.new_child)) put(*sa, out);
    return out;
}

std::vector<Event> SaTable::on_moved(std::uint32_t ike_id, const SocketAddress& remote) {
    std::vector<Event> out;
    for (auto& [mark, sa] : sas_) {
        if (sa.ike_id != ike_id || sa.remote == remote) continue;
        sa.remote = remote;
        out.push_back(IpsecChanged{sa});
    }
    return out;
}

std::vector<Event> SaTable::on_ike_replaced(std::uint32_t old_id, std::uint32_t new_id) {
    std::vector<Event> out;
    for (auto& [mark, sa] : sas_) {
        if (sa.ike_id != old_id) continue;
        sa.ike_id = new_id;
        out.push_back(IpsecChanged{sa});
    }
    return out;
}

std::vector<Event> SaTable::on_snapshot(const std::vector<vici::IkeSa>& sas) {
    std::vector<Event> out;
    std::set<std::uint32_t> seen;
    for (const vici::IkeSa& ike : sas) {
        for (const vici::ChildSa& child : ike.children) {
            if (our_name(ike.name) && is_live(child)) seen.insert(child.mark_in);
        }
    }
    for (auto it = sas_.begin(); it != sas_.end();) {
        if (seen.contains(it->first)) {
            ++it;
        } else {
            out.push_back(IpsecDown{std::move(it->second), "charon does not list it any more"});
            it = sas_.erase(it);
        }
    }
    for (const vici::IkeSa& ike : sas) {
        std::ranges::move(on_up(ike), std::back_inserter(out));
    }
    return out;
}

const ChildSa* SaTable::find(std::uint32_t mark) const {
    const auto it = sas_.find(mark);
    return it == sas_.end() ? nullptr : &it->second;
}

const ChildSa* SaTable::find_of(const std::string& connection) const {
    for (const auto& [mark, sa] : sas_) {
        if (sa.connection == connection) return &sa;
    }
    return nullptr;
}

}  // namespace keel
