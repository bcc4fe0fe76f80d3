// From JSON text to a Config, wholly or not at all; all faults are told at once, each by JSON pointer.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace keel::config {

// How a secret's reference is followed; linux/ reads the file, tests answer from a map.
using SecretReader = std::function<Result<Secret>(const std::string& path)>;

// What is wrong with the files of certificates and keys; linux/credentials.* looks into them.
struct CredentialFault {
    std::string field;  // of "certificate" or "public-key": "cert", "private-key", ...
    Error why;
};
using CredentialCheck = std::function<std::vector<CredentialFault>(const IpsecAuth& auth)>;

struct Fault {
    std::string pointer;  // RFC 6901: "/lns/office/listen/0"; empty: the whole document
    std::string message;

    bool operator==(const Fault&) const = default;
};

// Errors: not JSON (one fault, with line and column), not as the schema has it, or not meaningful (an address
// that is none, a pool without room, a secret that cannot be read, what `check` finds, no IPsec and not asked
// to do without).
[[nodiscard]] std::expected<Config, std::vector<Fault>> parse(std::string_view text,
                                                              const SecretReader& read_secret,
                                                              const CredentialCheck& check = {});

}  // namespace keel::config
