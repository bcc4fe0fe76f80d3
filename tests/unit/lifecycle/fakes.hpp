// The world for one Orchestrator in a test: ports that record what they were asked and answer as told, and a
// simulated wire between two of them.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "lifecycle/orchestrator.hpp"

namespace keel::test {

class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint32_t seed) : state_(seed) {}
    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) {
            state_ = state_ * 1664525 + 1013904223;
            byte = static_cast<std::uint8_t>(state_ >> 24);
        }
    }

private:
    std::uint32_t state_;
};

struct SentDatagram {
    SocketId socket;
    std::optional<SocketAddress> to;
    Bytes bytes;
};

// All ports of one host. `calls` is the record, one line a call, in order.
class World final : public Ipsec, public Datagrams, public Kernel, public Ppp, public Resolver {
public:
    explicit World(std::uint32_t seed) : random(seed) {}

    std::vector<std::string> calls;
    std::map<std::string, Error> failures;  // call name -> the Error that it gives
    std::deque<SentDatagram> outbox;
    std::map<SocketId, TunnelSocketSpec> tunnel_sockets;
    std::map<SocketId, ListenerSpec> listeners;
    bool marks_told = true;
    std::map<std::string, IpsecConnection> loaded;
    std::vector<std::pair<PppId, PppSpec>> pppds;
    std::vector<PppId> stopped_pppds;
    std::vector<LoginVerdict> verdicts;
    std::uint64_t last_tag = 0;
    SessionCounters counters;    // of every session in the kernel
    bool counters_gone = false;  // pppd has taken the kernel's session along
    SeededRandom random;

    [[nodiscard]] Ports ports() { return {*this, *this, *this, *this, *this, random}; }
    [[nodiscard]] bool called(std::string_view call) const { return std::ranges::count(calls, call) > 0; }
    // The position of the first such call; calls.size() when there is none.
    [[nodiscard]] std::size_t when(std::string_view call) const {
        return static_cast<std::size_t>(std::ranges::find(calls, call) - calls.begin());
    }

    // Ipsec
    void load(const IpsecConnection& connection) override {
        note("ipsec.load " + connection.name);
        loaded[connection.name] = connection;
    }
    void refuse_new(const std::string& name) override { note("ipsec.refuse_new " + name); }
    void unload(const std::string& name) override {
        note("ipsec.unload " + name);
        loaded.erase(name);
    }
    void initiate(const std::string& name) override { note("ipsec.initiate " + name); }
    void terminate(const ChildSa& sa) override { note("ipsec.terminate " + std::to_string(sa.mark)); }
    void terminate_all(const std::string& name) override { note("ipsec.terminate_all " + name); }

    // Datagrams
    Result<SocketId> open_listener(const ListenerSpec& spec) override {
        if (auto failed = noted("listen")) return std::unexpected(*failed);
        listeners[SocketId(++last_socket_)] = spec;
        return SocketId(last_socket_);
    }
    bool tells_marks() override { return marks_told; }
    Result<SocketId> open_tunnel_socket(const TunnelSocketSpec& spec) override {
        if (auto failed = noted("socket.open")) return std::unexpected(*failed);
        tunnel_sockets[SocketId(++last_socket_)] = spec;
        return SocketId(last_socket_);
    }
    void send(SocketId socket, std::optional<SocketAddress> to, ByteView datagram) override {
        outbox.push_back({socket, to, Bytes(datagram.begin(), datagram.end())});
    }
    Status set_dscp(SocketId, std::uint8_t dscp) override {
        return status("socket.dscp " + std::to_string(dscp));
    }
    Status rebind(SocketId socket, std::optional<SaBinding> sa) override {
        if (auto failed = noted(sa ? "socket.rebind" : "socket.suspend")) return std::unexpected(*failed);
        if (sa) tunnel_sockets[socket].sa = sa;
        return {};
    }
    void close(SocketId socket) override {
        note(listeners.contains(socket) ? "listener.close" : "socket.close");
        tunnel_sockets.erase(socket);
        listeners.erase(socket);
    }

    // Kernel
    Status install_guard(std::span<const IpAddress>) override { return status("guard.install"); }
    void remove_guard() override { note("guard.remove"); }
    Result<GuardCounters> guard_counters() override { return GuardCounters{}; }
    Status create_tunnel(SocketId, LocalTunnelId, PeerTunnelId) override { return status("tunnel.create"); }
    void delete_tunnel(LocalTunnelId) override { note("tunnel.delete"); }
    Result<UniqueFd> create_session(const KernelSession& session) override {
        if (auto failed = noted("session.create")) return std::unexpected(*failed);
        kernel_sessions.push_back(session);
        return UniqueFd();
    }
    Status sequence_session(LocalTunnelId, LocalSessionId) override { return status("session.sequence"); }
    void delete_session(LocalTunnelId, LocalSessionId) override { note("session.delete"); }
    Result<SessionCounters> session_counters(LocalTunnelId, LocalSessionId) override {
        if (counters_gone) return fail(ErrorCode::not_found, "no such session");
        return counters;
    }
    Result<SaCounters> sa_counters(const IpAddress&, const IpAddress&, std::uint32_t,
                                   std::uint32_t) override {
        return SaCounters{};
    }
    Status add_route(const Route& route) override { return status("route.add " + route.destination.text()); }
    void remove_route(const Route& route) override { note("route.remove " + route.destination.text()); }
    Status pin_path(const IpAddress& peer) override { return status("pin " + peer.text()); }
    void unpin_path(const IpAddress& peer) override { note("unpin " + peer.text()); }
    Result<IpAddress> source_address(const IpAddress&) override { return *IpAddress::parse("192.0.2.1"); }
    Result<std::uint32_t> path_mtu(const IpAddress&) override { return 1500; }
    void fit_link(const std::string& interface, std::uint16_t mtu) override {
        note("link.fit " + interface + " " + std::to_string(mtu));
    }
    void forget_link(const std::string& interface) override { note("link.forget " + interface); }
    std::vector<KernelSession> kernel_sessions;

    // Ppp
    Result<PppId> start(const PppSpec& spec, UniqueFd) override {
        if (auto failed = noted("pppd.start")) return std::unexpected(*failed);
        pppds.emplace_back(PppId(++last_ppp_), spec);
        return PppId(last_ppp_);
    }
    void stop(PppId ppp) override {
        note("pppd.stop");
        stopped_pppds.push_back(ppp);
    }
    void answer_login(PppId, const LoginVerdict& verdict) override { verdicts.push_back(verdict); }
    void answer_address(PppId, std::optional<IpAddress>) override { note("pppd.address"); }

    // Resolver
    void resolve(std::uint64_t tag, const std::string& host) override {
        note("resolve " + host);
        last_tag = tag;
    }

private:
    void note(std::string call) { calls.push_back(std::move(call)); }
    std::optional<Error> noted(const std::string& call) {
        const auto found = failures.find(call);
        if (found != failures.end()) return found->second;
        note(call);
        return std::nullopt;
    }
    Status status(const std::string& call) {
        if (auto failed = noted(call)) return std::unexpected(*failed);
        return {};
    }

    std::uint32_t last_socket_ = 0;
    std::uint32_t last_ppp_ = 0;
};

}  // namespace keel::test
