// The promises of l2tp/endpoint.hpp about outputs, checked on each output: what lives, in which order it
// ends, and that nothing is left when all is abandoned.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "input.hpp"
#include "l2tp/endpoint.hpp"
#include "l2tp/header.hpp"
#include "l2tp/message.hpp"
#include "tunnel_secret.hpp"

namespace keel::fuzz {

class Checks {
public:
    // `sent` is told of every datagram.
    explicit Checks(l2tp::Endpoint& endpoint, std::function<void(const l2tp::Send&)> sent = {})
        : endpoint_(endpoint), sent_(std::move(sent)) {}

    void opened(LocalTunnelId tunnel) { fresh(tunnel); }
    void opened(LocalTunnelId tunnel, LocalSessionId session) { fresh(tunnel, session); }

    void drain() {
        for (int outputs = 0; const auto output = endpoint_.poll_output(); ++outputs) {
            require(outputs < 10000, "one input has few outputs");
            std::visit([this](const auto& value) { on(value); }, *output);
        }
        require(endpoint_.tunnel_count() == live_.size(), "the endpoint holds the tunnels that were told of");
    }

    void at_the_end() const {
        require(live_.empty() && endpoint_.tunnel_count() == 0, "nothing lives after all was abandoned");
        require(!endpoint_.next_timeout(), "nothing is waited for after all was abandoned");
    }

    // The tunnels not gone yet, in the order of their ids.
    [[nodiscard]] std::vector<LocalTunnelId> tunnels() const {
        std::vector<LocalTunnelId> out;
        for (const auto& [id, tunnel] : live_) out.push_back(id);
        return out;
    }
    // One of them; 15 is one that is not there.
    [[nodiscard]] LocalTunnelId tunnel(std::uint8_t which) const {
        if (live_.empty() || which == 15) return LocalTunnelId(0xdead);
        return std::next(live_.begin(), which % static_cast<std::ptrdiff_t>(live_.size()))->first;
    }
    // A session of it; 0 when it has none.
    [[nodiscard]] LocalSessionId session(LocalTunnelId tunnel, std::uint8_t which) const {
        const auto found = live_.find(tunnel);
        if (found == live_.end() || found->second.sessions.empty()) return {};
        const auto& sessions = found->second.sessions;
        return *std::next(sessions.begin(), which % static_cast<std::ptrdiff_t>(sessions.size()));
    }

    // The Challenge that the tunnel sent last.
    [[nodiscard]] std::optional<std::string> challenge(LocalTunnelId tunnel) const {
        const auto found = live_.find(tunnel);
        return found == live_.end() ? std::nullopt : found->second.challenge;
    }

private:
    struct Tunnel {
        bool down = false;
        std::optional<std::string> challenge;
        std::set<LocalSessionId> sessions;
    };

    void fresh(LocalTunnelId id) {
        require(id.value != 0 && id.value <= 0xffff, "a tunnel id has 16 bits and is not 0");
        require(live_.try_emplace(id).second, "a tunnel id is given once at a time");
    }
    void fresh(LocalTunnelId tunnel, LocalSessionId id) {
        require(id.value != 0 && id.value <= 0xffff, "a session id has 16 bits and is not 0");
        require(up(tunnel).sessions.insert(id).second, "a session id is given once at a time");
    }
    Tunnel& living(LocalTunnelId id) {
        const auto found = live_.find(id);
        require(found != live_.end(), "an output is of a tunnel that lives");
        return found->second;
    }
    Tunnel& up(LocalTunnelId id) {
        Tunnel& tunnel = living(id);
        require(!tunnel.down, "of a tunnel that is down comes only that it is gone");
        return tunnel;
    }
    void has(LocalTunnelId tunnel, LocalSessionId session) {
        require(up(tunnel).sessions.contains(session), "an output is of a session that lives");
    }

    void on(const l2tp::Send& send) {
        if (send.tunnel) static_cast<void>(living(send.tunnel));
        const auto datagram = l2tp::read_datagram(send.datagram);
        require(datagram.kind == l2tp::Datagram::Kind::control, "what is sent is a control message");
        const auto message = l2tp::decode_message(datagram.body, secret());
        require(message.has_value(), "that a peer can decode");
        if (const auto* sccrq = std::get_if<l2tp::Sccrq>(&*message)) learn(send.tunnel, sccrq->challenge);
        if (const auto* sccrp = std::get_if<l2tp::Sccrp>(&*message)) learn(send.tunnel, sccrp->challenge);
        if (sent_) sent_(send);
    }
    void learn(LocalTunnelId tunnel, const std::optional<std::string>& challenge) {
        if (challenge) living(tunnel).challenge = challenge;
    }
    void on(const l2tp::TunnelOffered& offered) { fresh(offered.tunnel); }
    void on(const l2tp::TunnelRefused& refused) {
        require(refused.reason.result == 4, "who is refused with a word is not authorised");
    }
    void on(const l2tp::TunnelPeerKnown& known) { static_cast<void>(up(known.tunnel)); }
    void on(const l2tp::TunnelUp& tunnel) { static_cast<void>(up(tunnel.tunnel)); }
    void on(const l2tp::TunnelDown& down) {
        Tunnel& tunnel = up(down.tunnel);
        require(tunnel.sessions.empty(), "a tunnel's sessions are down before it is");
        require(!down.reason.text().empty(), "a reason has words");
        tunnel.down = true;
    }
    void on(const l2tp::TunnelGone& gone) {
        require(living(gone.tunnel).down, "a tunnel is down before it is gone");
        live_.erase(gone.tunnel);
    }
    void on(const l2tp::SessionOffered& offered) { fresh(offered.tunnel, offered.session); }
    void on(const l2tp::SessionPeerKnown& known) { has(known.tunnel, known.session); }
    void on(const l2tp::SessionUp& up_now) { has(up_now.tunnel, up_now.session); }
    void on(const l2tp::SessionDown& down) {
        has(down.tunnel, down.session);
        require(!down.reason.text().empty(), "a reason has words");
        up(down.tunnel).sessions.erase(down.session);
    }

    l2tp::Endpoint& endpoint_;
    std::function<void(const l2tp::Send&)> sent_;
    std::map<LocalTunnelId, Tunnel> live_;
};

}  // namespace keel::fuzz
