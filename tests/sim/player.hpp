// Player: random commands to one host, and a model of what that host was told. The model is the promises of
// l2tp/endpoint.hpp: which outputs may come, for what, in which order; it throws Broken when one is not kept.
#pragma once

#include <map>

#include "l2tp/endpoint.hpp"
#include "sim/world.hpp"

namespace keel::sim {

class Player {
public:
    struct Session {
        l2tp::SessionKind kind = l2tp::SessionKind::incoming_call;
        bool offered = false;  // and not answered yet
        bool placed = false;   // an outgoing call that we accepted, not connected yet
        bool up = false;
        PeerSessionId peer;
    };
    struct Tunnel {
        bool offered = false;  // and not answered yet
        bool up = false;
        bool down = false;
        PeerTunnelId peer;
        std::map<LocalSessionId, Session> sessions;
    };

    // Takes over the host's answers.
    Player(World& world, Host& host, const Host& peer);
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    void command();     // one, chosen by the world's seed; often one that the state does not allow
    void answer_all();  // accepts each offer, connects each placed call
    void close_all();
    void restart();  // the host loses its memory

    [[nodiscard]] const std::map<LocalTunnelId, Tunnel>& tunnels() const { return tunnels_; }
    [[nodiscard]] const Tunnel* find(LocalTunnelId id) const;

private:
    void open_tunnel();
    void of_tunnel(LocalTunnelId id);
    void open_session(LocalTunnelId id);
    void of_session(LocalTunnelId tunnel, LocalSessionId id);
    // What the endpoint said to a command whose outcome the model knows.
    static void expect(bool allowed, const Status& status);

    void on(const l2tp::Output& output);
    void on_tunnel(const l2tp::Output& output);
    void on_session(const l2tp::Output& output);
    Tunnel& living(LocalTunnelId id);
    Session& living(LocalTunnelId tunnel, LocalSessionId id);
    void add(LocalTunnelId id, Tunnel tunnel);
    void add(LocalTunnelId tunnel, LocalSessionId id, Session session);

    World& world_;
    Host& host_;
    const Host& peer_;
    std::map<LocalTunnelId, Tunnel> tunnels_;
};

}  // namespace keel::sim
