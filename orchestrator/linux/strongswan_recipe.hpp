// Recipe S as vici messages, and charon's answers as the port's values; pure. What each key is for:
// README.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports.hpp"
#include "vici/commands.hpp"

namespace keel {

inline constexpr std::string_view kCharonPrefix = "keel2tp-";

// "lns/office" -> "keel2tp-lns.office", and back; other characters than letters, digits, '-' and '_' become
// "~2b". A responder on several addresses has one connection in charon for each: "keel2tp-lns.office+2" is
// the second.
[[nodiscard]] std::string charon_name(std::string_view name, std::size_t index = 0);
[[nodiscard]] std::optional<std::string> our_name(std::string_view charon_name);

struct CharonConnection {
    std::string name;
    vici::Message settings;
};
[[nodiscard]] std::vector<CharonConnection> make_connections(const IpsecConnection& connection);
// The identities under which charon finds the connection's secret, of either side.
[[nodiscard]] vici::List secret_owners(const IpsecConnection& connection);

// Nothing where the SA is not ours, has no mark, or holds an address that does not parse.
[[nodiscard]] std::optional<ChildSa> make_child_sa(const vici::IkeSa& ike, const vici::ChildSa& child);

}  // namespace keel
