// "ipsec" of servers and clients: the choice of authentication, and what a schema cannot say of it.
#include <doctest/doctest.h>

#include <algorithm>

#include "config/parse.hpp"

using namespace keel;
using config::Fault;

namespace {

Result<Secret> read_secret(const std::string& path) {
    return Secret("secret of " + path);
}

std::string lns(const std::string& ipsec, const std::string& listen = R"("192.0.2.2")") {
    return R"({"lns": {"a": {"listen": [)" + listen + R"(], "ipsec": {)" + ipsec + R"(},
        "ppp": {"local-address": "10.9.0.1", "pool": ["10.9.0.0/24"], "auth": []}}}})";
}
std::string lac(const std::string& ipsec) {
    return R"({"lac": {"b": {"server": "x", "ipsec": {)" + ipsec +
           R"(}, "ppp": {"user": "u", "password": "p"}}}})";
}

const std::string kCertificate =
    R"("certificate": {"cacerts": ["/ca"], "cert": "/own", "private-key": {"credential": "key"})";
const std::string kKey = R"("public-key": {"private-key": {"file": "/k"}, "pubkeys": ["/p"]})";

std::vector<Fault> faults_of(const std::string& text) {
    auto parsed = config::parse(text, read_secret);
    REQUIRE_FALSE(parsed);
    return parsed.error();
}
config::Ipsec ipsec_of(const std::string& text) {
    auto parsed = config::parse(text, read_secret);
    for (const Fault& fault : parsed ? std::vector<Fault>() : parsed.error()) {
        FAIL_CHECK(fault.pointer << ": " << fault.message);
    }
    REQUIRE(parsed);
    return parsed->lns.empty() ? *parsed->lac.at(0).ipsec : *parsed->lns.at(0).ipsec;
}
bool has(const std::vector<Fault>& faults, std::string_view pointer, std::string_view text) {
    return std::ranges::any_of(faults, [&](const Fault& fault) {
        return fault.pointer == pointer && fault.message.find(text) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("exactly one authentication") {
    const auto none = faults_of(lns(""));
    CHECK(has(none, "/lns/a/ipsec", "exactly one of psk, psks, certificate, public-key"));
    CHECK(none.size() == 1);
    const auto two = faults_of(lns(R"("psk": "x", )" + kKey));
    CHECK(has(two, "/lns/a/ipsec", "exactly one of psk, psks, certificate, public-key"));
    CHECK(two.size() == 1);
    CHECK(has(faults_of(lac("")), "/lac/b/ipsec", "exactly one of psk, certificate, public-key"));
    // A fault inside the one that was chosen is told as itself.
    CHECK(has(faults_of(lns(R"("certificate": {"cacerts": ["/ca"], "cert": "own.pem"})")),
              "/lns/a/ipsec/certificate", "misses the property 'private-key'"));
    CHECK(has(faults_of(lns(R"("certificate": {"cacerts": ["/ca"], "cert": "own.pem"})")),
              "/lns/a/ipsec/certificate/cert", "does not match ^/"));
}

TEST_CASE("certificates") {
    const auto server = ipsec_of(lns(kCertificate + R"(, "revocation": "strict", "crls": ["/crl"],
        "remote-ids": ["*.example.net", "O=Example, CN=*"]})"));
    const auto& auth = std::get<CertificateAuth>(server.auth);
    CHECK(auth.cacerts == std::vector<std::string>{"/ca"});
    CHECK(auth.cert == "/own");
    CHECK(auth.private_key == "credential:key");
    CHECK(auth.peers == std::vector<std::string>{"*.example.net", "O=Example, CN=*"});
    CHECK(auth.revocation == Revocation::strict);
    CHECK(auth.crls == std::vector<std::string>{"/crl"});
    CHECK(server.ike == IkeVersion::any);
    CHECK(std::get<CertificateAuth>(ipsec_of(lns(kCertificate + "}")).auth).revocation ==
          Revocation::relaxed);

    CHECK(has(faults_of(lns(kCertificate + R"(, "remote-ids": ["O=Example CN=*"]})")),
              "/lns/a/ipsec/certificate/remote-ids/0", "not a distinguished name"));
    CHECK(has(faults_of(lac(kCertificate + "}")), "/lac/b/ipsec", "misses 'remote-id'"));
    CHECK(ipsec_of(lac(kCertificate + R"(}, "remote-id": "vpn.example.net")")).remote_id ==
          "vpn.example.net");
}

TEST_CASE("raw keys are of IKEv2") {
    const auto client = ipsec_of(lac(kKey));
    CHECK(client.ike == IkeVersion::v2);
    CHECK(std::get<PublicKeyAuth>(client.auth).private_key == "/k");
    CHECK(std::get<PublicKeyAuth>(client.auth).pubkeys == std::vector<std::string>{"/p"});
    CHECK(ipsec_of(lns(kKey)).ike == IkeVersion::v2);
    CHECK(has(faults_of(lac(kKey + R"(, "ike": 1)")), "/lac/b/ipsec/ike", "must be 2"));
    CHECK(has(faults_of(lac(kKey + R"(, "local-id": "me")")), "/lac/b/ipsec/local-id", "the key itself"));
    CHECK(has(faults_of(lac(R"("public-key": {"private-key": {"file": "/k"}, "pubkeys": ["/p", "/q"]})")),
              "/lac/b/ipsec/public-key/pubkeys", "one server"));
}

TEST_CASE("a PSK belongs to a listening address") {
    const std::string two = R"("192.0.2.2", "192.0.2.3")";
    const auto server =
        ipsec_of(lns(R"("psks": {"192.0.2.2": {"file": "/two"}, "192.0.2.3": "three"})", two));
    const auto& auth = std::get<PskAuth>(server.auth);
    CHECK(auth.psk.empty());
    CHECK(as_text(auth.by_address.at(*IpAddress::parse("192.0.2.2")).reveal()) == "secret of /two");
    CHECK(as_text(auth.by_address.at(*IpAddress::parse("192.0.2.3")).reveal()) == "three");
    CHECK(has(faults_of(lns(R"("psks": {"192.0.2.2": "x"})", two)), "/lns/a/ipsec/psks",
              "misses the listening address 192.0.2.3"));
    CHECK(has(faults_of(lns(R"("psks": {"192.0.2.2": "x", "alice": "y"})")), "/lns/a/ipsec/psks/alice",
              "not one of the listening addresses"));
    CHECK(has(faults_of(lns(R"("psks": {"192.0.2.2": "x", "192.0.2.3": "y"}, "local-id": "me")", two)),
              "/lns/a/ipsec/local-id", "tell the PSKs apart"));
    // Two servers on one address, each with a PSK.
    CHECK(has(faults_of(R"({"lns": {"a": {"listen": ["192.0.2.2"], "ipsec": {"psk": "x"}, "ppp":
        {"local-address": "10.9.0.1", "pool": ["10.9.0.0/24"], "auth": []}}, "b": {"listen": ["192.0.2.2"],
        "ipsec": {"psk": "y"}, "ppp": {"local-address": "10.8.0.1", "pool": ["10.8.0.0/24"], "auth": []}}}})"),
              "/lns/b/listen/0", "already listened on"));
    const auto clients = [](const char* second) {
        return R"({"lac": {"b": {"server": "x", "ipsec": {"psk": "p"}, "ppp": {"user": "u", "password": "p"}},
            "c": {"server": "x", "ipsec": {"psk": )" +
               std::string(second) + R"(}, "ppp": {"user": "u", "password": "p"}}}})";
    };
    CHECK(has(faults_of(clients("\"q\"")), "/lac/c/ipsec/psk", "lac/b dials the same server"));
    CHECK(config::parse(clients("\"p\""), read_secret));
}

TEST_CASE("a proposal set is the default, a list goes before it") {
    const auto usual = ipsec_of(lns(R"("psk": "x")"));
    CHECK(std::ranges::count(usual.ike_proposals, "aes256-sha1-ecp384") == 1);
    CHECK(std::ranges::count(usual.ike_proposals, "aes256-sha256-modp1024") == 0);
    const auto old = ipsec_of(lns(R"("psk": "x", "proposals": "legacy", "esp-proposals": ["3des-sha1"])"));
    CHECK(std::ranges::count(old.ike_proposals, "aes256-sha256-modp1024") == 1);
    CHECK(old.esp_proposals == std::vector<std::string>{"3des-sha1"});
    CHECK(has(faults_of(lns(R"("psk": "x", "proposals": "strong")")), "/lns/a/ipsec/proposals",
              "must be one of"));
}

TEST_CASE("what is found in the files is told where they are named") {
    const auto parsed = config::parse(lns(kCertificate + "}"), read_secret, [](const IpsecAuth& auth) {
        CHECK(std::get<CertificateAuth>(auth).cert == "/own");
        return std::vector<config::CredentialFault>{
            {"cacerts/0", {ErrorCode::invalid, "it is empty", "fill it"}}};
    });
    REQUIRE_FALSE(parsed);
    REQUIRE(parsed.error().size() == 1);
    CHECK(has(parsed.error(), "/lns/a/ipsec/certificate/cacerts/0", "it is empty; fill it"));
}
