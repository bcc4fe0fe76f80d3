// Quirks: what peers do that RFC 2661 does not allow, or do not bear that it allows. Each has a name, chosen
// in the configuration for one peer or server; without any a peer is held to the RFC. The table in quirks.cpp
// says of each which peers need it, what it changes and what it costs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace keel::l2tp {

enum class Quirk : std::uint8_t {
    ignore_unknown,       // an unknown AVP or message with the M bit is ignored
    required_avps_only,   // of ourselves we say only what RFC 2661 6 demands
    lenient_window,       // beyond our window, or announcing a window of 0
    one_at_a_time,        // never more than one message of ours unacknowledged
    swapped_result_code,  // Result and Error Codes in the wrong byte order
    zero_tunnel_id,       // messages of a tunnel that is up are addressed to tunnel 0
    source_port_1701,     // a client's packets come from port 1701 also without IPsec
    source_port_any,      // a client's packets come from a port of their own also with IPsec
};

struct QuirkRow {
    Quirk quirk;
    std::string_view name;     // in the configuration and in `keel2tp show`
    bool client, server;       // has a meaning for a LAC, for an LNS
    std::string_view peers;    // which need it
    std::string_view changes;  // what we do otherwise
    std::string_view costs;
};
// Each Quirk once, in its order.
[[nodiscard]] std::span<const QuirkRow> all_quirks();
[[nodiscard]] std::optional<Quirk> quirk_of(std::string_view name);
[[nodiscard]] std::string_view name_of(Quirk quirk);

// A set of them.
class Quirks {
public:
    constexpr Quirks() = default;
    constexpr Quirks(std::initializer_list<Quirk> quirks) {
        for (const Quirk quirk : quirks) add(quirk);
    }
    constexpr void add(Quirk quirk) { bits_ = static_cast<std::uint16_t>(bits_ | bit(quirk)); }
    [[nodiscard]] constexpr bool has(Quirk quirk) const { return (bits_ & bit(quirk)) != 0; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    bool operator==(const Quirks&) const = default;

private:
    static constexpr std::uint16_t bit(Quirk quirk) {
        return static_cast<std::uint16_t>(1U << static_cast<unsigned>(quirk));
    }
    std::uint16_t bits_ = 0;
};

}  // namespace keel::l2tp
