// Random commands on both ends by seed, checked against a model: what each end was told must keep the
// promises of l2tp/endpoint.hpp, and once the network is sound again both ends must agree on what lives.
#include <doctest/doctest.h>

#include "sim/networks.hpp"
#include "sim/player.hpp"
#include "sim/seeds.hpp"
#include "sim/world.hpp"

namespace {

using namespace keel;
using namespace keel::l2tp;
using namespace keel::sim;

constexpr Network kSound{};

EndpointConfig config_of(std::uint64_t seed) {
    EndpointConfig config;
    config.hello_interval = seconds(10);
    config.receive_window = static_cast<std::uint16_t>(1 + seed % 9);
    config.bearer_capabilities = kDigitalBearer | kAnalogBearer;
    config.incoming = [](const Path& path, std::string_view) {
        return path.binding != 0 ? Secret(std::string_view("one")) : Secret();
    };
    return config;
}

// Some of what may befall a network and its hosts.
void disturb(World& world, Player& lac, Player& lns) {
    switch (world.number(24)) {
        case 0: world.cut = true; break;
        case 1:
        case 2: world.network = kBad; break;
        case 3: world.network = kSound; break;
        case 4:
            if (world.number(3) == 0) (world.number(2) == 0 ? lac : lns).restart();
            break;
        default: world.cut = false; break;
    }
}

void agree(const Player& one, const Player& other) {
    for (const auto& [id, tunnel] : one.tunnels()) {
        if (!tunnel.up || tunnel.down) continue;
        const auto* match = other.find(LocalTunnelId(tunnel.peer.value));
        hold(match != nullptr && match->up && !match->down && match->peer.value == id.value,
             "both ends agree on the tunnels that live");
        for (const auto& [session_id, session] : tunnel.sessions) {
            hold(session.up, "no session is left half-way");
            const auto theirs = match->sessions.find(LocalSessionId(session.peer.value));
            hold(theirs != match->sessions.end() && theirs->second.up &&
                     theirs->second.peer.value == session_id.value && theirs->second.kind == session.kind,
                 "both ends agree on the sessions that live");
        }
    }
}

void play(std::uint64_t seed, int steps) {
    World world(seed, seed % 3 == 0 ? kSound : kBad, config_of(seed), config_of(seed / 9));
    Player lac(world, world.lac, world.lns), lns(world, world.lns, world.lac);
    for (int i = 0; i < steps; ++i) {
        disturb(world, lac, lns);
        (world.number(2) == 0 ? lac : lns).command();
        world.run_for(milliseconds(world.number(world.number(8) == 0 ? 20000 : 800)));
    }
    world.cut = false;
    world.network = kSound;
    // What waits for an answer gets one; a set-up that nobody carries on with ends after 120 s.
    for (int round = 0; round < 60; ++round) {
        lac.answer_all();
        lns.answer_all();
        world.run_for(seconds(5));
    }
    agree(lac, lns);
    agree(lns, lac);
    lac.close_all();
    lns.close_all();
    hold(world.run_until(world.now() + seconds(200), [&] { return world.empty(); }),
         "after both close everything nothing is left");
    hold(lac.tunnels().empty() && lns.tunnels().empty(), "each tunnel was told to be down, and then gone");
}

}  // namespace

TEST_CASE("random commands on both ends: promises kept, ends agree, nothing left") {
    for_seeds(500, [](std::uint64_t seed) { play(seed, 120); });
}
