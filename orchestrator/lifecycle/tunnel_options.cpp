#include "lifecycle/tunnel_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lifecycle/reason.hpp"

namespace keel::lifecycle {
namespace {

constexpr Duration kUsualPatience = seconds(60);
constexpr Duration kMargin = seconds(5);

std::string remedy_for_secret(const config::Tunnel& tunnel, const std::string& name, Side side) {
    if (side == Side::client) {
        if (tunnel.secret.empty()) {
            return fmt::format(
                "give {} the tunnel secret that the server's operator has: \"tunnel\": {{\"secret\": …}}",
                name);
        }
        return fmt::format(
            "compare the tunnel's \"secret\" of {} with the server's; leave it out if the server has none",
            name);
    }
    if (tunnel.secret.empty()) {
        return fmt::format(
            "give {} the client's tunnel secret, \"tunnel\": {{\"secret\": …}}, or take it from the client",
            name);
    }
    return fmt::format("compare the client's tunnel secret with the tunnel's \"secret\" of {}", name);
}

}  // namespace

l2tp::Quirks quirks_of(const config::Tunnel& tunnel) {
    l2tp::Quirks quirks;
    for (const std::string& name : tunnel.quirks) {
        if (const auto quirk = l2tp::quirk_of(name)) quirks.add(*quirk);
    }
    return quirks;
}

l2tp::TunnelOptions tunnel_options(const config::Tunnel& tunnel, Duration hello_interval) {
    l2tp::TunnelOptions options;
    options.hello_interval = hello_interval;
    options.secret = tunnel.secret;
    options.dscp = tunnel.dscp;
    options.hide = tunnel.hide;
    options.quirks = quirks_of(tunnel);
    options.retransmit_initial = tunnel.retransmit_initial;
    options.retransmit_limit = tunnel.retransmit_limit;
    return options;
}

SourcePort source_port_of(const config::Tunnel& tunnel) {
    const l2tp::Quirks quirks = quirks_of(tunnel);
    if (quirks.has(l2tp::Quirk::source_port_1701)) return SourcePort::l2tp;
    return quirks.has(l2tp::Quirk::source_port_any) ? SourcePort::own : SourcePort::usual;
}

Duration tunnel_patience(const config::Tunnel& tunnel) {
    const Duration cycle = l2tp::retransmission_cycle(tunnel.retransmit_initial, tunnel.retransmit_limit);
    return std::max(kUsualPatience, cycle + kMargin);
}

bool not_authorized(const l2tp::DownReason& reason) {
    return reason.scope == l2tp::DownReason::Scope::tunnel && reason.result == 4;  // RFC 2661 4.4.2
}

Error explained(const l2tp::DownReason& reason, const config::Tunnel& tunnel, const std::string& name,
                Side side) {
    Error error = error_of(reason);
    if (not_authorized(reason)) {
        error.code = ErrorCode::denied;
        error.remedy = remedy_for_secret(tunnel, name, side);
    }
    return error;
}

}  // namespace keel::lifecycle
