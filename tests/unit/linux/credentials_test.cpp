// The files of certificates and keys: what is taken, what is refused, in which words. The certificates are
// made here by libcrypto.
#include "linux/credentials.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <map>

#include "linux/x509.hpp"

using namespace keel;

namespace {

constexpr std::int64_t kNow = 1'800'000'000, kYear = 365 * 86400;  // 2027

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

struct Own {
    x509::Key key{EVP_EC_gen("P-256")};
    x509::Cert cert;

    [[nodiscard]] std::string pem() const {
        BIO* bio = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(bio, cert.get());
        return text_of(bio);
    }
    [[nodiscard]] std::string key_pem(const EVP_CIPHER* cipher = nullptr) const {
        BIO* bio = BIO_new(BIO_s_mem());
        unsigned char passphrase[] = "x";
        PEM_write_bio_PrivateKey(bio, key.get(), cipher, cipher ? passphrase : nullptr, cipher ? 1 : 0,
                                 nullptr, nullptr);
        return text_of(bio);
    }
    [[nodiscard]] std::string public_pem() const {
        BIO* bio = BIO_new(BIO_s_mem());
        PEM_write_bio_PUBKEY(bio, key.get());
        return text_of(bio);
    }
};

Own issue(const std::string& name, const Own* by, bool ca, std::int64_t from = kNow - kYear,
          std::int64_t until = kNow + kYear) {
    Own own;
    own.cert.reset(X509_new());
    X509* cert = own.cert.get();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    ASN1_TIME_set(X509_getm_notBefore(cert), from);
    ASN1_TIME_set(X509_getm_notAfter(cert), until);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(by ? by->cert.get() : cert));
    X509_set_pubkey(cert, own.key.get());
    X509_EXTENSION* constraint =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, ca ? "critical,CA:TRUE" : "CA:FALSE");
    X509_add_ext(cert, constraint, -1);
    X509_EXTENSION_free(constraint);
    REQUIRE(X509_sign(cert, by ? by->key.get() : own.key.get(), EVP_sha256()) > 0);
    return own;
}

struct Files {
    std::map<std::string, std::string> held;

    [[nodiscard]] ReadCredentials read(const IpsecAuth& auth, std::int64_t now = kNow) const {
        const auto find = [this](const std::string& path) -> Result<std::string> {
            const auto found = held.find(path);
            if (found == held.end()) return fail(ErrorCode::not_found, "cannot open " + path, "create it");
            return found->second;
        };
        return read_credentials(auth,
                                {find,
                                 [&](const std::string& path) -> Result<Secret> {
                                     auto text = find(path);
                                     if (!text) return std::unexpected(text.error());
                                     return Secret(*text);
                                 }},
                                now);
    }
};

struct House {
    Own root = issue("root", nullptr, true), middle = issue("middle", &root, true),
        own = issue("own", &middle, false);
    Files files{{{"/ca", root.pem()}, {"/cert", own.pem() + middle.pem()}, {"/key", own.key_pem()}}};
    CertificateAuth auth{.cacerts = {"/ca"}, .cert = "/cert", .private_key = "/key", .peers = {}, .crls = {}};
};

bool finds(const ReadCredentials& read, CredentialFinding::Kind kind, std::string_view field,
           std::string_view words) {
    return std::ranges::any_of(read.findings, [&](const CredentialFinding& one) {
        return one.kind == kind && one.what.field == field &&
               one.what.why.text().find(words) != std::string::npos;
    });
}

using Kind = CredentialFinding::Kind;

}  // namespace

TEST_CASE("a chain, its key and its CA") {
    const House house;
    const auto read = house.files.read(house.auth);
    CHECK(read.findings.empty());
    CHECK(read.obstacle() == nullptr);
    const Credentials& held = read.credentials;
    CHECK(held.cacerts == std::vector{x509::der_of(*house.root.cert)});
    CHECK(held.cert == x509::der_of(*house.own.cert));
    CHECK(held.intermediates == std::vector{x509::der_of(*house.middle.cert)});
    CHECK(held.key_type == "ecdsa");
    CHECK(held.subject == "CN=own");
    CHECK(held.not_after == kNow + kYear);
    CHECK(held.same_as(house.files.read(house.auth).credentials));
    // charon gets the key as DER: what it gets must be the key.
    CHECK(x509::public_der_of(*x509::parse_private_key(held.private_key.reveal()).key) ==
          x509::public_der_of(*house.own.key));
}

TEST_CASE("DER is as good as PEM, also a key whose last octet is a newline that was taken away") {
    House house;
    house.files.held["/ca"] = x509::der_of(*house.root.cert);
    const Bytes der = x509::private_der_of(*house.own.key);
    house.files.held["/key"] = std::string(der.begin(), der.end());
    CHECK(house.files.read(house.auth).findings.empty());
    // SEC 1 ends with the public point: make one that ends in a newline.
    for (int i = 0; i < 4096; ++i) {
        const x509::Key key(EVP_EC_gen("P-256"));
        Bytes octets = x509::private_der_of(*key);
        if (octets.back() != '\n') continue;
        octets.pop_back();
        house.files.held["/key"] = std::string(octets.begin(), octets.end());
        CHECK(finds(house.files.read(house.auth), Kind::fault, "private-key", "is not the key of"));
        return;
    }
}

TEST_CASE("what can never work is a fault") {
    House house;
    SUBCASE("another's key") {
        house.files.held["/key"] = house.root.key_pem();
        CHECK(finds(house.files.read(house.auth), Kind::fault, "private-key",
                    "/key is not the key of the certificate \"CN=own\" in /cert; name the two"));
        house.files.held["/key"] = house.middle.key_pem();
        CHECK(
            finds(house.files.read(house.auth), Kind::fault, "private-key", "must be the first in its file"));
    }
    SUBCASE("a passphrase") {
        house.files.held["/key"] = house.own.key_pem(EVP_aes_128_cbc());
        CHECK(finds(house.files.read(house.auth), Kind::fault, "private-key", "protected by a passphrase"));
    }
    SUBCASE("no CA, no certificate, no key, no file") {
        house.files.held["/ca"] = house.own.pem();
        house.files.held["/cert"] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        house.files.held["/key"] = house.own.public_pem();
        house.auth.crls = {"/crl"};
        const auto read = house.files.read(house.auth);
        CHECK(finds(read, Kind::fault, "cacerts/0", "\"CN=own\" in /ca is not a CA's certificate"));
        CHECK(finds(read, Kind::fault, "cert", "/cert holds no certificate"));
        CHECK(finds(read, Kind::fault, "private-key", "/key holds no private key"));
        CHECK(finds(read, Kind::fault, "crls/0", "cannot open /crl; create it"));
        CHECK(read.obstacle() != nullptr);
    }
}

TEST_CASE("what does not work at this time is told apart") {
    const House house;
    auto read = house.files.read(house.auth, kNow + 2 * kYear);
    CHECK(finds(read, Kind::time, "cert", "\"CN=own\" in /cert expired on 2028-01-15"));
    CHECK(finds(read, Kind::time, "cacerts/0", "\"CN=root\" in /ca expired"));
    CHECK(read.obstacle()->code == ErrorCode::unavailable);
    read = house.files.read(house.auth, kNow - 2 * kYear);
    CHECK(finds(read, Kind::time, "cert", "is not valid before 2026-01-15"));
    CHECK(finds(read, Kind::time, "cert", "set the clock"));
    CHECK_FALSE(read.credentials.cert.empty());
}

TEST_CASE("an issuer that is nowhere in sight is a warning") {
    House house;
    house.files.held["/cert"] = house.own.pem();
    const auto read = house.files.read(house.auth);
    CHECK(finds(read, Kind::warning, "cert", "the issuer \"CN=middle\" of \"CN=own\" is neither in /cert"));
    CHECK(read.obstacle() == nullptr);
    house.files.held["/cert"] = house.own.pem() + house.middle.pem() + house.root.pem();
    CHECK(house.files.read(house.auth).findings.empty());
    CHECK(house.files.read(house.auth).credentials.intermediates.size() == 1);  // the root is the peer's own
}

TEST_CASE("raw keys") {
    const Own own = issue("a", nullptr, false), peer = issue("b", nullptr, false);
    Files files{{{"/key", own.key_pem()}, {"/peer", peer.public_pem()}}};
    const PublicKeyAuth auth{.private_key = "/key", .pubkeys = {"/peer"}};
    CHECK(files.read(auth).findings.empty());
    CHECK(files.read(auth).credentials.pubkeys == std::vector{x509::public_der_of(*peer.key)});
    files.held["/peer"] = own.public_pem();
    CHECK(finds(files.read(auth), Kind::fault, "pubkeys/0", "is our own public key"));
    files.held["/peer"] = peer.key_pem();
    CHECK(finds(files.read(auth), Kind::fault, "pubkeys/0", "holds no public key"));
}
