#include "lifecycle/ipsec_history.hpp"

#include <algorithm>

namespace keel::lifecycle {

void IpsecHistory::observe(Time now, const Event& event) {
    if (const auto* came = std::get_if<IpsecUp>(&event)) {
        on_up(now, came->sa);
    } else if (const auto* changed = std::get_if<IpsecChanged>(&event)) {
        const auto known = up_.find(changed->sa.mark);
        if (known == up_.end() || known->second.remote == changed->sa.remote) return;
        known->second.remote = changed->sa.remote;
        known->second.moves = {known->second.moves.count + 1, now};
        if (!known->second.ikev1) return;
        if (const auto peer = peers_.find(*known->second.ikev1); peer != peers_.end())
            peer->second.address = changed->sa.remote.ip;
    } else if (const auto* down = std::get_if<IpsecDown>(&event)) {
        on_down(down->sa.mark);
    } else if (std::holds_alternative<IpsecLost>(event)) {
        while (!up_.empty()) on_down(up_.begin()->first);
    }
}

void IpsecHistory::on_up(Time now, const ChildSa& sa) {
    on_down(sa.mark);  // an SA that is told again is one SA
    Up& up = up_[sa.mark];
    up.remote = sa.remote;
    if (sa.ike_version != 1) {
        ++ikev2_times_;
        return;
    }
    const std::pair key{sa.connection, sa.remote_id};
    if (!peers_.contains(key)) make_room();
    up.ikev1 = key;
    Ikev1Peer& peer = peers_[key];
    if (peer.times++ == 0) {
        peer.connection = sa.connection;
        peer.identity = sa.remote_id;
        peer.first = now;
    }
    peer.address = sa.remote.ip;
    peer.last = now;
    ++peer.up;
}

void IpsecHistory::on_down(std::uint32_t mark) {
    const auto known = up_.find(mark);
    if (known == up_.end()) return;
    if (known->second.ikev1) {
        const auto peer = peers_.find(*known->second.ikev1);
        if (peer != peers_.end() && peer->second.up > 0) --peer->second.up;
    }
    up_.erase(known);
}

// Forgets the one that came longest ago; one that is connected last.
void IpsecHistory::make_room() {
    if (peers_.size() < kMaxPeers) return;
    const auto oldest = std::ranges::min_element(
        peers_, {}, [](const auto& entry) { return std::pair(entry.second.up > 0, entry.second.last); });
    peers_.erase(oldest);
    ++forgotten_;
}

std::vector<Ikev1Peer> IpsecHistory::ikev1_peers() const {
    std::vector<Ikev1Peer> out;
    out.reserve(peers_.size());
    for (const auto& [key, peer] : peers_) out.push_back(peer);
    std::ranges::sort(out, std::greater{}, &Ikev1Peer::last);
    return out;
}

std::optional<MappingMoves> IpsecHistory::moves(std::uint32_t mark) const {
    const auto known = up_.find(mark);
    if (known == up_.end() || known->second.moves.count == 0) return std::nullopt;
    return known->second.moves;
}

}  // namespace keel::lifecycle
