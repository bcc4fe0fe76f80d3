#include "sim/player.hpp"

#include <iterator>
#include <utility>

#include "sim/networks.hpp"

namespace keel::sim {

using namespace l2tp;

Player::Player(World& world, Host& host, const Host& peer) : world_(world), host_(host), peer_(peer) {
    host.accept = false;
    host.on_output = [this](Time, const Output& output) { on(output); };
}

const Player::Tunnel* Player::find(LocalTunnelId id) const {
    const auto found = tunnels_.find(id);
    return found == tunnels_.end() ? nullptr : &found->second;
}

// ---- commands

void Player::expect(bool allowed, const Status& status) {
    hold(status.has_value() == allowed,
         "a command is carried out if the state allows it, and refused if not");
}

void Player::command() {
    if (tunnels_.empty() || world_.number(16) == 0) {
        if (tunnels_.size() < 4) open_tunnel();
    } else {
        const auto tunnel =
            std::next(tunnels_.begin(), world_.number(static_cast<std::uint32_t>(tunnels_.size())));
        const auto& sessions = tunnel->second.sessions;
        if (tunnel->second.offered || world_.number(20) == 0) {
            of_tunnel(tunnel->first);
        } else if (sessions.empty() || world_.number(3) == 0) {
            open_session(tunnel->first);
        } else {
            const auto count = static_cast<std::uint32_t>(sessions.size());
            of_session(tunnel->first, std::next(sessions.begin(), world_.number(count))->first);
        }
    }
    world_.drain();
}

void Player::open_tunnel() {
    const std::uint32_t binding = world_.number(2);
    TunnelOptions options;
    if (binding != 0) options.secret = Secret(std::string_view("one"));
    options.hide = world_.number(2) == 0;
    options.tie_breaker = world_.number(2) == 0;
    const auto opened = host_.endpoint.open_tunnel(world_.now(), host_.to(peer_, binding), options);
    hold(opened.has_value(), "a tunnel can be opened");
    add(*opened, {});
}

void Player::of_tunnel(LocalTunnelId id) {
    Tunnel& tunnel = tunnels_.at(id);
    const bool offered = std::exchange(tunnel.offered, false);
    switch (world_.number(8)) {
        case 0: return expect(offered, host_.endpoint.reject_tunnel(world_.now(), id, 2, 4, "no"));
        case 1: return expect(!tunnel.down, host_.endpoint.close_tunnel(world_.now(), id));
        case 2: {
            // Also of one that is down: it is then gone at once.
            world_.excuse(host_, id);
            must(host_.endpoint.abandon_tunnel(world_.now(), id, "gone"), "a tunnel can be abandoned");
            return;
        }
        default: return expect(offered, host_.endpoint.accept_tunnel(world_.now(), id));
    }
}

void Player::open_session(LocalTunnelId id) {
    const Tunnel& tunnel = tunnels_.at(id);
    if (tunnel.sessions.size() >= 6) return;
    SessionOptions options;
    if (world_.number(2) == 0) options.kind = SessionKind::outgoing_call;
    options.sequencing = world_.number(2) == 0;
    const auto opened = host_.endpoint.open_session(world_.now(), id, options);
    hold(opened.has_value() == (tunnel.up && !tunnel.down), "a session can be opened in a tunnel that is up");
    if (!opened) return;
    Session session;
    session.kind = options.kind;
    add(id, *opened, session);
}

void Player::of_session(LocalTunnelId tunnel, LocalSessionId id) {
    Session& session = tunnels_.at(tunnel).sessions.at(id);
    Endpoint& endpoint = host_.endpoint;
    const Time now = world_.now();
    switch (world_.number(7)) {
        case 0: {
            const bool offered = std::exchange(session.offered, false);
            session.placed = session.placed || (offered && session.kind == SessionKind::outgoing_call);
            return expect(offered, endpoint.accept_session(now, tunnel, id));
        }
        case 1: {
            return expect(std::exchange(session.offered, false),
                          endpoint.reject_session(now, tunnel, id, 4, 0, "no"));
        }
        case 2: return expect(true, endpoint.close_session(now, tunnel, id));
        case 3: {
            return expect(std::exchange(session.placed, false),
                          endpoint.connect_session(now, tunnel, id, 64000));
        }
        case 4: return expect(session.up, endpoint.report_errors(now, tunnel, id, {}));
        case 5: return expect(session.up, endpoint.set_link_info(now, tunnel, id, {}));
        default: return;
    }
}

void Player::answer_all() {
    for (const auto& [id, tunnel] : std::map(tunnels_)) {
        if (std::exchange(tunnels_.at(id).offered, false)) {
            expect(true, host_.endpoint.accept_tunnel(world_.now(), id));
        }
        for (const auto& [session_id, session] : tunnel.sessions) {
            Session& ours = tunnels_.at(id).sessions.at(session_id);
            if (std::exchange(ours.offered, false)) {
                ours.placed = ours.kind == SessionKind::outgoing_call;
                expect(true, host_.endpoint.accept_session(world_.now(), id, session_id));
            }
            if (std::exchange(ours.placed, false)) {
                expect(true, host_.endpoint.connect_session(world_.now(), id, session_id, 64000));
            }
        }
    }
    world_.drain();
}

void Player::close_all() {
    for (const auto& [id, tunnel] : std::map(tunnels_)) {
        if (!tunnel.down) expect(true, host_.endpoint.close_tunnel(world_.now(), id));
    }
    world_.drain();
}

void Player::restart() {
    world_.restart(host_);
    tunnels_.clear();
}

// ---- the model

Player::Tunnel& Player::living(LocalTunnelId id) {
    const auto found = tunnels_.find(id);
    hold(found != tunnels_.end() && !found->second.down, "an output is of a tunnel that is not down");
    return found->second;
}

Player::Session& Player::living(LocalTunnelId tunnel, LocalSessionId id) {
    auto& sessions = living(tunnel).sessions;
    const auto found = sessions.find(id);
    hold(found != sessions.end(), "an output is of a session that is not down");
    return found->second;
}

void Player::add(LocalTunnelId id, Tunnel tunnel) {
    hold(static_cast<bool>(id), "0 is no tunnel id");
    hold(tunnels_.emplace(id, std::move(tunnel)).second, "a tunnel's id is given once at a time");
}

void Player::add(LocalTunnelId tunnel, LocalSessionId id, Session session) {
    hold(static_cast<bool>(id), "0 is no session id");
    hold(living(tunnel).sessions.emplace(id, session).second, "a session's id is given once at a time");
}

void Player::on(const Output& output) {
    on_tunnel(output);
    on_session(output);
}

void Player::on_tunnel(const Output& output) {
    if (const auto* offered = std::get_if<TunnelOffered>(&output)) {
        Tunnel tunnel;
        tunnel.offered = true;
        tunnel.peer = offered->peer_tunnel;
        add(offered->tunnel, std::move(tunnel));
    } else if (const auto* up = std::get_if<TunnelUp>(&output)) {
        Tunnel& tunnel = living(up->tunnel);
        hold(!std::exchange(tunnel.up, true), "a tunnel comes up once");
        tunnel.peer = up->peer_tunnel;
    } else if (const auto* down = std::get_if<TunnelDown>(&output)) {
        Tunnel& tunnel = living(down->tunnel);
        hold(tunnel.sessions.empty(), "a tunnel's sessions are down before it is");
        hold(!down->reason.text().empty(), "a reason has words");
        tunnel.down = true;
        tunnel.offered = false;
    } else if (const auto* gone = std::get_if<TunnelGone>(&output)) {
        const auto found = tunnels_.find(gone->tunnel);
        hold(found != tunnels_.end() && found->second.down,
             "a tunnel is down before it is gone, and gone once");
        tunnels_.erase(found);
    }
}

void Player::on_session(const Output& output) {
    if (const auto* offered = std::get_if<SessionOffered>(&output)) {
        Session session;
        session.kind = offered->kind;
        session.offered = true;
        add(offered->tunnel, offered->session, session);
    } else if (const auto* known = std::get_if<SessionPeerKnown>(&output)) {
        living(known->tunnel, known->session).peer = known->peer_session;
    } else if (const auto* up = std::get_if<SessionUp>(&output)) {
        Session& session = living(up->tunnel, up->session);
        hold(!std::exchange(session.up, true), "a session comes up once");
        session.peer = up->peer_session;
    } else if (const auto* down = std::get_if<SessionDown>(&output)) {
        static_cast<void>(living(down->tunnel, down->session));
        hold(!down->reason.text().empty(), "a reason has words");
        tunnels_.at(down->tunnel).sessions.erase(down->session);
    }
}

}  // namespace keel::sim
