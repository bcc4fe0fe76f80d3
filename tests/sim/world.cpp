#include "sim/world.hpp"

#include <algorithm>
#include <stdexcept>

namespace keel::sim {

namespace {

const IpAddress kLac = IpAddress::v4(0xc0000201);  // 192.0.2.1
const IpAddress kLns = IpAddress::v4(0xc0000202);

void must(const Status& status) {
    if (!status) throw std::runtime_error(status.error().text());
}

}  // namespace

World::World(std::uint64_t seed, const Network& network_, const l2tp::EndpointConfig& config)
    : lac(config, seed * 2 + 1, {kLac, {kLns, 1701}, 0}),
      lns(config, seed * 2 + 2, {kLns, {kLac, 1701}, 0}),
      network(network_),
      engine_(seed) {}

double World::chance() {
    return std::uniform_real_distribution<double>(0, 1)(engine_);
}

void World::drain() {
    drain(lac, true);
    drain(lns, false);
}

void World::drain(Host& host, bool to_lns) {
    while (auto output = host.endpoint.poll_output()) {
        if (const auto* send = std::get_if<l2tp::Send>(&*output)) {
            launch(to_lns, send->datagram);
            continue;
        }
        answer(host, *output);
        host.outputs.push_back(std::move(*output));
    }
}

void World::answer(Host& host, const l2tp::Output& output) {
    if (!host.accept) return;
    if (const auto* tunnel = std::get_if<l2tp::TunnelOffered>(&output)) {
        must(host.endpoint.accept_tunnel(now_, tunnel->tunnel));
    } else if (const auto* session = std::get_if<l2tp::SessionOffered>(&output)) {
        // By the time it is answered, the peer may have taken it back.
        static_cast<void>(host.endpoint.accept_session(now_, session->tunnel, session->session));
    }
}

void World::launch(bool to_lns, const Bytes& datagram) {
    if (cut) return;
    const int copies = chance() < network.duplication ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
        if (chance() < network.loss) continue;
        const auto spread = static_cast<double>((network.most_delay - network.least_delay).count());
        const Duration delay = network.least_delay + Duration(static_cast<Duration::rep>(spread * chance()));
        flying_.emplace(now_ + delay, Flying{to_lns, datagram});
    }
}

bool World::advance(Time until) {
    Time next = until;
    if (!flying_.empty()) next = std::min(next, flying_.begin()->first);
    for (const Host* host : {&lac, &lns}) {
        if (const auto at = host->endpoint.next_timeout()) next = std::min(next, *at);
    }
    const bool reached = next >= until;
    now_ = std::max(now_, next);
    while (!flying_.empty() && flying_.begin()->first <= now_) {
        const Flying arrived = std::move(flying_.begin()->second);
        flying_.erase(flying_.begin());
        Host& host = arrived.to_lns ? lns : lac;
        if (!cut) host.endpoint.receive(now_, host.path, arrived.datagram);
        drain();
    }
    for (Host* host : {&lac, &lns}) {
        host->endpoint.on_timeout(now_);
        drain();
    }
    return !reached;
}

bool World::empty() const {
    const auto quiet = [](const Host& host) {
        return host.endpoint.tunnel_count() == 0 && !host.endpoint.next_timeout();
    };
    return quiet(lac) && quiet(lns);
}

}  // namespace keel::sim
