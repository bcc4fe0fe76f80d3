// Many clients of one LNS, charon and the kernel simulated: each client is an Orchestrator of its own with
// its own SA, and their control messages go through the wire of fakes.hpp in virtual time. For tests and
// benchmarks of scale.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes.hpp"
#include "lifecycle/orchestrator.hpp"

namespace keel::test {

class Clients {
public:
    explicit Clients(std::uint32_t count)
        : lns_settings_(server_config()), lns(lns_settings_, "lns", world.ports(), log_) {
        for (std::uint32_t i = 1; i <= count; ++i) clients_.push_back(std::make_unique<Client>(i, log_));
        (void)lns.start(now);
        lns.receive(now, IpsecReady{"5.9.8"});
        world.calls.clear();
    }

    // IKE and ESP, L2TP, PPP with its login: each client in turn, as they come.
    void connect_all() {
        for (auto& client : clients_) connect(*client);
    }
    // Each SA's successor; mark and reqid stay.
    void rekey_all() {
        for (auto& client : clients_) {
            ChildSa sa = client->sa();
            sa.child_id += 1'000'000;
            sa.spi_in += 1'000'000;
            lns.receive(now, IpsecChanged{sa});
        }
    }
    // All SAs die at once; nobody says goodbye, and the time that is granted passes.
    void die_all() {
        for (auto& client : clients_) lns.receive(now, IpsecDown{client->sa(), "no answer"});
        pass(seconds(60));
    }

    [[nodiscard]] lifecycle::Overview overview() const { return lns.overview(now); }

private:
    static constexpr std::uint32_t kServer = 0xc0000202;  // 192.0.2.2

    struct Client {
        Client(std::uint32_t number_, Log& log)
            : number(number_),
              settings(client_config()),
              world(number_),
              lac(settings, "lac", world.ports(), log) {}
        [[nodiscard]] IpAddress address() const { return IpAddress::v4(0x0a000000 + number); }
        [[nodiscard]] ChildSa sa() const {
            ChildSa out;
            out.connection = "lns/office";
            out.mark = out.reqid = out.child_id = out.ike_id = number;
            out.ike_version = 1;
            out.local = IpAddress::v4(kServer);
            out.remote = {address(), 4500};
            out.remote_id = address().text();
            out.encryption = "AES_GCM_16-128";
            return out;
        }

        std::uint32_t number;
        config::Config settings;
        World world;
        lifecycle::Orchestrator lac;
    };

    static config::Ipsec ipsec() {
        return {.auth = PskAuth{Secret("example")},
                .ike = IkeVersion::v1,
                .local_id = {},
                .remote_id = {},
                .force_encap = false,
                .ike_proposals = {"aes256-sha256-modp2048"},
                .esp_proposals = {"aes128gcm16"}};
    }
    static config::Tunnel tunnel() {
        return {.secret = {},
                .hide = false,
                .dscp = {},
                .sequencing = false,
                .retransmit_initial = seconds(1),
                .retransmit_limit = 5,
                .quirks = {}};
    }
    static config::Config server_config() {
        config::Config config{};
        config.lns.push_back({.name = "lns/office",
                              .listen = {IpAddress::v4(kServer)},
                              .ipsec = ipsec(),
                              .hello_interval = seconds(60),
                              .tunnel = tunnel(),
                              .auth = {AuthMethod::pap},
                              .local_address = *IpAddress::parse("10.9.0.1"),
                              .pool = {*Prefix::parse("10.16.0.0/16")},
                              .dns = {},
                              .mtu = 0,
                              .echo_interval = seconds(30),
                              .users = {{"alice", {Secret("wonder"), std::nullopt}}},
                              .calls = {}});
        return config;
    }
    static config::Config client_config() {
        config::Config config{};
        config.lac.push_back({.name = "lac/branch",
                              .server = "192.0.2.2",
                              .ipsec = ipsec(),
                              .hello_interval = seconds(60),
                              .tunnel = tunnel(),
                              .user = "alice",
                              .password = Secret("wonder"),
                              .mtu = 0,
                              .echo_interval = seconds(30),
                              .routes = {},
                              .waits_for_call = false,
                              .numbers = {}});
        return config;
    }

    void connect(Client& client) {
        (void)client.lac.start(now);
        client.lac.receive(now, IpsecReady{"5.9.8"});
        client.lac.receive(now, Resolved{client.world.last_tag, std::vector{IpAddress::v4(kServer)}});
        lns.receive(now, IpsecUp{client.sa()});
        ChildSa theirs = client.sa();
        theirs.connection = "lac/branch";
        std::swap(theirs.local, theirs.remote.ip);
        client.lac.receive(now, IpsecUp{theirs});
        const std::size_t pppds = world.pppds.size();
        exchange(client);
        if (world.pppds.size() != pppds + 1) return;
        const PppId ppp = world.pppds.back().first;
        lns.receive(now, PppLoginRequested{ppp,
                                           {.method = AuthMethod::pap,
                                            .user = "alice",
                                            .password = Secret("wonder"),
                                            .identifier = 0,
                                            .challenge = {},
                                            .response = {}}});
        if (world.verdicts.empty() || !world.verdicts.back().accepted) return;
        lns.receive(now, PppUp{ppp,
                               "ppp" + std::to_string(client.number),
                               *IpAddress::parse("10.9.0.1"),
                               *world.verdicts.back().peer_address,
                               {},
                               1428});
    }

    // Both ways until they are silent; recipe S's demultiplexing, as the kernel does it.
    void exchange(Client& client) {
        while (!client.world.outbox.empty() || !world.outbox.empty()) {
            while (!client.world.outbox.empty()) {
                SentDatagram sent = std::move(client.world.outbox.front());
                client.world.outbox.pop_front();
                DatagramReceived event{.socket = SocketId(),
                                       .local = IpAddress::v4(kServer),
                                       .from = {client.address(), 1701},
                                       .mark = 0,
                                       .datagram = std::move(sent.bytes)};
                const bool to_listener =
                    event.datagram.size() >= 6 && event.datagram[4] == 0 && event.datagram[5] == 0;
                if (to_listener) {
                    event.socket = world.listeners.begin()->first;
                    event.mark = client.number;
                } else {
                    event.socket = socket_of(client.number);
                }
                lns.receive(now, std::move(event));
            }
            while (!world.outbox.empty()) {
                SentDatagram sent = std::move(world.outbox.front());
                world.outbox.pop_front();
                if (client.world.tunnel_sockets.empty()) continue;
                client.lac.receive(now,
                                   DatagramReceived{.socket = client.world.tunnel_sockets.rbegin()->first,
                                                    .local = client.address(),
                                                    .from = {IpAddress::v4(kServer), 1701},
                                                    .mark = 0,
                                                    .datagram = std::move(sent.bytes)});
            }
        }
    }
    [[nodiscard]] SocketId socket_of(std::uint32_t mark) const {
        for (auto it = world.tunnel_sockets.rbegin(); it != world.tunnel_sockets.rend(); ++it) {
            if (it->second.sa && it->second.sa->mark == mark) return it->first;
        }
        return SocketId();
    }

    void pass(Duration time) {
        const Time end = now + time;
        while (true) {
            for (const PppId ppp : std::exchange(world.stopped_pppds, {}))
                lns.receive(now, PppExited{ppp, PppExited::Cause::stopped, "told to stop"});
            world.outbox.clear();  // nobody is there
            const auto next = lns.next_timeout();
            if (!next || *next > end) break;
            now = std::max(now, *next);
            lns.on_timeout(now);
        }
        now = end;
    }

public:
    Time now{seconds(1000)};
    World world{1};

private:
    NullLog log_;
    config::Config lns_settings_;

public:
    lifecycle::Orchestrator lns;

private:
    std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace keel::test
