#include "linux/charon_features.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace keel;

namespace {

CharonFeatures debian() {
    return {.version = "5.9.8",
            .plugins = {"openssl", "x509", "pem", "pubkey", "revocation", "constraints"},
            .algorithms = {{{"encryption", {{"AES_CBC", "aes"}, {"3DES_CBC", "openssl"}}},
                            {"integrity", {{"HMAC_SHA1_96", "hmac"}, {"HMAC_SHA2_256_128", "hmac"}}},
                            {"prf", {{"PRF_HMAC_SHA1", "hmac"}, {"PRF_HMAC_SHA2_256", "hmac"}}},
                            {"dh", {{"MODP_2048", "gmp"}, {"ECP_384", "openssl"}}}}}};
}

IpsecConnection psk(IkeVersion version = IkeVersion::any) {
    IpsecConnection out;
    out.name = "lns/office";
    out.ike = version;
    out.auth = PskAuth{Secret("x")};
    out.ike_proposals = {"aes256-sha1-ecp384", "aes256-sha256-modp2048"};
    out.esp_proposals = {"aes256-sha1", "aes256-sha1-modp2048"};
    return out;
}

std::vector<CharonLack> lacks_of(const CharonFeatures& features, const IpsecConnection& connection) {
    return find_lacks(features, {&connection, 1});
}

}  // namespace

TEST_CASE("a charon with all that is needed lacks nothing, nor does one that was not asked") {
    CHECK(lacks_of(debian(), psk()).empty());
    IpsecConnection certificate = psk();
    certificate.auth = CertificateAuth{};
    CHECK(lacks_of(debian(), certificate).empty());
    CHECK(lacks_of({.version = "5.9.8", .plugins = {}}, certificate).empty());
    CHECK(supported_proposals(debian(), psk().ike_proposals, true) == psk().ike_proposals);
}

TEST_CASE("a suite that charon cannot do is left out and told with the package") {
    CharonFeatures features = debian();
    features.algorithms.by_kind["dh"].erase("ECP_384");
    const auto lacks = lacks_of(features, psk());
    REQUIRE(lacks.size() == 1);
    CHECK(lacks[0].connection == "lns/office");
    CHECK_FALSE(lacks[0].fatal);
    CHECK(lacks[0].why.message == "charon cannot do ECP_384: 1 of the 2 IKE proposals are left out");
    CHECK(lacks[0].why.remedy.find("apt install libstrongswan-standard-plugins") != std::string::npos);
    CHECK(supported_proposals(features, psk().ike_proposals, true) ==
          std::vector<std::string>{"aes256-sha256-modp2048"});
    // ESP is the kernel's, but for the group.
    features.algorithms.by_kind["integrity"].clear();
    CHECK(supported_proposals(features, psk().esp_proposals, false) == psk().esp_proposals);
    features.algorithms.by_kind["dh"].clear();
    CHECK(supported_proposals(features, psk().esp_proposals, false) ==
          std::vector<std::string>{"aes256-sha1"});
    CHECK(std::ranges::count(lacks_of(features, psk()), true, &CharonLack::fatal) == 1);
}

TEST_CASE("plugins that an authentication needs") {
    CharonFeatures features = debian();
    std::erase(features.plugins, "x509");
    std::erase(features.plugins, "pubkey");
    IpsecConnection connection = psk();
    CHECK(lacks_of(features, connection).empty());
    connection.auth = CertificateAuth{};
    REQUIRE(lacks_of(features, connection).size() == 1);
    CHECK(lacks_of(features, connection)[0].fatal);
    CHECK(lacks_of(features, connection)[0].why.message.find("plugin x509") != std::string::npos);
    CHECK(lacks_of(features, connection)[0].why.remedy.find("apt install libstrongswan,") !=
          std::string::npos);
    connection.auth = PublicKeyAuth{};
    CHECK(lacks_of(features, connection)[0].why.message.find("plugin pubkey") != std::string::npos);
    // Strictly revoked or not, with nobody to ask and no list.
    CertificateAuth strict;
    strict.revocation = Revocation::strict;
    connection.auth = strict;
    const auto lacks = lacks_of(debian(), connection);
    REQUIRE(lacks.size() == 1);
    CHECK(lacks[0].fatal);
    CHECK(lacks[0].why.remedy.find("libstrongswan-extra-plugins") != std::string::npos);
    strict.crls = {"/crl"};
    connection.auth = strict;
    CHECK_FALSE(lacks_of(debian(), connection).at(0).fatal);
}

TEST_CASE("IKEv1 is doubted from 6.1 on") {
    CharonFeatures features = debian();
    for (const char* version : {"5.9.8", "6.0.6", "6.0.10rc1"}) {
        features.version = version;
        CHECK(lacks_of(features, psk()).empty());
    }
    features.version = "6.1.0";
    REQUIRE(lacks_of(features, psk()).size() == 1);
    CHECK_FALSE(lacks_of(features, psk())[0].fatal);
    CHECK(lacks_of(features, psk())[0].why.text().find("--enable-ikev1") != std::string::npos);
    CHECK(lacks_of(features, psk(IkeVersion::v2)).empty());
    features.plugins.push_back("xauth-generic");
    CHECK(lacks_of(features, psk(IkeVersion::v1)).empty());
    features.version = "not a version";
    CHECK(lacks_of(features, psk()).empty());
}
