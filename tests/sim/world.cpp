#include "sim/world.hpp"

#include <algorithm>

#include "l2tp/reliable.hpp"

namespace keel::sim {

namespace {

constexpr std::uint32_t kFirstAddress = 0xc0000201;  // 192.0.2.1
constexpr std::size_t kHeaders = 28;                 // IPv4 and UDP

// Where only some paths have a secret, binding 1 has.
Secret wire_secret(const l2tp::EndpointConfig& config) {
    l2tp::Path path;
    path.binding = 1;
    return config.incoming ? config.incoming(path, "").secret : Secret();
}

Duration cycle_of(const l2tp::EndpointConfig& config) {
    return l2tp::ReliableLimits{config.retransmit_initial, config.retransmit_cap, config.retransmit_limit,
                                config.receive_window}
        .cycle();
}

}  // namespace

World::World(std::uint64_t seed, const Network& network_, const l2tp::EndpointConfig& config,
             std::uint32_t few)
    : World(seed, network_, config, config, few) {}

World::World(std::uint64_t seed, const Network& network_, const l2tp::EndpointConfig& lac_config,
             const l2tp::EndpointConfig& lns_config, std::uint32_t few)
    : seed_(seed),
      few_(few),
      engine_(seed),
      lac(add_host(lac_config)),
      lns(add_host(lns_config)),
      network(network_),
      wire(wire_secret(lns_config), std::min(cycle_of(lac_config), cycle_of(lns_config))) {}

Host& World::add_host(const l2tp::EndpointConfig& config) {
    const auto number = static_cast<std::uint32_t>(hosts_.size());
    return hosts_.emplace_back(config, seed_ * 100 + number, IpAddress::v4(kFirstAddress + number), few_);
}

void World::restart(Host& host) {
    host.endpoint = l2tp::Endpoint(host.config, host.random);
    host.outputs.clear();
    wire.forget(host.address);
    std::erase_if(down_, [&](const auto& entry) { return entry.first.first == host.address; });
}

double World::chance() {
    return std::uniform_real_distribution<double>(0, 1)(engine_);
}

std::uint32_t World::number(std::uint32_t below) {
    return static_cast<std::uint32_t>(engine_() % below);
}

Host* World::find(const IpAddress& address) {
    const auto found = std::ranges::find(hosts_, address, &Host::address);
    return found == hosts_.end() ? nullptr : &*found;
}

void World::drain() {
    for (Host& host : hosts_) {
        while (drain(host)) {
        }
    }
}

bool World::drain(Host& host) {
    auto output = host.endpoint.poll_output();
    if (!output) return false;
    if (const auto* send = std::get_if<l2tp::Send>(&*output)) {
        launch(host, *send);
        return true;
    }
    report(host, *output);
    if (host.accept) {
        // By the time it is answered, the peer may have taken it back.
        if (const auto* tunnel = std::get_if<l2tp::TunnelOffered>(&*output)) {
            static_cast<void>(host.endpoint.accept_tunnel(now_, tunnel->tunnel));
        } else if (const auto* session = std::get_if<l2tp::SessionOffered>(&*output)) {
            static_cast<void>(host.endpoint.accept_session(now_, session->tunnel, session->session));
        }
    }
    if (host.on_output) host.on_output(now_, *output);
    host.outputs.push_back(std::move(*output));
    return true;
}

// What the Wire is told: an end's own word that it gave a tunnel up needs no StopCCN.
void World::report(Host& host, const l2tp::Output& output) {
    if (const auto* down = std::get_if<l2tp::TunnelDown>(&output)) {
        using enum l2tp::DownReason::Cause;
        const auto cause = down->reason.cause;
        down_[{host.address, down->tunnel}] = {
            now_, cause == collision || cause == timeout || (cause == local && down->reason.result == 0)};
    } else if (const auto* gone = std::get_if<l2tp::TunnelGone>(&output)) {
        const auto found = down_.find({host.address, gone->tunnel});
        hold(found != down_.end(), "a tunnel is down before it is gone");
        wire.gone(now_, host.address, gone->tunnel, found->second.since, found->second.silent);
        down_.erase(found);
    }
}

void World::launch(const Host& host, const l2tp::Send& send) {
    const IpAddress to = send.path.remote.ip;
    const bool seen = static_cast<bool>(send.tunnel);  // a refusal of no tunnel is of no connection
    if (seen) wire.sent(now_, host.address, to, send.tunnel, send.datagram);
    if (cut) return;
    const int copies = chance() < network.duplication ? 2 : 1;
    const std::size_t fragments = (send.datagram.size() + kHeaders + network.mtu - 1) / network.mtu;
    for (int copy = 0; copy < copies; ++copy) {
        bool lost = false;
        for (std::size_t i = 0; i < fragments; ++i) lost = chance() < network.loss || lost;
        if (lost) continue;
        const auto spread = static_cast<double>((network.most_delay - network.least_delay).count());
        const Duration delay = network.least_delay + Duration(static_cast<Duration::rep>(spread * chance()));
        const l2tp::Path path{to, {host.address, 1701}, send.path.binding};
        flying_.emplace(now_ + delay, Flying{path, to, send.datagram, seen});
    }
}

void World::land(const Flying& flying) {
    Host* host = find(flying.to);
    if (cut || host == nullptr) return;
    if (flying.seen) wire.arrived(now_, flying.path.remote.ip, flying.to, flying.datagram);
    host->endpoint.receive(now_, flying.path, flying.datagram);
    drain();
}

bool World::advance(Time until) {
    Time next = until;
    if (!flying_.empty()) next = std::min(next, flying_.begin()->first);
    for (const Host& host : hosts_) {
        if (const auto at = host.endpoint.next_timeout()) next = std::min(next, *at);
    }
    const bool reached = next >= until;
    now_ = std::max(now_, next);
    while (!flying_.empty() && flying_.begin()->first <= now_) {
        const Flying arrived = std::move(flying_.begin()->second);
        flying_.erase(flying_.begin());
        land(arrived);
    }
    for (Host& host : hosts_) {
        host.endpoint.on_timeout(now_);
        drain();
    }
    return !reached;
}

bool World::empty() const {
    return std::ranges::all_of(hosts_, [](const Host& host) {
        return host.endpoint.tunnel_count() == 0 && !host.endpoint.next_timeout();
    });
}

}  // namespace keel::sim
