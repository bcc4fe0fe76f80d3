// Reliable delivery of control messages within one tunnel (RFC 2661 5.8 and appendix A): sequence numbers
// modulo 2^16, in-order delivery, acknowledgement, retransmission with back-off, sliding and congestion
// window. It knows nothing of what the messages say. Owner: Tunnel. All its state is in one plain struct.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/id.hpp"
#include "base/time.hpp"
#include "l2tp/header.hpp"

namespace keel::l2tp {

// The same for every tunnel of an endpoint.
struct ReliableLimits {
    Duration initial = seconds(1);     // until the first retransmission
    Duration cap = seconds(8);         // the longest interval between two
    unsigned retransmissions = 5;      // after the first transmission
    std::uint16_t receive_window = 8;  // messages that the peer may send ahead

    // Before transmission n + 1 (n = 0: after the first one).
    [[nodiscard]] Duration interval(unsigned n) const;
    // From the first transmission of a message to giving it up: the "full retransmission cycle" of 5.7.
    [[nodiscard]] Duration cycle() const;
};

struct ReliableState {
    struct Outgoing {
        Bytes message;
        LocalSessionId session;  // whose message it is; 0: the tunnel's own
    };
    struct Early {
        std::uint16_t ns = 0;
        Bytes message;
    };

    std::uint16_t oldest = 0;       // Ns of outgoing[0]
    std::uint16_t nr = 0;           // the Ns expected next
    std::uint16_t peer_window = 4;  // 4.4.3: 4 if the peer does not say
    std::uint16_t cwnd = 1;
    std::uint16_t ssthresh = 4;
    std::uint16_t acks_in_cwnd = 0;  // congestion avoidance: acknowledgements since cwnd last grew
    std::uint16_t numbered = 0;      // outgoing messages that have been sent at least once
    std::uint16_t in_flight = 0;     // of these, those not presumed lost
    unsigned timeouts = 0;           // in a row
    std::uint64_t retransmitted = 0;
    std::vector<Outgoing> outgoing;  // in order; not acknowledged, or not sent yet
    std::vector<Early> early;        // received beyond nr, within the window
    std::optional<Time> retransmit_at;
    std::optional<Time> acknowledge_at;  // when a ZLB goes, if nothing else carries Nr before
};

class Reliable {
public:
    enum class Verdict {
        deliver,        // the message is the next one: handle it, then take_early() until empty
        nothing,        // a ZLB, or an early message that was kept
        duplicate,      // acknowledged again at once
        dropped,        // beyond the window, or too large to keep
        impossible_nr,  // acknowledges what was never sent; nothing was changed
    };

    Reliable() = default;
    explicit Reliable(ReliableState state) : state_(std::move(state)) {}
    [[nodiscard]] const ReliableState& state() const { return state_; }

    // A control message that came: its header and, to be kept if it is early, all of it. For each
    // message of a session that the peer has now acknowledged, the session is appended to `acknowledged`.
    [[nodiscard]] Verdict receive(Time now, const ControlHeader& header, ByteView message, bool zlb,
                                  const ReliableLimits& limits, std::vector<LocalSessionId>& acknowledged);
    // A kept message whose turn has come.
    [[nodiscard]] std::optional<Bytes> take_early(Time now);

    // Queues a whole message; Ns and Nr are filled in when it is sent.
    void queue(Bytes message, LocalSessionId session = {});
    // Forgets what has not been sent yet: a StopCCN need not wait behind it.
    void drop_unsent();
    // Forgets everything outgoing: the peer is gone. What comes is still acknowledged.
    void drop_outgoing();
    // The session is over: what it has said is still sent, and its acknowledgement is nobody's. Its id may be
    // another session's by then.
    void disown(LocalSessionId session);
    // 4.4.3 Receive Window Size of the peer.
    void set_peer_window(std::uint16_t window);
    // Puts the acknowledgement of what has been received off until `when` (nothing: without limit), for an
    // answer that will carry it.
    void delay_acknowledgement(std::optional<Time> when);

    // The next datagram that may go now; call until empty.
    [[nodiscard]] std::optional<Bytes> poll_transmit(Time now, std::uint16_t peer_tunnel,
                                                     const ReliableLimits& limits);
    // False: a message was given up, the peer does not answer.
    [[nodiscard]] bool on_timeout(Time now, const ReliableLimits& limits);
    [[nodiscard]] std::optional<Time> next_timeout() const;

    [[nodiscard]] bool all_acknowledged() const { return state_.outgoing.empty(); }
    [[nodiscard]] std::uint16_t next_ns() const;

private:
    void acknowledge(Time now, std::uint16_t count, const ReliableLimits& limits,
                     std::vector<LocalSessionId>& acknowledged);
    void widen();

    ReliableState state_;
};

}  // namespace keel::l2tp
