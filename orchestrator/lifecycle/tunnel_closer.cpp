#include "lifecycle/tunnel_closer.hpp"

#include <algorithm>
#include <vector>

namespace keel::lifecycle {
namespace {

// pppd's own farewell takes up to 3 s when the peer is silent; StopCCN then has time for one retransmission.
// A pppd that is slower than that keeps nobody from being told.
constexpr Duration kGrace = seconds(5), kLastWord = seconds(3);

bool ppp_runs(const Tunnel& tunnel) {
    return std::ranges::any_of(tunnel.sessions,
                               [](const auto& entry) { return entry.second.ppp.has_value(); });
}

}  // namespace

void TunnelCloser::close(Time now, LocalTunnelId id, std::uint16_t result, std::string message) {
    Tunnel* tunnel = datapath_.tunnel(id);
    if (!tunnel || !closing_.try_emplace(id, now + kGrace, result, std::move(message)).second) return;
    std::vector<LocalSessionId> sessions;
    for (const auto& [session, unused] : tunnel->sessions) sessions.push_back(session);
    for (const LocalSessionId session : sessions) datapath_.close_session(session);
}

void TunnelCloser::abandon(Time now, LocalTunnelId id, const std::string& message) {
    closing_.erase(id);
    // The endpoint may have forgotten it before the datapath has.
    (void)endpoint_.abandon_tunnel(now, id, message);
    datapath_.tunnel_gone(id);
}

void TunnelCloser::advance(Time now) {
    std::vector<LocalTunnelId> mute;
    for (auto entry = closing_.begin(); entry != closing_.end();) {
        auto& [id, closing] = *entry;
        const Tunnel* tunnel = datapath_.tunnel(id);
        if (!tunnel) {
            entry = closing_.erase(entry);
            continue;
        }
        if (!closing.told && !ppp_runs(*tunnel) && !tell(now, id, closing)) mute.push_back(id);
        ++entry;
    }
    for (const LocalTunnelId id : mute) abandon(now, id, "down already");
}

bool TunnelCloser::tell(Time now, LocalTunnelId id, Closing& closing) {
    closing.told = true;
    return endpoint_.close_tunnel(now, id, closing.result, closing.message).has_value();
}

void TunnelCloser::on_timeout(Time now) {
    std::vector<LocalTunnelId> late;
    for (auto& [id, closing] : closing_) {
        if (closing.deadline > now) continue;
        if (!closing.told && tell(now, id, closing)) {
            closing.deadline = now + kLastWord;
        } else {
            late.push_back(id);
        }
    }
    for (const LocalTunnelId id : late) abandon(now, id, "the peer did not acknowledge the end in time");
}

std::optional<Time> TunnelCloser::next_timeout() const {
    std::optional<Time> next;
    for (const auto& [id, closing] : closing_)
        next = std::min(next.value_or(closing.deadline), closing.deadline);
    return next;
}

}  // namespace keel::lifecycle
