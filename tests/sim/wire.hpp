// Wire: what can be seen of the protocol by one who only watches the network. It follows each control
// connection by its messages' ids, Ns and Nr, asks no endpoint, and throws Broken when an end breaks RFC
// 2661 5.8:
//  - never more messages in flight than the receiver's Receive Window Size,
//  - Ns without a gap, and one Ns for one message,
//  - all acknowledged that arrived, early or not, nothing else, and no acknowledgement taken back,
//  - a session's id not given again before its CDN was acknowledged,
//  - a tunnel not forgotten before its StopCCN was acknowledged or a retransmission cycle passed, and kept
//  for
//    31 s after the peer's (5.7).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "l2tp/endpoint.hpp"
#include "l2tp/header.hpp"
#include "l2tp/message.hpp"

namespace keel::sim {

class Wire {
public:
    // `secret`: of the connections that hide AVPs. `cycle`: how long an end retransmits.
    Wire(Secret secret, Duration cycle) : secret_(std::move(secret)), cycle_(cycle) {}

    // `own`: of which of the sender's tunnels it is.
    void sent(Time now, const IpAddress& from, const IpAddress& to, LocalTunnelId own, ByteView datagram);
    void arrived(Time now, const IpAddress& from, const IpAddress& to, ByteView datagram);
    // An end told that it forgot the tunnel, which was down since `down`; `silently`: it says that it gave up
    // or abandoned it.
    void gone(Time now, const IpAddress& host, LocalTunnelId tunnel, Time down, bool silently);
    // The host lost its memory.
    void forget(const IpAddress& host);

    [[nodiscard]] std::uint64_t messages() const { return messages_; }  // new ones, each counted once

private:
    struct Message {
        Bytes body;
        Time first_sent;
    };
    // The messages of one end of a connection, and what it knows of the other's.
    struct Way {
        IpAddress host;
        std::uint16_t id = 0;                             // the tunnel id that it gave; 0: not told yet
        std::uint16_t window = 4;                         // that this end may use
        std::uint16_t next = 0;                           // Ns of its next new message
        std::uint16_t acknowledged = 0;                   // the highest Nr that has come back to it
        std::map<std::uint16_t, Message> unacknowledged;  // by Ns
        std::uint16_t received = 0;  // what came from the other end without a gap: its Nr at most
        std::set<std::uint16_t> early;
        std::uint16_t told = 0;                         // the highest Nr that it sent
        std::map<std::uint16_t, std::uint16_t> closed;  // session ids in its CDNs, and those CDNs' Ns
        std::optional<std::uint16_t> stopped;           // the Ns of its StopCCN
        std::optional<Time> peer_stopped;               // when the other's came
    };
    struct Connection {
        std::array<Way, 2> ways;
        bool lost = false;  // one end forgot it in silence: what the other sends reaches nobody
    };
    struct Seen {
        Connection& connection;
        Way& sender;
        Way& receiver;
    };
    using Key = std::pair<IpAddress, std::uint16_t>;

    // To which connection a datagram belongs; nothing if that cannot be told. `begins`: an SCCRQ may begin
    // one.
    std::optional<Seen> find(const IpAddress& from, const IpAddress& to, const l2tp::Datagram& datagram,
                             bool begins);
    std::optional<Seen> find_unaddressed(const IpAddress& from, const IpAddress& to,
                                         const l2tp::Datagram& datagram, bool begins);
    [[nodiscard]] std::uint16_t introduced(ByteView body) const;
    void sent_new(Time now, Seen& seen, const l2tp::Datagram& datagram);
    void learn(Seen& seen, const l2tp::Message& message, std::uint16_t ns);
    void use_session(const Way& way, std::uint16_t session) const;

    Secret secret_;
    Duration cycle_;
    std::map<Key, std::shared_ptr<Connection>> ends_;
    std::uint64_t messages_ = 0;
};

}  // namespace keel::sim
