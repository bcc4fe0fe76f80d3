// Commands about credentials: certificates, private keys, shared secrets, certification authorities. What a
// request carries of a key or a secret is wiped once it is sent.
#pragma once

#include <string>
#include <vector>

#include "vici/message.hpp"
#include "vici/session.hpp"

namespace vici {

struct Certificate {
    std::string type = "X509";  // X509, X509_CRL, X509_AC, PUBKEY
    std::string flag = "NONE";  // of X509: NONE, CA (refused without that constraint), AA, OCSP
    ByteView data;              // PEM or DER
};
// Of load-cert. The same certificate twice is held once.
[[nodiscard]] Request make_load_cert(const Certificate& certificate);
// Flushes what charon fetched itself (CRLs, OCSP answers, intermediate certificates); `type` as in
// Certificate, "ANY" for all.
[[nodiscard]] Request make_flush_certs(const std::string& type = "ANY");

struct ListCerts {
    std::string type = "ANY";
    std::string flag = "ANY";
    std::string subject{};  // only this distinguished name; empty: all
};
// Needs register_event("list-cert"); each certificate is one streamed message: parse_cert().
[[nodiscard]] Request make_list_certs(const ListCerts& filter = {});

struct ListedCert {
    std::string type, flag;
    bool has_private_key = false;
    std::string data;                                  // DER
    std::string subject{}, not_before{}, not_after{};  // of PUBKEY only: X509 says it in `data`
};
[[nodiscard]] ListedCert parse_cert(const Message& streamed);

// PEM or DER, not encrypted. `type`: "any", "rsa", "ecdsa".
[[nodiscard]] Request make_load_key(ByteView data, const std::string& type = "any");
// The id by which the key is unloaded and by which get-keys names it: the hex SHA-1 of its public key.
[[nodiscard]] Result<std::string> parse_load_key(const Message& reply);
[[nodiscard]] Request make_unload_key(const std::string& id);
[[nodiscard]] Request make_get_keys();
[[nodiscard]] List parse_get_keys(const Message& reply);

struct TokenKey {
    std::string handle;  // CKA_ID, in hex
    std::string slot{}, module{};
    std::string pin{};
};
// A private key that stays on a PKCS#11 token; answered as load-key is.
[[nodiscard]] Request make_load_token(const TokenKey& key);

struct SharedSecret {
    std::string id;    // by which it is replaced and unloaded
    std::string type;  // "IKE", "EAP", "XAUTH", "NTLM", "PPK"
    ByteView data;     // may hold any octet
    List owners;       // identities of either side; empty: anybody's
};
[[nodiscard]] Request make_load_shared(const SharedSecret& secret);
[[nodiscard]] Request make_unload_shared(const std::string& id);
[[nodiscard]] Request make_get_shared();
[[nodiscard]] List parse_get_shared(const Message& reply);

// Everything that anybody loaded over vici, and the cache: not only this client's.
[[nodiscard]] Request make_clear_creds();

struct Authority {
    std::string name;
    ByteView ca_certificate;  // PEM or DER
    List crl_uris{}, ocsp_uris{};
    std::string cert_uri_base{};  // of hash-and-URL; empty: none
};
// Replaces the authority of that name.
[[nodiscard]] Request make_load_authority(const Authority& authority);
[[nodiscard]] Request make_unload_authority(const std::string& name);
[[nodiscard]] Request make_get_authorities();
[[nodiscard]] List parse_get_authorities(const Message& reply);
// Needs register_event("list-authority"); empty: all.
[[nodiscard]] Request make_list_authorities(const std::string& name = {});

struct ListedAuthority {
    std::string name, ca_subject;
    List crl_uris, ocsp_uris;
    std::string cert_uri_base;
};
// Of list-authority: every authority in the message.
[[nodiscard]] std::vector<ListedAuthority> parse_authorities(const Message& streamed);

}  // namespace vici
