// Credentials: what the files of certificates and keys hold, read wholly and checked before charon gets any
// of it. libcrypto parses; charon sends and verifies. Pure but for the reader that is handed in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "config/parse.hpp"
#include "ports.hpp"

namespace keel {

// Everything public is DER.
struct Credentials {
    std::vector<std::string> cacerts, crls;
    std::string cert;  // ours; empty with raw keys
    std::vector<std::string> intermediates;
    std::string public_key;  // of our private key
    std::vector<std::string> pubkeys;
    Secret private_key;          // DER
    std::string key_type;        // as load-key has it: "rsa", "ecdsa", "any"
    std::string subject;         // of our certificate: "O=Example, CN=vpn.example.net"
    std::int64_t not_after = 0;  // of our certificate, seconds since 1970; 0: none

    [[nodiscard]] bool same_as(const Credentials& other) const;
};

struct CredentialFinding {
    enum class Kind {
        fault,    // never usable
        time,     // not usable now: expired, or not valid yet
        warning,  // usable, but it may not be what is meant
    };
    Kind kind = Kind::fault;
    config::CredentialFault what;
};

struct CredentialFiles {
    std::function<Result<std::string>(const std::string& path)> read;         // what is public
    std::function<Result<Secret>(const std::string& reference)> read_secret;  // read_secret_file
};

struct ReadCredentials {
    Credentials credentials;
    std::vector<CredentialFinding> findings;

    // The first finding that keeps them from being used.
    [[nodiscard]] const Error* obstacle() const;
};

// `now`: seconds since 1970. With a PskAuth: nothing, and no finding.
[[nodiscard]] ReadCredentials read_credentials(const IpsecAuth& auth, const CredentialFiles& files,
                                               std::int64_t now);
[[nodiscard]] CredentialFiles credential_files();  // the real ones

// The files that a way of proving oneself refers to, each with its option: {"cacerts", "/etc/..."}.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> files_of(const IpsecAuth& auth);

// Of all files: changes when one of them was written or replaced.
[[nodiscard]] std::string stamp_of_files(const IpsecAuth& auth);

// "2026-11-20 22:30 UTC".
[[nodiscard]] std::string date_text(std::int64_t seconds_since_1970);

}  // namespace keel
