// What an Lns does when its configuration changes under those who are connected, and when one is to go.
#include <algorithm>
#include <utility>

#include "lifecycle/lns.hpp"
#include "lifecycle/plan.hpp"

namespace keel::lifecycle {
namespace {

// RFC 2661 4.4.2.
constexpr std::uint16_t kStopGeneral = 1;     // of StopCCN
constexpr std::uint16_t kAdministrative = 3;  // of CDN

}  // namespace

Status Lns::apply(Time now, std::shared_ptr<const config::Lns> next, bool& watched) {
    const auto before = std::exchange(config_, std::move(next));
    pool_.change(config_->pool, reserved_addresses());
    const bool moved = before->listen != config_->listen;
    if (moved) leave_addresses(now);
    end_objectionable(now, *before);
    for (const LocalSessionId session : calls_.change(*config_))
        drop(now, session, "the call is not wanted any more");
    for (const LocalTunnelId id : context_.datapath.tunnels_of(*this)) {
        if (const auto control = context_.endpoint.tunnel_status(id);
            control && control->state == l2tp::TunnelState::established)
            calls_.on_tunnel(now, id, control->peer_host_name);
    }
    const bool renewed = config_->ipsec && (moved || before->ipsec != config_->ipsec);
    if (renewed) load_ipsec();
    if (moved) open_listeners(now);
    watched |= moved || renewed;
    return {};
}

std::optional<Status> Lns::standing() const {
    if (listen_why_) return std::unexpected(listen_why_->error);
    if (ipsec_why_) return std::unexpected(ipsec_why_->error);
    // Without charon nothing can be tried; it gets the connection when it comes.
    if (config_->ipsec && loading_ && context_.charon.ready) return std::nullopt;
    return Status{};
}

void Lns::leave_addresses(Time now) {
    const auto stays = [&](const IpAddress& address) {
        return std::ranges::count(config_->listen, address) > 0;
    };
    std::erase_if(listeners_, [&](const Listener& held) {
        if (stays(held.local)) return false;
        context_.ports.datagrams.close(held.socket);
        return true;
    });
    stop_listening_under([&](const SaBinding& held) {
        const ChildSa* sa = context_.sas.find(held.mark);
        return sa && !stays(sa->local);
    });
    for (const LocalTunnelId id : context_.datapath.tunnels_of(*this)) {
        const Tunnel* tunnel = context_.datapath.tunnel(id);
        if (stays(tunnel->path.local)) continue;
        context_.closer.close(now, id, kStopGeneral, "the server does not listen here any more");
    }
}

void Lns::end_objectionable(Time now, const config::Lns& before) {
    const Objections objections(before, *config_);
    std::vector<std::pair<LocalSessionId, std::string>> ends;
    for (const LocalTunnelId id : context_.datapath.tunnels_of(*this)) {
        const Tunnel* tunnel = context_.datapath.tunnel(id);
        for (const auto& [session_id, session] : tunnel->sessions) {
            if (const auto why = objections.to_session(*tunnel, session)) {
                ends.emplace_back(session_id, why->why);
            }
        }
    }
    for (const auto& [session, why] : ends) drop(now, session, why);
}

void Lns::drop(Time now, LocalSessionId id, const std::string& why) {
    Session* session = context_.datapath.session(id);
    if (!session || session->closing || !session->ending.empty()) return;
    session->ending = why;
    // PPP's farewell goes first; when pppd has ended, so does the session.
    if (session->ppp) return context_.ports.ppp.stop(*session->ppp);
    (void)context_.endpoint.close_session(now, session->ids.tunnel, id, kAdministrative, why);
    context_.datapath.close_session(id);
}

std::vector<UserStatus> Lns::users() const {
    std::map<std::string_view, std::pair<LocalSessionId, const Session*>> online;
    for (const LocalTunnelId id : context_.datapath.tunnels_of(*this)) {
        const Tunnel* tunnel = context_.datapath.tunnel(id);
        for (const auto& [session_id, session] : tunnel->sessions) {
            if (!session.user.empty()) online[session.user] = {session_id, &session};
        }
    }
    std::vector<UserStatus> out;
    for (const auto& [user, settings] : config_->users) {
        UserStatus status{.name = user, .connection = name(), .fixed = settings.address};
        if (const auto found = online.find(user); found != online.end()) {
            const auto& [session_id, session] = found->second;
            status.session = session_id;
            status.tunnel = session->ids.tunnel;
            status.address = session->lease;
            status.since = session->since;
        }
        const auto refusal = std::ranges::find(refusals_.rbegin(), refusals_.rend(), user, &Refusal::user);
        if (refusal != refusals_.rend()) status.refusal = *refusal;
        out.push_back(std::move(status));
    }
    return out;
}

}  // namespace keel::lifecycle
