// What this charon cannot do of what our connections need; pure. Used when charon has been greeted and by
// `keel2tp doctor`. Inputs are the answers to version, stats and get-algorithms, as vici's parse_* give them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ports.hpp"
#include "vici/commands.hpp"

namespace keel {

struct CharonFeatures {
    std::string version;            // "5.9.8"
    vici::List plugins;             // of stats, as loaded
    vici::Algorithms algorithms{};  // empty: not told; nothing is then lacking
};

struct CharonLack {
    std::string connection;  // IpsecConnection::name: "lns/office"; empty: all of them
    bool fatal = false;      // the connection cannot come up at all; otherwise some peers cannot
    Error why;               // with the remedy: the plugin and Debian's package, or the setting
};

// In the order of the connections; each lack once per connection.
[[nodiscard]] std::vector<CharonLack> find_lacks(const CharonFeatures& features,
                                                 std::span<const IpsecConnection> connections);

// The proposals that charon has all algorithms for; all of them where it has none or was not asked.
[[nodiscard]] std::vector<std::string> supported_proposals(const CharonFeatures& features,
                                                           const std::vector<std::string>& proposals,
                                                           bool ike);

// The Debian package that has the plugin: "libstrongswan-standard-plugins".
[[nodiscard]] std::string_view package_of_plugin(std::string_view plugin);

}  // namespace keel
