// Certificates and keys as libcrypto has them, owned; only what credentials.cpp needs. Every call is total:
// what does not parse gives nothing.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace keel::x509 {

template <class T, void (*Free)(T*)>
struct Freed {
    void operator()(T* held) const { Free(held); }
};
using Cert = std::unique_ptr<X509, Freed<X509, X509_free>>;
using Crl = std::unique_ptr<X509_CRL, Freed<X509_CRL, X509_CRL_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;

// All that are in the text (PEM), or the one that it is (DER).
[[nodiscard]] std::vector<Cert> parse_certs(std::string_view text);
[[nodiscard]] std::vector<Crl> parse_crls(std::string_view text);
[[nodiscard]] Key parse_public_key(std::string_view text);

enum class KeyFault { none, passphrase, not_a_key };
struct ParsedKey {
    Key key;
    KeyFault fault = KeyFault::none;
};
[[nodiscard]] ParsedKey parse_private_key(ByteView text);

[[nodiscard]] std::string der_of(const X509& cert);
[[nodiscard]] std::string der_of(const X509_CRL& crl);
[[nodiscard]] std::string public_der_of(const EVP_PKEY& key);  // SubjectPublicKeyInfo
// PKCS #1 or SEC 1, other kinds PKCS #8; the caller wipes it.
[[nodiscard]] Bytes private_der_of(const EVP_PKEY& key);
// For charon's load-key.
[[nodiscard]] std::string key_type_of(const EVP_PKEY& key);

// "C=CH, O=Example, CN=vpn", as charon writes it.
[[nodiscard]] std::string name_text(const X509_NAME& name);
[[nodiscard]] std::int64_t seconds_of(const ASN1_TIME& time);

}  // namespace keel::x509
