// Trace: the recent control messages of one connection, for `keel2tp trace`. Bounded in number and octets;
// secrets are blanked before anything is kept. Nobody can push others' messages out: room is made at the cost
// of whoever has most of it, and all that belongs to no established tunnel counts as one.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/id.hpp"
#include "base/time.hpp"
#include "ports.hpp"

namespace keel::lifecycle {

struct TracedMessage {
    enum class Direction { received, sent };
    Time at;
    Direction direction = Direction::received;
    SocketAddress local, remote;
    Bytes octets;           // of the UDP datagram; secrets are zeroes
    bool repeated = false;  // the same message has been here before: retransmitted
};

class Trace {
public:
    struct Limits {
        std::size_t messages = 64;
        std::size_t octets = std::size_t{16} * 1024;
        // HELLOs and bare acknowledgements, which come for ever: the set-up shall outlive them.
        std::size_t idle = 16;
    };
    Trace() = default;
    explicit Trace(Limits limits) : limits_(limits) {}

    // `tunnel`: ours; 0 where there is none yet. `established`: its peer is no stranger, and what led to it
    // is the peer's own from here on. What is no control message is not kept.
    void record(LocalTunnelId tunnel, bool established, TracedMessage message);

    [[nodiscard]] std::vector<TracedMessage> messages() const;  // the oldest first

private:
    struct Entry {
        std::uint32_t tunnel = 0;  // ours
        std::uint32_t group = 0;   // the same once it is established; until then 0
        bool idle = false;
        TracedMessage message;
    };
    using Entries = std::deque<Entry>;

    void adopt(std::uint32_t tunnel, const SocketAddress& remote);
    [[nodiscard]] bool repeats(const Entry& entry) const;
    void make_room();
    void drop_oldest(bool idle_only);
    [[nodiscard]] std::uint32_t largest(bool idle_only) const;

    Limits limits_;
    Entries entries_;
    std::size_t octets_ = 0, idle_ = 0;
};

}  // namespace keel::lifecycle
