#include "linux/guard_rules.hpp"

#include <fmt/format.h>

#include <charconv>

namespace keel {
namespace {

// Order is speed: a packet that is neither marked nor UDP has left after two comparisons, and a data packet
// under an SA is through at the first rule of `marked`.
//
// `udp checksum set 0` comes after the rewriting of a port, because that adjusts the checksum and so turns
// "none" (0) into a wrong one. ESP proves the payload, so that UDP's checksum has no worth here, and without
// it the kernel saves a pass over the data.
// meta mark set 0: the mark must not leak onto the inner packets, and outbound the ESP packet passes output
// again. ipsec in ip saddr: exists for tunnel mode only; a VPN of somebody else whose SAs set marks is let
// alone.
// maxseg size set: never raises what the SYN says.
constexpr std::string_view kChains = R"(
 chain clear_tunnel {
  ip daddr . udp dport @tunnels4 counter name cleartext_in drop
  ip6 daddr . udp dport @tunnels6 counter name cleartext_in drop
 }
 chain clear_l2tp {
  ip daddr @protected4 counter name cleartext_in drop
  ip6 daddr @protected6 counter name cleartext_in drop
 }
 chain clear {
  udp dport 1701 goto clear_l2tp
  udp dport 20000-39999 goto clear_tunnel
 }
 chain marked {
  meta secpath missing goto clear
  udp dport 1701 @th,64,1 0 udp dport set meta mark and 0x00ffffff map @ports udp checksum set 0 meta mark set 0 accept
  udp dport 1701 @th,64,1 1 @th,96,16 0 udp dport set meta mark and 0x00ffffff map @offers udp checksum set 0 meta mark set 0 accept
  udp dport 1701 @th,64,1 1 @th,96,16 0 ip daddr @protected4 accept
  udp dport 1701 @th,64,1 1 @th,96,16 0 ip6 daddr @protected6 accept
  udp dport 1701 udp dport set meta mark and 0x00ffffff map @ports udp checksum set 0 meta mark set 0 accept
  udp dport 1701 @th,64,1 1 ip daddr @protected4 accept
  udp dport 1701 @th,64,1 1 ip6 daddr @protected6 accept
  udp dport 20000-39999 meta mark . udp dport @own_ports udp checksum set 0 meta mark set 0 accept
  ipsec in ip saddr 0.0.0.0-255.255.255.255 accept
  ipsec in ip6 saddr ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff accept
  counter name foreign_in drop
 }
 chain pre {
  type filter hook prerouting priority raw; policy accept;
  meta mark != 0 goto marked
  meta l4proto udp goto clear
 }
 chain tunnel_out {
  rt ipsec missing counter name cleartext_out drop
  udp checksum 0 udp sport set 1701 udp checksum set 0 meta mark set 0 accept
  udp sport set 1701 meta mark set 0
 }
 chain own_port_out {
  rt ipsec missing counter name cleartext_out drop
  meta mark set 0
 }
 chain l2tp_out {
  rt ipsec exists accept
  ip saddr @protected4 counter name cleartext_out drop
  ip6 saddr @protected6 counter name cleartext_out drop
 }
 chain out {
  type filter hook output priority 300; policy accept;
  meta mark & 0xff000000 == 0x4c000000 goto tunnel_out
  meta mark & 0xff000000 == 0x4d000000 goto own_port_out
  udp sport 1701 goto l2tp_out
 }
 chain clamp {
  tcp option maxseg size set iifname map @mss
  tcp option maxseg size set oifname map @mss
 }
 chain forward {
  type filter hook forward priority mangle; policy accept;
  tcp flags & (syn|rst) == syn goto clamp
 }
)";

std::string address_set(std::string_view name, std::string_view type, std::span<const IpAddress> addresses,
                        bool v4) {
    std::set<IpAddress> wanted;
    for (const IpAddress& address : addresses) {
        if (address.is_v4() == v4) wanted.insert(address);
    }
    std::string elements;
    for (const IpAddress& address : wanted) {
        elements += (elements.empty() ? "" : ", ") + address.text();
    }
    if (!elements.empty()) elements = " elements = { " + elements + " };";
    return fmt::format(" set {} {{ type {};{} }}\n", name, type, elements);
}

std::string port_element(const SocketAddress& local) {
    return fmt::format("inet {} tunnels{} {{ {} . {} }}", kGuardTable, local.ip.is_v4() ? 4 : 6,
                       local.ip.text(), local.port);
}

std::string mark_element(std::uint32_t mark, std::uint16_t port) {
    return fmt::format("inet {} ports {{ {:#x} : {} }}", kGuardTable, mark, port);
}

std::string offers_element(const GuardedTunnel& socket) {
    return fmt::format("inet {} offers {{ {:#x} : {} }}", kGuardTable, socket.mark, socket.local.port);
}

std::string own_port_element(const GuardedTunnel& tunnel) {
    return fmt::format("inet {} own_ports {{ {:#x} . {} }}", kGuardTable, tunnel.mark, tunnel.local.port);
}

std::string mss_element(const std::string& interface, std::uint16_t mtu) {
    constexpr std::uint16_t kIpAndTcp = 40;  // RFC 6691 2; our links carry IPv4 alone
    return fmt::format("inet {} mss {{ \"{}\" : {} }}", kGuardTable, interface, mtu - kIpAndTcp);
}

std::string counter_text(std::string_view name, std::uint64_t packets) {
    return fmt::format(" counter {} {{ packets {} bytes 0 }}\n", name, packets);
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view word) {
    const auto at = text.find(word);
    if (at == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at + word.size());
    std::uint64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{}) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> counter(std::string_view listing, std::string_view name) {
    const auto at = listing.find(fmt::format("counter {} ", name));
    if (at == std::string_view::npos) return std::nullopt;
    return number_after(listing.substr(at), "packets ");
}

std::string_view trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(" \t\n");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\n") - from + 1);
}

}  // namespace

std::string guard_install_text(std::span<const IpAddress> protected_addresses, const GuardState& state) {
    std::string text = guard_remove_text();
    text += fmt::format("table inet {} {{\n", kGuardTable);
    text += counter_text("cleartext_in", state.counters.cleartext_in);
    text += counter_text("cleartext_out", state.counters.cleartext_out);
    text += counter_text("foreign_in", state.counters.foreign_in);
    text += address_set("protected4", "ipv4_addr", protected_addresses, true);
    text += address_set("protected6", "ipv6_addr", protected_addresses, false);
    text +=
        " set tunnels4 { type ipv4_addr . inet_service; }\n set tunnels6 { type ipv6_addr . inet_service; "
        "}\n";
    text += " set own_ports { type mark . inet_service; }\n";
    text += " map ports { type mark : inet_service; }\n";
    text += " map offers { type mark : inet_service; }\n";
    text += " map mss { typeof iifname : tcp option maxseg size; }\n";
    text += kChains;
    text += "}\n";
    for (const GuardedTunnel& tunnel : state.tunnels)
        text += "add element " + port_element(tunnel.local) + "\n";
    for (const GuardedTunnel& tunnel : state.tunnels) {
        if (tunnel.own_port) text += "add element " + own_port_element(tunnel) + "\n";
        if (tunnel.offers) text += "add element " + offers_element(tunnel) + "\n";
    }
    for (const auto& [mark, port] : state.ports_by_mark)
        text += "add element " + mark_element(mark, port) + "\n";
    for (const auto& [interface, mtu] : state.links)
        text += "add element " + mss_element(interface, mtu) + "\n";
    return text;
}

std::string guard_remove_text() {
    // `add` first, so that `delete` cannot fail on a table that is not there (no `destroy` before nft 1.0.7).
    return fmt::format("add table inet {0}\ndelete table inet {0}\n", kGuardTable);
}

std::string guard_probe_text() {
    return R"(add table inet keel2tp_probe
table inet keel2tp_probe {
 map ports { type mark : inet_service; }
 chain probe {
  meta secpath missing rt ipsec missing accept
  ipsec in ip saddr 0.0.0.0 accept
  udp dport set meta mark and 0x00ffffff map @ports udp checksum set 0 accept
 }
}
delete table inet keel2tp_probe
)";
}

std::string guard_add_text(const GuardedTunnel& tunnel, std::optional<std::uint16_t> replaces) {
    std::string text = "add element " + port_element(tunnel.local) + "\n";
    if (tunnel.offers) return text + "add element " + offers_element(tunnel) + "\n";
    if (tunnel.own_port) text += "add element " + own_port_element(tunnel) + "\n";
    if (replaces) text += "delete element " + mark_element(tunnel.mark, *replaces) + "\n";
    text += "add element " + mark_element(tunnel.mark, tunnel.local.port) + "\n";
    return text;
}

std::string guard_delete_text(const GuardedTunnel& tunnel, bool owns_mark) {
    std::string text = "delete element " + port_element(tunnel.local) + "\n";
    if (tunnel.offers) return text + "delete element " + offers_element(tunnel) + "\n";
    if (tunnel.own_port) text += "delete element " + own_port_element(tunnel) + "\n";
    if (owns_mark) text += "delete element " + mark_element(tunnel.mark, tunnel.local.port) + "\n";
    return text;
}

std::string guard_link_text(const std::string& interface, std::optional<std::uint16_t> old,
                            std::optional<std::uint16_t> mtu) {
    std::string text;
    if (old) text += "delete element " + mss_element(interface, *old) + "\n";
    if (mtu) text += "add element " + mss_element(interface, *mtu) + "\n";
    return text;
}

std::optional<GuardCounters> parse_guard_counters(std::string_view listing) {
    const auto in = counter(listing, "cleartext_in");
    const auto out = counter(listing, "cleartext_out");
    const auto foreign = counter(listing, "foreign_in");
    if (!in || !out || !foreign) return std::nullopt;
    return GuardCounters{*in, *out, *foreign};
}

std::vector<SocketAddress> parse_guard_ports(std::string_view listing) {
    std::vector<SocketAddress> out;
    auto at = listing.find("elements = {");
    if (at == std::string_view::npos) return out;
    listing.remove_prefix(at + std::string_view("elements = {").size());
    listing = listing.substr(0, listing.find('}'));
    while (!listing.empty()) {
        const auto end = std::min(listing.find(','), listing.size());
        const std::string_view element = trimmed(listing.substr(0, end));
        listing.remove_prefix(std::min(end + 1, listing.size()));
        const auto separator = element.find(" . ");
        if (separator == std::string_view::npos) continue;
        const auto ip = IpAddress::parse(element.substr(0, separator));
        const auto port = number_after(element, " . ");
        if (ip && port && *port <= 0xffff) out.push_back({*ip, static_cast<std::uint16_t>(*port)});
    }
    return out;
}

}  // namespace keel
