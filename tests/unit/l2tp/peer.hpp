// A peer played by hand against one Endpoint: the tests read as ladders. hex() for vectors written from the
// RFC.
#pragma once

#include <algorithm>
#include <deque>
#include <random>
#include <stdexcept>
#include <string_view>

#include "l2tp/endpoint.hpp"
#include "l2tp/header.hpp"
#include "l2tp/message.hpp"

namespace keel::l2tp::test {

// "c802 0014": hexadecimal digits; blanks are for the reader.
inline Bytes hex(std::string_view text) {
    Bytes out;
    int high = -1;
    for (const char c : text) {
        if (c == ' ') continue;
        const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
        if (high < 0) {
            high = digit;
        } else {
            out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
            high = -1;
        }
    }
    return out;
}

// The control header of RFC 2661 3.1 before `avps`.
inline Bytes control(ControlHeader header, const Bytes& avps) {
    Writer out;
    write_header(out, header);
    out.bytes(avps);
    finish_message(out);
    Bytes message = out.take();
    set_sequence(message, header.ns, header.nr);
    return message;
}

inline Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

class FixedRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) byte = always.value_or(static_cast<std::uint8_t>(engine_()));
    }
    std::optional<std::uint8_t> always;  // each octet, so that the same id is drawn again

private:
    std::mt19937 engine_{1};
};

// Our Endpoint and, at the other end of the line, the test.
struct Line {
    explicit Line(const EndpointConfig& config = {}) : endpoint(config, random) {}
    Line(const Line&) = delete;  // the endpoint refers to `random`
    Line& operator=(const Line&) = delete;

    // peer -> us, with the peer's own Ns and Nr kept right.
    void send(const Message& message, std::uint16_t session = 0) {
        send(encode_message(ours, session, message));
    }
    void send(Bytes datagram) {
        set_sequence(datagram, peer_ns++, peer_nr);
        inject(datagram);
    }
    void send_avps(const Bytes& avps, std::uint16_t session = 0) {
        send(control({ours, session, 0, 0}, avps));
    }
    void acknowledge() { inject(control({ours, 0, peer_ns, peer_nr}, {})); }
    void inject(const Bytes& datagram) {
        endpoint.receive(now, path, datagram);
        drain();
    }
    void pass(Duration time) {
        now += time;
        endpoint.on_timeout(now);
        drain();
    }
    // Takes every output; what we sent counts as received by the peer.
    void drain() {
        while (auto output = endpoint.poll_output()) {
            if (const auto* sent = std::get_if<Send>(&*output)) {
                const Datagram datagram = read_datagram(sent->datagram);
                if (!datagram.body.empty() && datagram.header.ns == peer_nr) ++peer_nr;
                last_path = sent->path;
                wire.push_back(sent->datagram);
            } else {
                outputs.push_back(std::move(*output));
            }
        }
    }

    // The next datagram that we sent; it must be there.
    Bytes take() {
        if (wire.empty()) throw std::runtime_error("nothing was sent");
        Bytes datagram = std::move(wire.front());
        wire.pop_front();
        return datagram;
    }
    // The next message that we sent, which must be of this type.
    template <class M>
    M expect() {
        const Bytes bytes = take();
        const Datagram datagram = read_datagram(bytes);
        last_header = datagram.header;
        const auto message = decode_message(datagram.body);
        if (!message) throw std::runtime_error("we sent: " + message.error().fault.message);
        if (!std::holds_alternative<M>(*message)) throw std::runtime_error("we sent another message");
        return std::get<M>(*message);
    }
    // The next output, which must be of this type.
    template <class T>
    T output() {
        if (outputs.empty()) throw std::runtime_error("no output");
        Output first = std::move(outputs.front());
        outputs.pop_front();
        if (!std::holds_alternative<T>(first)) {
            throw std::runtime_error("another output, number " + std::to_string(first.index()));
        }
        return std::get<T>(first);
    }
    [[nodiscard]] bool quiet() const { return wire.empty() && outputs.empty(); }

    // peer -> SCCRQ, accepted, SCCCN: an established tunnel in which we are the LNS.
    void establish(const Sccrq& request = sccrq()) {
        send(request);
        tunnel = output<TunnelOffered>().tunnel;
        accept();
        ours = expect<Sccrp>().assigned_tunnel_id;
        send(Scccn{});
        static_cast<void>(output<TunnelUp>());
        static_cast<void>(expect<Zlb>());
    }
    void accept() {
        if (const auto done = endpoint.accept_tunnel(now, tunnel); !done)
            throw std::runtime_error(done.error().text());
        drain();
    }
    // peer -> ICRQ, accepted, ICCN; the id of our session.
    LocalSessionId call(std::uint16_t peer_session = 500) {
        Icrq icrq;
        icrq.assigned_session_id = peer_session;
        send(icrq);
        const LocalSessionId session = output<SessionOffered>().session;
        if (!endpoint.accept_session(now, tunnel, session)) throw std::runtime_error("accept_session");
        drain();
        static_cast<void>(expect<Icrp>());
        send(Iccn{}, static_cast<std::uint16_t>(session.value));
        static_cast<void>(output<SessionUp>());
        static_cast<void>(expect<Zlb>());
        return session;
    }
    static Sccrq sccrq() {
        Sccrq message;
        message.host_name = "peer";
        message.assigned_tunnel_id = 77;
        return message;
    }

    static Sccrp sccrp() {
        Sccrp message;
        message.host_name = "lns";
        message.assigned_tunnel_id = 88;
        return message;
    }

    FixedRandom random;
    Endpoint endpoint;
    Time now{};
    Path path{IpAddress::v4(0xc0000202), {IpAddress::v4(0xc0000201), 1701}, 5};
    Path last_path;
    ControlHeader last_header;
    std::deque<Bytes> wire;
    std::deque<Output> outputs;
    LocalTunnelId tunnel;
    std::uint16_t ours = 0;     // our tunnel id, as the peer writes it
    std::uint16_t peer_ns = 0;  // the peer's next Ns
    std::uint16_t peer_nr = 0;  // what the peer expects next
};

struct Established : Line {
    explicit Established(const EndpointConfig& config = {}) : Line(config) { establish(); }
};

// We are the initiator: SCCRQ sent, its bytes taken.
struct Opened : Line {
    explicit Opened(const TunnelOptions& options = {}) {
        tunnel = endpoint.open_tunnel(now, path, options).value();
        drain();
        ours = expect<Sccrq>().assigned_tunnel_id;
    }
};

}  // namespace keel::l2tp::test
