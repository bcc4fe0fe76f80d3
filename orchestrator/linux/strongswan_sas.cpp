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
        if (it->second.back().reqid == sa.reqid && it->first != sa.mark) {
            out.push_back(IpsecDown{std::move(it->second.back()), "its reqid was given to another CHILD_SA"});
            it = sas_.erase(it);
        } else {
            ++it;
        }
    }
    Children& children = sas_[sa.mark];
    const auto known = std::ranges::find(children, sa.child_id, &ChildSa::child_id);
    if (known != children.end()) {
        const bool news = known == children.end() - 1 && !same(*known, sa);
        *known = sa;
        if (news) out.push_back(IpsecChanged{sa});
        return;
    }
    if (children.empty()) {
        out.push_back(IpsecUp{sa});
    } else {
        out.push_back(IpsecChanged{sa});
    }
    children.push_back(sa);
}

void SaTable::remove(std::uint32_t mark, std::uint32_t child_id, const std::string& reason,
                     std::vector<Event>& out) {
    const auto held = sas_.find(mark);
    if (held == sas_.end()) return;
    Children& children = held->second;
    const auto gone = std::ranges::find(children, child_id, &ChildSa::child_id);
    if (gone == children.end()) return;
    const bool was_newest = gone == children.end() - 1;
    ChildSa last = std::move(*gone);
    children.erase(gone);
    if (children.empty()) {
        sas_.erase(held);
        out.push_back(IpsecDown{std::move(last), reason});
    } else if (was_newest) {
        out.push_back(IpsecChanged{children.back()});
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
    for (const vici::ChildSa& child : ike.children) remove(child.mark_in, child.uniqueid, reason, out);
    return out;
}

std::vector<Event> SaTable::on_rekey(const vici::Rekeyed& rekeyed) {
    std::vector<Event> out;
    if (const auto sa = make_child_sa(rekeyed.ike, rekeyed.new_child)) {
        put(*sa, out);
        // Its own end comes without an event.
        remove(sa->mark, rekeyed.old_child.uniqueid, {}, out);
    }
    return out;
}

std::vector<Event> SaTable::on_moved(std::uint32_t ike_id, const SocketAddress& remote) {
    std::vector<Event> out;
    for (auto& [mark, children] : sas_) {
        const bool news = children.back().ike_id == ike_id && children.back().remote != remote;
        for (ChildSa& sa : children) {
            if (sa.ike_id == ike_id) sa.remote = remote;
        }
        if (news) out.push_back(IpsecChanged{children.back()});
    }
    return out;
}

std::vector<Event> SaTable::on_ike_replaced(std::uint32_t old_id, std::uint32_t new_id) {
    std::vector<Event> out;
    for (auto& [mark, children] : sas_) {
        const bool news = children.back().ike_id == old_id;
        for (ChildSa& sa : children) {
            if (sa.ike_id == old_id) sa.ike_id = new_id;
        }
        if (news) out.push_back(IpsecChanged{children.back()});
    }
    return out;
}

std::vector<Event> SaTable::on_snapshot(const std::vector<vici::IkeSa>& sas) {
    std::vector<Event> out;
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;  // mark, CHILD_SA
    for (const vici::IkeSa& ike : sas) {
        for (const vici::ChildSa& child : ike.children) {
            if (our_name(ike.name) && is_live(child)) seen.emplace(child.mark_in, child.uniqueid);
        }
    }
    const auto gone = [&](bool all_of_mark) {
        std::vector<std::pair<std::uint32_t, std::uint32_t>> found;
        for (const auto& [mark, children] : sas_) {
            const auto here = [&, mark = mark](const ChildSa& sa) {
                return seen.contains({mark, sa.child_id});
            };
            const auto next = seen.lower_bound({mark, 0});
            const bool mark_lives = next != seen.end() && next->first == mark;
            if (all_of_mark == mark_lives) continue;
            for (const ChildSa& sa : children) {
                if (!here(sa)) found.emplace_back(mark, sa.child_id);
            }
        }
        return found;
    };
    constexpr const char* kWhy = "charon does not list it any more";
    for (const auto& [mark, child] : gone(true)) remove(mark, child, kWhy, out);
    for (const vici::IkeSa& ike : sas) std::ranges::move(on_up(ike), std::back_inserter(out));
    // Only now, so that a successor under the same mark is there before what it succeeds goes.
    for (const auto& [mark, child] : gone(false)) remove(mark, child, kWhy, out);
    return out;
}

std::vector<Event> SaTable::on_gone(const ChildSa& sa) {
    std::vector<Event> out;
    remove(sa.mark, sa.child_id, "charon does not list it any more", out);
    return out;
}

const ChildSa* SaTable::find(std::uint32_t mark) const {
    const auto it = sas_.find(mark);
    return it == sas_.end() ? nullptr : &it->second.back();
}

const ChildSa* SaTable::find_of(const std::string& connection) const {
    for (const auto& [mark, children] : sas_) {
        if (children.back().connection == connection) return &children.back();
    }
    return nullptr;
}

}  // namespace keel
