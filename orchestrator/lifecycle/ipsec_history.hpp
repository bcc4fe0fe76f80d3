// IpsecHistory: what the SAs that are up do not tell by themselves: who has come by IKEv1 since the start
// (the operator wants to turn it off, and must know whom that would lock out), and how often a peer's NAT
// mapping moved. Fed with every Event, in bounded memory: strangers choose how many peers and identities
// there are. Owner: main.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports.hpp"

namespace keel::lifecycle {

struct Ikev1Peer {
    std::string connection, identity;
    IpAddress address;  // the last one
    std::uint64_t times = 0;
    Time first, last;
    std::uint32_t up = 0;  // SAs that it has now
};
struct MappingMoves {
    std::uint32_t count = 0;
    Time last;
};

class IpsecHistory {
public:
    static constexpr std::size_t kMaxPeers = 512;

    explicit IpsecHistory(Time now) : since_(now) {}

    void observe(Time now, const Event& event);

    [[nodiscard]] Time since() const { return since_; }
    [[nodiscard]] std::vector<Ikev1Peer> ikev1_peers() const;  // the last that came first
    // Peers of which only the number is left; one that comes, is forgotten and comes again counts twice.
    [[nodiscard]] std::uint64_t ikev1_forgotten() const { return forgotten_; }
    [[nodiscard]] std::uint64_t ikev2_times() const { return ikev2_times_; }  // SAs that came up by IKEv2
    // Of the SA with that mark, since it came up; nothing: never.
    [[nodiscard]] std::optional<MappingMoves> moves(std::uint32_t mark) const;

private:
    struct Up {
        SocketAddress remote;
        std::optional<std::pair<std::string, std::string>> ikev1;  // its key in peers_
        MappingMoves moves{};
    };

    void on_up(Time now, const ChildSa& sa);
    void on_down(std::uint32_t mark);
    void make_room();

    Time since_;
    std::map<std::pair<std::string, std::string>, Ikev1Peer> peers_;  // by connection and identity
    std::map<std::uint32_t, Up> up_;                                  // by mark: as many as charon has SAs
    std::uint64_t forgotten_ = 0, ikev2_times_ = 0;
};

}  // namespace keel::lifecycle
