#include "linux/guard_watch.hpp"

#include <doctest/doctest.h>

#include <bit>

using namespace keel;

namespace {

static_assert(std::endian::native == std::endian::little,
              "netlink is in host order; the bytes below are x86's");

// NEWGEN as Linux 6.1 sends it: nlmsghdr (44 octets, type 0x0a0f), nfgenmsg, NFTA_GEN_ID 7, NFTA_GEN_PROC_PID
// 258, NFTA_GEN_PROC_NAME "nft".
Bytes new_generation() {
    return {44, 0, 0, 0, 0x0f, 0x0a, 0, 0, 0,   0,   0,   0, 0, 0, 0, 0,  //
            0,  0, 0, 7, 8,    0,    1, 0, 0,   0,   0,   7, 8, 0, 2, 0,  //
            0,  0, 1, 2, 8,    0,    3, 0, 'n', 'f', 't', 0};
}

}  // namespace

TEST_CASE("who changed the ruleset") {
    CHECK(ruleset_changed_by(new_generation()) == 258);
    Bytes two = {20, 0, 0, 0, 0x00, 0x0a, 0, 0, 0, 0,
                 0,  0, 0, 0, 0,    0,    0, 0, 0, 0};  // NEWTABLE, then the end
    const Bytes end = new_generation();
    two.insert(two.end(), end.begin(), end.end());
    CHECK(ruleset_changed_by(two) == 258);
}

TEST_CASE("a generation without a process is somebody's all the same") {
    Bytes bare = new_generation();
    bare.resize(28);
    bare[0] = 28;
    CHECK(ruleset_changed_by(bare) == 0);
}

TEST_CASE("cut or malformed messages are read within their bounds") {
    const Bytes whole = new_generation();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK_FALSE(ruleset_changed_by(ByteView(whole).first(size)));
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const std::uint8_t value : Bytes{0, 1, 3, 255}) {
            Bytes bent = whole;
            bent[at] = value;
            static_cast<void>(ruleset_changed_by(bent));
        }
    }
}
