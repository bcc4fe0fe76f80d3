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
#include "settings.hpp"

namespace keel::test {

class Clients {
public:
    Clients(std::uint32_t count, Log& log)
        : lns_settings_(server_config()),
          lns(std::make_shared<const config::Config>(lns_settings_), "lns", world.ports(), log) {
        for (std::uint32_t i = 1; i <= count; ++i) clients_.push_back(std::make_unique<Client>(i, log));
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
    struct Client {
        Client(std::uint32_t number_, Log& log)
            : number(number_),
              settings(client_config()),
              world(number_),
              lac(std::make_shared<const config::Config>(settings), "lac", world.ports(), log) {}
        [[nodiscard]] IpAddress address() const { return IpAddress::v4(0x0a000000 + number); }
        [[nodiscard]] ChildSa sa() const {
            ChildSa out;
            out.connection = "lns/office";
            out.mark = out.reqid = out.child_id = out.ike_id = number;
            out.ike_version = 1;
            out.local = kLns;
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

    static config::Config server_config() {
        config::Config config = lns_config();
        config.lns[0].pool = {*Prefix::parse("10.16.0.0/16")};
        return config;
    }
    static config::Config client_config() {
        config::Config config = lac_config();
        config.lac[0].hello_interval = seconds(60);
        return config;
    }

    void connect(Client& client) {
        (void)client.lac.start(now);
        client.lac.receive(now, IpsecReady{"5.9.8"});
        client.lac.receive(now, Resolved{client.world.last_tag, std::vector{kLns}});
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
                                       .local = kLns,
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
                                                    .from = {kLns, 1701},
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
    config::Config lns_settings_;

public:
    lifecycle::Orchestrator lns;

private:
    std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace keel::test
