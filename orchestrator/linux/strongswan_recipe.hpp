// Recipe S as vici messages, and charon's answers as the port's values; pure. What each key is for:
// README.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linux/credentials.hpp"
#include "ports.hpp"
#include "vici/commands.hpp"

namespace keel {

inline constexpr std::string_view kCharonPrefix = "keel2tp-";

// "lns/office" -> "keel2tp-lns.office", and back; other characters than letters, digits, '-' and '_' become
// "~2b". A responder on several addresses has one connection in charon for each: "keel2tp-lns.office+2" is
// the second. Only "lns/" and "lac/" are ours.
[[nodiscard]] std::string charon_name(std::string_view name, std::size_t index = 0);
[[nodiscard]] std::optional<std::string> our_name(std::string_view charon_name);

struct CharonConnection {
    std::string name;
    vici::Message settings;
};
// One for each of our addresses, and there for each identity (of certificates) or key that is admitted, since
// a connection of charon's has one identity. `credentials` are those of connection.auth; nothing of them is
// needed with a PSK.
[[nodiscard]] std::vector<CharonConnection> make_connections(const IpsecConnection& connection,
                                                             const Credentials& credentials = {});
struct CharonSecret {
    std::string id;  // as a connection's name; with a PSK for each address, "+2" is the second's
    Secret data;
    vici::List owners;  // the identities, of either side, under which charon finds it
};
[[nodiscard]] std::vector<CharonSecret> make_secrets(const IpsecConnection& connection);

// Our intermediate certificates, which charon sends along with ours; as authorities, since those have names
// and can be unloaded. charon takes only self-signed ones for trust anchors, so that nothing more is trusted.
struct CharonAuthority {
    std::string name;  // "keel2tp-lns.office+ca1"
    std::string certificate;
};
[[nodiscard]] std::vector<CharonAuthority> make_authorities(const IpsecConnection& connection,
                                                            const Credentials& credentials);

// Nothing where the SA is not ours, has no mark, or holds an address that does not parse.
[[nodiscard]] std::optional<ChildSa> make_child_sa(const vici::IkeSa& ike, const vici::ChildSa& child);

}  // namespace keel
