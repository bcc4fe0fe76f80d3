// From JSON text to a Config, wholly or not at all; all faults are told at once, each by JSON pointer, line
// and column.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/fault.hpp"

namespace keel::config {

// How a secret's reference is followed; linux/ reads the file, tests answer from a map.
using SecretReader = std::function<Result<Secret>(const std::string& path)>;

// What is wrong with the files of certificates and keys; linux/credentials.* looks into them.
struct CredentialFault {
    std::string field;  // of "certificate" or "public-key": "cert", "private-key", ...
    Error why;
};
using CredentialCheck = std::function<std::vector<CredentialFault>(const IpsecAuth& auth)>;

struct Parsed {
    Config config;
    // The text itself, without defaults. Each {"unchanged": true} in it is replaced by what it stood for: it
    // may hold secrets.
    std::string document;
};

// `running`: the document in use, which {"unchanged": true} takes its secret from; nothing: that is a fault.
//
// Errors: all faults in the order of the text, with line and column: not JSON (one fault), not as the schema
// has it, or not meaningful (an address that is none, a pool without room, a secret that cannot be read, what
// `check` finds, no IPsec and not asked to do without).
[[nodiscard]] std::expected<Parsed, std::vector<Fault>> parse_document(
    std::string_view text, const SecretReader& read_secret, const CredentialCheck& check = {},
    std::optional<std::string_view> running = std::nullopt);

// The Config alone.
[[nodiscard]] std::expected<Config, std::vector<Fault>> parse(std::string_view text,
                                                              const SecretReader& read_secret,
                                                              const CredentialCheck& check = {});

// The document (a Parsed's) with {"unchanged": true} for each secret that stands in it; references to files
// and credentials stay, and so does everything else, blanks and order too.
[[nodiscard]] std::string redacted(std::string_view document);

// JSON pointers of the secrets that stand in `document` themselves; none in what is not JSON.
[[nodiscard]] std::set<std::string> inline_secrets(std::string_view document);

}  // namespace keel::config
