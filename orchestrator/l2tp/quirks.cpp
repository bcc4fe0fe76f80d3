#include "l2tp/quirks.hpp"

#include <algorithm>
#include <array>

namespace keel::l2tp {

namespace {

using enum Quirk;

constexpr std::array kQuirks{
    QuirkRow{
        ignore_unknown, "ignore-unknown", true, true,
        "access concentrators that mark AVPs of their vendor as mandatory (Cisco, Huawei, some BRAS); "
        "accel-ppp has avp_permissive for them",
        "an AVP that is not known here and has the M bit is ignored, and so is such a message, where RFC "
        "2661 4.1 and 4.4.1 want the tunnel or call ended",
        "what the peer calls indispensable is not done, and nobody is told"},
    QuirkRow{
        required_avps_only, "required-avps-only", true, true,
        "old or small implementations that refuse a set-up for an AVP that they do not know, whatever its "
        "M bit (WatchGuard ends a call for Rx Connect Speed; xl2tpd before 2018 mixed up vendors)",
        "SCCRQ and SCCRP carry what RFC 2661 6.1 and 6.2 demand, and Challenge and Receive Window Size; no "
        "Vendor Name, Firmware Revision, Tie Breaker, Bearer Capabilities, DS AVP; CDN has no PPP "
        "Disconnect Cause",
        "two set-ups that cross both stay; no DSCP is agreed on; outgoing calls cannot be asked of us"},
    QuirkRow{lenient_window, "lenient-window", true, true,
             "peers that send a burst of set-ups without regard to our window, and peers that announce a "
             "Receive Window Size of 0",
             "up to 64 messages ahead of their turn are kept (strictly: our window of 8); a window of 0 is "
             "taken for 1 (strictly: the SCCRQ or SCCRP is refused)",
             "a peer may make us keep 128 KiB"},
    QuirkRow{
        one_at_a_time, "one-at-a-time", true, true,
        "peers that lose the order when several messages come at once (\"out of order control packet\": "
        "xl2tpd, MikroTik, Meraki)",
        "the next control message waits for the acknowledgement of the one before it, whatever the peer's "
        "window",
        "setting up many sessions in one tunnel takes a round trip for each message"},
    QuirkRow{
        swapped_result_code, "swapped-result-code", true, true,
        "Apple's clients, which write the Result Code of StopCCN and CDN in little-endian order (768 for 3)",
        "a Result or Error Code whose lower octet is 0 is read the other way round",
        "none that is known: codes from 256 on are not assigned"},
    QuirkRow{
        zero_tunnel_id, "zero-tunnel-id", false, true,
        "D-Link DIR-300 and its like, which address every message to tunnel 0; accel-ppp has "
        "dir300_quirk for them",
        "a message to tunnel 0 that is no SCCRQ is taken for one of the newest tunnel that came from that "
        "address and port (with IPsec: under that SA)",
        "of several tunnels from one address, port and SA only the newest can be such a peer's"},
    QuirkRow{source_port_1701, "source-port-1701", true, false,
             "servers and firewalls that answer port 1701 only, whatever port asked",
             "without IPsec too, the client's packets come from port 1701 (with IPsec they always do)",
             "port 1701 must be free on this host; one connection to each server"},
    QuirkRow{
        source_port_any, "source-port-any", true, false,
        "servers that can serve only one client of a NAT from port 1701, and hosts where another program "
        "holds port 1701",
        "the client's packets come from a port of their own, also with IPsec and beside a server of ours "
        "(without either they always do)",
        "servers that insist on port 1701 in the IPsec selectors refuse it"},
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
