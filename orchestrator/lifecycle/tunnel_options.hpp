// What the configuration says of a tunnel, in the words of the endpoint and of the ports; and what to do
// about a tunnel that was refused. Pure.
#pragma once

#include "config/config.hpp"
#include "l2tp/endpoint.hpp"
#include "ports.hpp"

namespace keel::lifecycle {

// Names that no Quirk has the schema has refused.
[[nodiscard]] l2tp::Quirks quirks_of(const config::Tunnel& tunnel);
// For open_tunnel and accept_tunnel.
[[nodiscard]] l2tp::TunnelOptions tunnel_options(const config::Tunnel& tunnel, Duration hello_interval);
[[nodiscard]] SourcePort source_port_of(const config::Tunnel& tunnel);

// What a set-up of the tunnel may take at most: the endpoint gives a silent peer up before.
[[nodiscard]] Duration tunnel_patience(const config::Tunnel& tunnel);

enum class Side { client, server };
// The reason with what the operator of the connection `name` ("lac/branch") can do about it; the remedy is
// empty where the reason says all. Never tells the secret.
[[nodiscard]] Error explained(const l2tp::DownReason& reason, const config::Tunnel& tunnel,
                              const std::string& name, Side side);
// StopCCN 4: tunnel authentication failed, or the peer does not admit the other.
[[nodiscard]] bool not_authorized(const l2tp::DownReason& reason);

}  // namespace keel::lifecycle
