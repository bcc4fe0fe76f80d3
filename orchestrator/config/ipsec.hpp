// What "ipsec" of a server or client says: authentication, identities, proposals. Used by parse.cpp alone.
#pragma once

#include <optional>

#include "config/config.hpp"
#include "config/reader.hpp"

namespace keel::config {

enum class Peer { client, server };  // who is at the other end

// `owner` is the server or client. Nothing: plain L2TP, asked for by "unprotected", or a fault.
[[nodiscard]] std::optional<Ipsec> parse_ipsec(Reader& reader, const Node& owner, Peer peer,
                                               const CredentialCheck& check);

// charon looks a PSK up by the server's identity: two clients of one server cannot have two.
void check_client_psks(Reader& reader, const Node& clients, const std::vector<Lac>& all);

}  // namespace keel::config
