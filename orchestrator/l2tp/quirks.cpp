#include "l2tp/quirks.hpp"

#include <algorithm>
#include <array>

namespace keel::l2tp {

namespace {

using enum Quirk;

constexpr std::array kQuirks{
    QuirkRow{
        ignore_unknown, "ignore-unknown", true, true,
        "access concentrators that set the M bit on AVPs of their own; accel-ppp has avp_permissive for them",
        "an AVP that is not known here and has the M bit is ignored, and so is such a message, where RFC "
        "2661 4.1 and 4.4.1 want the tunnel or the call ended",
        "what the peer calls indispensable is not done, and nobody is told"},
    QuirkRow{
        required_avps_only, "required-avps-only", true, true,
        "peers that refuse a set-up for an AVP that they do not know or do not expect, whatever its M bit "
        "(WatchGuard over Rx Connect Speed; xl2tpd takes another vendor's AVP for the IETF's of that "
        "number)",
        "SCCRQ and SCCRP carry what RFC 2661 6.1 and 6.2 demand, Receive Window Size, and what the "
        "configuration asks for (Challenge; Bearer Capabilities for outgoing calls); no Vendor Name, "
        "Firmware Revision, Tie Breaker, Control Connection DS; a CDN has no PPP Disconnect Cause",
        "of two set-ups that cross both stay; no DSCP is agreed on"},
    QuirkRow{
        lenient_window, "lenient-window", true, true,
        "peers that send without regard to our window, and peers that announce a Receive Window Size of 0",
        "up to 64 messages ahead of their turn are kept (strictly 8, our window); a window of 0 is taken "
        "for 1 (strictly the SCCRQ or SCCRP is refused)",
        "a peer may make us keep 128 KiB"},
    QuirkRow{
        one_at_a_time, "one-at-a-time", true, true,
        "peers that drop what comes before its turn, and take long to ask for it again (xl2tpd: \"out of "
        "order control packet\")",
        "a control message waits for the acknowledgement of the one before it, whatever the peer's window",
        "many set-ups in one tunnel take a round trip for each message"},
    QuirkRow{
        swapped_result_code, "swapped-result-code", true, true,
        "Apple's clients, which write the Result Code of StopCCN and CDN in little-endian order: 768 for 3",
        "a Result or Error Code whose lower octet is 0 is read the other way round",
        "none that is known: codes from 256 on are not assigned"},
    QuirkRow{
        zero_tunnel_id, "zero-tunnel-id", false, true,
        "D-Link DIR-300 and its like, which address every message to tunnel 0; accel-ppp has "
        "dir300_quirk for them",
        "a message to tunnel 0 that is no SCCRQ is taken for one of the newest tunnel that came from that "
        "address and port, with IPsec under that SA",
        "of several tunnels from one address and port only the newest can be such a peer's"},
    QuirkRow{source_port_1701, "source-port-1701", true, false,
             "servers and firewalls that answer port 1701 alone, whatever port asked",
             "without IPsec too the client's packets come from port 1701, as with IPsec they always do",
             "no other program may hold port 1701; one connection to each server"},
    QuirkRow{source_port_any, "source-port-any", true, false,
             "servers that can serve only one client of a NAT from port 1701; two connections to one server "
             "without IPsec",
             "the client's packets come from a port of their own with IPsec too, and beside a server of ours "
             "on the same address; the IPsec selector on our side is any UDP port",
             "servers that insist on port 1701 in the selectors refuse it"},
};

static_assert(std::ranges::all_of(kQuirks, [i = 0](const QuirkRow& row) mutable {
    return static_cast<int>(row.quirk) == i++;
}));

}  // namespace

std::span<const QuirkRow> all_quirks() {
    return kQuirks;
}

std::optional<Quirk> quirk_of(std::string_view name) {
    const auto found = std::ranges::find(kQuirks, name, &QuirkRow::name);
    return found == kQuirks.end() ? std::nullopt : std::optional(found->quirk);
}

std::string_view name_of(Quirk quirk) {
    return kQuirks[static_cast<std::size_t>(quirk)].name;
}

}  // namespace keel::l2tp
