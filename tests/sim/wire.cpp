#include "sim/wire.hpp"

#include <algorithm>

#include "sim/host.hpp"

namespace keel::sim {

namespace {

using namespace l2tp;

// How far `a` is ahead of `b` modulo 2^16.
int ahead(std::uint16_t a, std::uint16_t b) {
    return static_cast<std::int16_t>(static_cast<std::uint16_t>(a - b));
}

std::uint16_t after(std::uint16_t ns) {
    return static_cast<std::uint16_t>(ns + 1);
}

// The Message Type AVP is the first one and never hidden (4.4.1); 0: a ZLB.
MessageType type_of(ByteView body) {
    return body.size() < 8 ? MessageType::zlb : static_cast<MessageType>(body[6] << 8 | body[7]);
}

}  // namespace

std::optional<Wire::Seen> Wire::find(const IpAddress& from, const IpAddress& to, const Datagram& datagram,
                                     bool begins) {
    if (datagram.header.tunnel == 0) return find_unaddressed(from, to, datagram, begins);
    const auto found = ends_.find({to, datagram.header.tunnel});
    if (found == ends_.end()) return std::nullopt;
    Connection& connection = *found->second;
    if (connection.lost) return std::nullopt;
    const bool first = connection.ways[0].host == to && connection.ways[0].id == datagram.header.tunnel;
    Way& receiver = connection.ways[first ? 0 : 1];
    Way& sender = connection.ways[first ? 1 : 0];
    if (sender.host != from) return std::nullopt;
    if (const std::uint16_t id = introduced(datagram.body)) {
        if (sender.id == 0) {
            sender.id = id;
            ends_[{from, id}] = found->second;
        }
        // The answer to an SCCRQ that came again after its tunnel was over: of no known connection.
        if (sender.id != id) return std::nullopt;
    }
    return sender.id == 0 ? std::nullopt : std::optional<Seen>({connection, sender, receiver});
}

// The id by which the answer to an SCCRQ makes its sender known; 0: it is something else.
std::uint16_t Wire::introduced(ByteView body) const {
    if (type_of(body) != MessageType::sccrp && type_of(body) != MessageType::stopccn) return 0;
    const auto message = decode_message(body, secret_);
    hold(message.has_value(), "an SCCRP or StopCCN can be read");
    if (const auto* sccrp = std::get_if<Sccrp>(&*message)) return sccrp->assigned_tunnel_id;
    return std::get<Stopccn>(*message).assigned_tunnel_id;
}

// Tunnel id 0: an SCCRQ, or the StopCCN of one who was not answered.
std::optional<Wire::Seen> Wire::find_unaddressed(const IpAddress& from, const IpAddress& to,
                                                 const Datagram& datagram, bool begins) {
    const auto message = decode_message(datagram.body, secret_);
    if (!message) return std::nullopt;
    std::uint16_t id = 0;
    if (const auto* sccrq = std::get_if<Sccrq>(&*message)) id = sccrq->assigned_tunnel_id;
    if (const auto* stopccn = std::get_if<Stopccn>(&*message)) id = stopccn->assigned_tunnel_id;
    if (id == 0) return std::nullopt;
    auto found = ends_.find({from, id});
    if (found == ends_.end()) {
        // One that arrives after its tunnel was forgotten begins nothing.
        if (!begins || !std::holds_alternative<Sccrq>(*message)) return std::nullopt;
        found = ends_.emplace(Key{from, id}, std::make_shared<Connection>()).first;
        found->second->ways[0].host = from;
        found->second->ways[0].id = id;
        found->second->ways[1].host = to;
    }
    Connection& connection = *found->second;
    if (connection.lost) return std::nullopt;
    if (connection.ways[0].host != from || connection.ways[0].id != id || connection.ways[1].host != to) {
        return std::nullopt;
    }
    return Seen{connection, connection.ways[0], connection.ways[1]};
}

void Wire::sent(Time now, const IpAddress& from, const IpAddress& to, LocalTunnelId own, ByteView bytes) {
    const Datagram datagram = read_datagram(bytes);
    auto seen = find(from, to, datagram, true);
    // An SCCRQ that comes again after its tunnel was over begins another one, of no known connection.
    if (!seen || seen->sender.id != own.value) return;
    Way& way = seen->sender;
    const auto [tunnel, session, ns, nr] = datagram.header;
    hold(ahead(nr, way.received) <= 0, "nothing is acknowledged that did not arrive");
    hold(nr == way.received, "all that arrived is acknowledged, in whatever order it came");
    hold(ahead(nr, way.told) >= 0, "no acknowledgement is taken back");
    way.told = nr;
    if (datagram.body.empty()) {
        hold(ns == way.next, "a ZLB has the Ns of the next message");
        return;
    }
    hold(ahead(ns, way.next) <= 0, "Ns has no gap");
    if (ns == way.next) return sent_new(now, *seen, datagram);
    const auto before = way.unacknowledged.find(ns);
    hold(before == way.unacknowledged.end() || std::ranges::equal(before->second.body, datagram.body),
         "a retransmission is the same message");
}

void Wire::sent_new(Time now, Seen& seen, const Datagram& datagram) {
    Way& way = seen.sender;
    const std::uint16_t ns = way.next++;
    ++messages_;
    way.unacknowledged.emplace(ns, Message{Bytes(datagram.body.begin(), datagram.body.end()), now});
    hold(ahead(way.next, way.acknowledged) <= way.window, "no more in flight than the peer's window");
    const auto message = decode_message(datagram.body, secret_);
    hold(message.has_value(), "what is sent can be read");
    learn(seen, *message, ns);
}

void Wire::learn(Seen& seen, const l2tp::Message& message, std::uint16_t ns) {
    Way& way = seen.sender;
    const auto introduce = [&](const auto& introduction) {
        // 4.4.3: 4 if it is not told.
        seen.receiver.window = introduction.receive_window_size.value_or(4);
    };
    if (const auto* sccrq = std::get_if<Sccrq>(&message)) introduce(*sccrq);
    if (const auto* sccrp = std::get_if<Sccrp>(&message)) introduce(*sccrp);
    if (std::holds_alternative<Stopccn>(message) && !way.stopped) way.stopped = ns;
    if (const auto* cdn = std::get_if<Cdn>(&message); cdn != nullptr && cdn->assigned_session_id != 0) {
        way.closed[cdn->assigned_session_id] = ns;
    }
    if (const auto* icrq = std::get_if<Icrq>(&message)) use_session(way, icrq->assigned_session_id);
    if (const auto* icrp = std::get_if<Icrp>(&message)) use_session(way, icrp->assigned_session_id);
    if (const auto* ocrq = std::get_if<Ocrq>(&message)) use_session(way, ocrq->assigned_session_id);
    if (const auto* ocrp = std::get_if<Ocrp>(&message)) use_session(way, ocrp->assigned_session_id);
}

void Wire::use_session(const Way& way, std::uint16_t session) const {
    const auto closed = way.closed.find(session);
    hold(closed == way.closed.end() || ahead(way.acknowledged, after(closed->second)) >= 0,
         "a session's id is not given again before its CDN was acknowledged");
}

void Wire::arrived(Time now, const IpAddress& from, const IpAddress& to, ByteView bytes) {
    const Datagram datagram = read_datagram(bytes);
    auto seen = find(from, to, datagram, false);
    if (!seen) return;
    Way& way = seen->receiver;
    const auto [tunnel, session, ns, nr] = datagram.header;
    if (ahead(nr, way.acknowledged) > 0 && ahead(nr, way.next) <= 0) {
        way.acknowledged = nr;
        std::erase_if(way.unacknowledged, [&](const auto& entry) { return ahead(entry.first, nr) < 0; });
        std::erase_if(way.closed, [&](const auto& entry) { return ahead(entry.second, nr) < 0; });
    }
    if (datagram.body.empty() || ahead(ns, way.received) < 0) return;
    if (type_of(datagram.body) == MessageType::stopccn && !way.peer_stopped) way.peer_stopped = now;
    way.early.insert(ns);
    while (way.early.erase(way.received) == 1) ++way.received;
}

void Wire::gone(Time now, const IpAddress& host, LocalTunnelId tunnel, Time down, bool silently) {
    const auto found = ends_.find({host, static_cast<std::uint16_t>(tunnel.value)});
    if (found == ends_.end()) return;
    const auto connection = found->second;
    ends_.erase(found);
    const bool first = connection->ways[0].host == host && connection->ways[0].id == tunnel.value;
    const Way& way = connection->ways[first ? 0 : 1];
    if (connection->lost) return;
    const bool acknowledged = way.stopped && ahead(way.acknowledged, after(*way.stopped)) >= 0;
    const bool lingered = way.peer_stopped && now - *way.peer_stopped >= seconds(31);
    if (acknowledged || lingered) return;
    const bool cycled =
        now - down >= cycle_ || std::ranges::any_of(way.unacknowledged, [&](const auto& entry) {
            return now - entry.second.first_sent >= cycle_;
        });
    hold(silently || cycled, "a tunnel's id is kept until the peer cannot mean it any more");
    // The other end has heard nothing of the end: what it still sends reaches nobody.
    connection->lost = true;
}

void Wire::forget(const IpAddress& host) {
    for (const auto& [key, connection] : ends_) {
        const auto is_end = [&](const Way& way) { return way.host == host; };
        connection->lost = connection->lost || std::ranges::any_of(connection->ways, is_end);
    }
    std::erase_if(ends_, [&](const auto& entry) { return entry.first.first == host; });
}

}  // namespace keel::sim
