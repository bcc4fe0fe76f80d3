// Siege: an LNS's Endpoint with established tunnels, a session in each, whose peers are real; and who attacks
// it, by named kinds of datagrams. Virtual time, one seed. Used by the tests beside it and by
// tests/bench/hostile.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "l2tp/endpoint.hpp"

namespace keel::l2tp::test {

enum class Attack {
    garbage,         // random octets
    headers,         // a control header, random behind it
    truncated,       // what a peer sent, cut short, on its own path
    mutated,         // what a peer sent, some octets changed, from another address
    sccrq_spoofed,   // SCCRQs, each from a source of its own
    sccrq_one,       // SCCRQs of one source, which never carries on
    sccrq_hidden,    // SCCRQs with hidden AVPs of hostile inner lengths, where a secret is shared
    sccrq_unproved,  // SCCRQs with a Challenge, where no secret is configured
    replayed,        // what a peer sent, again, on its own path
    wrong_address,   // right ids, from another address
    wrong_binding,   // right ids and address, under another SA
    forged_end,      // StopCCN and CDN with right ids, from another address
    out_of_window,   // on the peer's path, with an Ns or Nr that cannot be
    zlb,             // acknowledgements on the peer's path
};
inline constexpr std::array kAttacks{Attack::garbage,       Attack::headers,
                                     Attack::truncated,     Attack::mutated,
                                     Attack::sccrq_spoofed, Attack::sccrq_one,
                                     Attack::sccrq_hidden,  Attack::sccrq_unproved,
                                     Attack::replayed,      Attack::wrong_address,
                                     Attack::wrong_binding, Attack::forged_end,
                                     Attack::out_of_window, Attack::zlb};
[[nodiscard]] std::string_view name_of(Attack attack);

struct Tally {
    std::uint64_t packets = 0, octets = 0;         // hostile ones, to the LNS
    std::uint64_t answers = 0, answer_octets = 0;  // what the LNS sent while it was attacked, HELLOs too
    double seconds = 0;                            // CPU time within the Endpoint, if a clock was given

    [[nodiscard]] double amplification() const {
        return octets == 0 ? 0 : static_cast<double>(answer_octets) / static_cast<double>(octets);
    }
};

class SiegeRandom final : public Random {
public:
    explicit SiegeRandom(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
    }

private:
    std::mt19937_64 engine_;
};

class Siege {
public:
    // Establishes the tunnels.
    Siege(std::uint32_t tunnels, std::uint64_t seed);
    Siege(const Siege&) = delete;
    Siege& operator=(const Siege&) = delete;

    // One after another, `gap` apart. `clock`: CPU seconds, for Tally.
    using Clock = double (*)();
    [[nodiscard]] Tally attack(Attack kind, std::uint64_t packets, Duration gap = milliseconds(1) / 20,
                               Clock clock = nullptr);
    // Without attacks; peers and LNS go on talking. What the LNS sends is added to `tally`.
    void pass(Duration time, Tally* tally = nullptr);

    [[nodiscard]] const Endpoint& lns() const { return lns_; }
    // Tunnels that are up at both ends, of those that were established at first; their sessions.
    [[nodiscard]] std::size_t tunnels_up() const;
    [[nodiscard]] std::size_t sessions_up() const;
    // Opens a session in every `step`th of these tunnels; how many came up at both ends.
    [[nodiscard]] std::size_t new_sessions(std::size_t step);
    // What the LNS said of the tunnels that it did not take.
    [[nodiscard]] std::uint64_t refusals() const { return refusals_; }
    [[nodiscard]] std::uint16_t last_result() const { return last_result_; }
    [[nodiscard]] std::uint16_t last_error() const { return last_error_; }

private:
    struct Call {
        LocalTunnelId lac, lns;
        LocalSessionId lac_session, lns_session;
        Path path;  // as the LNS sees it
    };
    struct Datagram {
        Path path;
        Bytes bytes;
    };

    [[nodiscard]] Datagram make(Attack kind);
    [[nodiscard]] Datagram sccrq(Attack kind);
    [[nodiscard]] Bytes forged(const Call& call);
    [[nodiscard]] Bytes out_of_window(const Call& call);
    [[nodiscard]] Path stranger();
    [[nodiscard]] std::uint32_t below(std::size_t limit);
    // Until neither end has anything more to say.
    void pump(Tally* tally = nullptr);
    [[nodiscard]] bool take_lac();
    [[nodiscard]] bool take_lns(Tally* tally);
    void handle(const Output& output, Tally* tally);
    void note_refusal(ByteView datagram);
    void advance(Time until, Tally* tally = nullptr);

    std::mt19937_64 engine_;
    SiegeRandom lac_random_, lns_random_;
    Endpoint lac_, lns_;  // the peers are one LAC with many addresses
    Time now_{};
    std::vector<Call> calls_;
    std::vector<Datagram> captured_;
    bool capturing_ = true;
    std::uint64_t refusals_ = 0;
    std::uint16_t last_result_ = 0, last_error_ = 0;
};

}  // namespace keel::l2tp::test
