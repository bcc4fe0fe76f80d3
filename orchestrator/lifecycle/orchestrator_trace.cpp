// The Orchestrator's `keel2tp trace`: which connection a control message belongs to.
#include "lifecycle/orchestrator.hpp"

namespace keel::lifecycle {
namespace {

constexpr std::uint16_t kL2tpPort = 1701;

}  // namespace

void Orchestrator::trace(Time now, TracedMessage::Direction direction, LocalTunnelId tunnel,
                         const l2tp::Path& path, ByteView datagram) {
    Role* role = owner_of(tunnel);
    if (!role) role = roster_.lns_on(path.local);
    if (!role) return;
    const auto control = tunnel ? endpoint_.tunnel_status(tunnel) : std::nullopt;
    const bool established = control && control->state == l2tp::TunnelState::established;
    role->trace().record(tunnel, established,
                         {.at = now,
                          .direction = direction,
                          .local = {path.local, kL2tpPort},
                          .remote = path.remote,
                          .octets = {datagram.begin(), datagram.end()}});
}

std::vector<std::string> Orchestrator::connections() const {
    return roster_.names();
}

std::optional<std::vector<TracedMessage>> Orchestrator::trace(std::string_view connection) const {
    const auto find = [&](const auto& roles) -> std::optional<std::vector<TracedMessage>> {
        for (const Role* role : roles) {
            if (role->name() == connection) return role->trace().messages();
        }
        return std::nullopt;
    };
    if (auto found = find(roster_.lnss())) return found;
    return find(roster_.lacs());
}

}  // namespace keel::lifecycle
