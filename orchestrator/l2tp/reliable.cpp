#include "l2tp/reliable.hpp"

#include <algorithm>

namespace keel::l2tp {

namespace {

// Control messages are short; a larger one is not kept out of order but left to the peer's retransmission, so
// that a peer cannot make us hold windows full of garbage.
constexpr std::size_t kMaxEarlySize = 2048;

// How far `a` is ahead of `b` modulo 2^16; negative: behind. RFC 2661 5.8: the preceding 32768 values of what
// is expected count as received already.
std::int16_t ahead(std::uint16_t a, std::uint16_t b) {
    return static_cast<std::int16_t>(static_cast<std::uint16_t>(a - b));
}

}  // namespace

Duration ReliableLimits::interval(unsigned n) const {
    Duration interval = initial;
    for (unsigned i = 0; i < n && interval < cap; ++i) interval *= 2;
    return std::min(interval, std::max(cap, initial));
}

Duration ReliableLimits::cycle() const {
    Duration sum{};
    for (unsigned i = 0; i <= retransmissions; ++i) sum += interval(i);
    return sum;
}

std::uint16_t Reliable::next_ns() const {
    return static_cast<std::uint16_t>(state_.oldest + state_.numbered);
}

Reliable::Verdict Reliable::receive(Time now, const ControlHeader& header, ByteView message, bool zlb,
                                    const ReliableLimits& limits, std::vector<LocalSessionId>& sessions) {
    const std::int16_t acknowledged = ahead(header.nr, state_.oldest);
    if (acknowledged > static_cast<std::int32_t>(state_.numbered)) return Verdict::impossible_nr;
    // A smaller Nr is that of a datagram which was overtaken: it says nothing new.
    if (acknowledged > 0) acknowledge(now, static_cast<std::uint16_t>(acknowledged), limits, sessions);
    if (zlb) return Verdict::nothing;

    const std::int16_t distance = ahead(header.ns, state_.nr);
    if (distance < 0) {
        state_.acknowledge_at = now;
        return Verdict::duplicate;
    }
    if (distance == 0) {
        ++state_.nr;
        state_.acknowledge_at = now;
        return Verdict::deliver;
    }
    if (distance >= static_cast<std::int32_t>(limits.receive_window) || message.size() > kMaxEarlySize) {
        return Verdict::dropped;
    }
    const auto same = [&](const ReliableState::Early& early) { return early.ns == header.ns; };
    if (std::ranges::any_of(state_.early, same)) return Verdict::duplicate;
    state_.early.push_back({header.ns, Bytes(message.begin(), message.end())});
    return Verdict::nothing;
}

std::optional<Bytes> Reliable::take_early(Time now) {
    const auto next = std::ranges::find(state_.early, state_.nr, &ReliableState::Early::ns);
    if (next == state_.early.end()) return std::nullopt;
    Bytes message = std::move(next->message);
    state_.early.erase(next);
    ++state_.nr;
    state_.acknowledge_at = now;
    return message;
}

void Reliable::acknowledge(Time now, std::uint16_t count, const ReliableLimits& limits,
                           std::vector<LocalSessionId>& sessions) {
    for (std::size_t i = 0; i < count; ++i) {
        if (state_.outgoing[i].session) sessions.push_back(state_.outgoing[i].session);
    }
    if (count == state_.outgoing.size()) {
        state_.outgoing = std::vector<ReliableState::Outgoing>();  // its memory too: most tunnels have
                                                                   // nothing to say most of the time
    } else {
        state_.outgoing.erase(state_.outgoing.begin(), state_.outgoing.begin() + count);
    }
    state_.oldest = static_cast<std::uint16_t>(state_.oldest + count);
    state_.numbered = static_cast<std::uint16_t>(state_.numbered - count);
    state_.in_flight = static_cast<std::uint16_t>(state_.in_flight - std::min(state_.in_flight, count));
    state_.timeouts = 0;
    state_.retransmit_at.reset();
    if (state_.in_flight > 0) state_.retransmit_at = now + limits.interval(0);
    widen();
}

// Appendix A: slow start below ssthresh, then one more for each window's worth of acknowledgements.
void Reliable::widen() {
    const bool slow_start = state_.cwnd < state_.ssthresh;
    if (!slow_start && ++state_.acks_in_cwnd < state_.cwnd) return;
    state_.acks_in_cwnd = 0;
    if (state_.cwnd < state_.peer_window) ++state_.cwnd;
}

void Reliable::queue(Bytes message, LocalSessionId session) {
    state_.outgoing.push_back({std::move(message), session});
}

void Reliable::drop_unsent() {
    state_.outgoing.resize(state_.numbered);
}

void Reliable::drop_outgoing() {
    state_.oldest = next_ns();
    state_.outgoing.clear();
    state_.numbered = 0;
    state_.in_flight = 0;
    state_.retransmit_at.reset();
}

void Reliable::disown(LocalSessionId session) {
    for (auto& outgoing : state_.outgoing) {
        if (outgoing.session == session) outgoing.session = {};
    }
}

void Reliable::set_peer_window(std::uint16_t window) {
    state_.peer_window = window;
    state_.ssthresh = window;
    state_.cwnd = std::min(state_.cwnd, window);
}

void Reliable::delay_acknowledgement(std::optional<Time> when) {
    if (state_.acknowledge_at) state_.acknowledge_at = when;
}

std::optional<Bytes> Reliable::poll_transmit(Time now, std::uint16_t peer_tunnel,
                                             const ReliableLimits& limits) {
    if (state_.in_flight < state_.outgoing.size() &&
        state_.in_flight < std::min(state_.cwnd, state_.peer_window)) {
        const std::uint16_t index = state_.in_flight++;
        if (index < state_.numbered) {
            ++state_.retransmitted;
        } else {
            ++state_.numbered;
        }
        if (!state_.retransmit_at) state_.retransmit_at = now + limits.interval(state_.timeouts);
        state_.acknowledge_at.reset();
        Bytes& message = state_.outgoing[index].message;
        // RFC 2661 5.8: a retransmission has its old Ns and the newest Nr.
        set_sequence(message, static_cast<std::uint16_t>(state_.oldest + index), state_.nr);
        return message;
    }
    if (state_.acknowledge_at && *state_.acknowledge_at <= now) {
        state_.acknowledge_at.reset();
        Writer out;
        write_header(out, ControlHeader{peer_tunnel, 0, next_ns(), state_.nr});
        return out.take();
    }
    return std::nullopt;
}

bool Reliable::on_timeout(Time now, const ReliableLimits& limits) {
    if (!state_.retransmit_at || *state_.retransmit_at > now) return true;
    if (state_.timeouts >= limits.retransmissions) return false;
    ++state_.timeouts;
    // Appendix A, on congestion: everything in flight is presumed lost, the window opens anew.
    state_.ssthresh = std::max<std::uint16_t>(state_.cwnd / 2, 1);
    state_.cwnd = 1;
    state_.acks_in_cwnd = 0;
    state_.in_flight = 0;
    state_.retransmit_at.reset();
    return true;
}

std::optional<Time> Reliable::next_timeout() const {
    if (!state_.retransmit_at) return state_.acknowledge_at;
    if (!state_.acknowledge_at) return state_.retransmit_at;
    return std::min(*state_.retransmit_at, *state_.acknowledge_at);
}

}  // namespace keel::l2tp
