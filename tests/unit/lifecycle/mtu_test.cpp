#include "lifecycle/mtu.hpp"

#include <doctest/doctest.h>

using keel::ChildSa;
using keel::lifecycle::ppp_mtu;

namespace {

ChildSa sa(const char* encryption, const char* integrity, bool encap) {
    ChildSa out;
    out.encryption = encryption;
    out.integrity = integrity;
    out.encap = encap;
    return out;
}

}  // namespace

TEST_CASE("without IPsec L2TPv2 over UDP over IPv4 costs 38 octets") {
    CHECK(ppp_mtu(1500, true, nullptr, false) == 1462);
    CHECK(ppp_mtu(1500, true, nullptr, true) == 1458);
    CHECK(ppp_mtu(1500, false, nullptr, false) == 1442);
}

// Each is the largest M whose ESP packet still fits 1500: IP 20 [+ UDP 8] + SPI and sequence 8 + IV +
// pad(UDP 8 + L2TP 6 + PPP 4 + M + trailer 2) + ICV.
TEST_CASE("with ESP the padding to the cipher's block is counted") {
    const auto gcm = sa("AES_GCM_16-128", "", false);
    CHECK(ppp_mtu(1500, true, &gcm, false) == 1428);  // 20 + 8 + 8 + 1448 + 16 = 1500
    const auto gcm_nat = sa("AES_GCM_16-128", "", true);
    CHECK(ppp_mtu(1500, true, &gcm_nat, false) == 1420);
    const auto cbc = sa("AES_CBC-256", "HMAC_SHA2_256_128", false);
    CHECK(ppp_mtu(1500, true, &cbc, false) == 1420);  // 20 + 8 + 16 + 1440 + 16 = 1500
    const auto cbc_nat = sa("AES_CBC-256", "HMAC_SHA1_96", true);
    CHECK(ppp_mtu(1500, true, &cbc_nat, false) ==
          1404);  // 20 + 8 + 8 + 16 + 1424 + 12 = 1488; 16 more do not fit
}

TEST_CASE("the result stays within what PPP peers can do") {
    CHECK(ppp_mtu(9000, true, nullptr, false) == 1500);
    CHECK(ppp_mtu(68, true, nullptr, false) == 576);
    CHECK(ppp_mtu(0, false, nullptr, true) == 576);
}
