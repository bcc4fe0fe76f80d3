// RFC 2661 gives a server no way to know who is there before an SCCRQ validates: until then nothing is kept.
#include <doctest/doctest.h>

#include "l2tp/auth.hpp"
#include "unit/l2tp/peer.hpp"
#include "unit/l2tp_hostile/memory.hpp"

using namespace keel;
using namespace keel::l2tp;
using namespace keel::l2tp::test;

namespace {

struct Server {
    explicit Server(EndpointConfig config = {}) : endpoint(std::move(config), random) {}
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // How many blocks stay allocated after this datagram, everything that came out given away.
    std::ptrdiff_t kept_after(ByteView datagram, std::uint16_t port = 1701) {
        const auto before = static_cast<std::ptrdiff_t>(Memory::now().blocks);
        endpoint.receive(Time{}, {IpAddress::v4(1), {IpAddress::v4(2), port}, 0}, datagram);
        while (endpoint.poll_output()) {
        }
        return static_cast<std::ptrdiff_t>(Memory::now().blocks) - before;
    }

    FixedRandom random;
    Endpoint endpoint;
};

Bytes sccrq_avps(std::string_view more) {
    return hex("8008 0000 0000 0001  8008 0000 0002 0100  800a 0000 0003 00000003"
               "8008 0000 0009 0007  8008 0000 0007 6162") +
           hex(more);
}

}  // namespace

TEST_CASE("what is no SCCRQ keeps nothing, not even for a moment more than its answer") {
    Server server;
    for (const auto* text : {
             "", "c8", "ffff ffff ffff ffff", "0002 0001 0001 0001",  // nothing; data
             "c802 000c 0000 0000 0000 0000",                         // a ZLB to nobody
             "c802 0014 0000 0000 0000 0000 8008 0000 0000 0006",     // HELLO to nobody
             "c802 0014 1234 0000 0000 0000 8008 0000 0000 0006",     // an unknown tunnel
             "c802 0014 0000 0000 0000 0000 8008 0000 0000 0001",     // SCCRQ of no AVP
             "c802 0014 0000 0000 0000 0000 8008 0000 0000 0063",     // no message
             "c802 0014 0000 0000 0000 0000 83ff 0000 0000 0001",     // an AVP beyond its end
         }) {
        CAPTURE(text);
        CHECK(server.kept_after(hex(text)) == 0);
    }
    FixedRandom random;
    for (int i = 0; i < 5000; ++i) {
        Bytes noise(1 + random.u32() % 300);
        random.fill(noise);
        if (i % 2 == 0 && noise.size() >= 12) {
            const Bytes header = hex("c802 0000 0000 0000 0000 0000");
            std::ranges::copy(header, noise.begin());
            noise[2] = static_cast<std::uint8_t>(noise.size() >> 8U);
            noise[3] = static_cast<std::uint8_t>(noise.size() & 0xffU);
        }
        REQUIRE(server.kept_after(noise) == 0);
    }
    CHECK(server.endpoint.tunnel_count() == 0);
}

TEST_CASE("an SCCRQ that does not validate is answered, and keeps nothing") {
    Server server;
    const auto refused = [&](const Bytes& avps) {
        const std::uint64_t sent = server.endpoint.counters().sent;
        CHECK(server.kept_after(control({0, 0, 0, 0}, avps)) == 0);
        CHECK(server.endpoint.counters().sent == sent + 1);
        CHECK(server.endpoint.tunnel_count() == 0);
    };
    refused(sccrq_avps("8008 0000 03e7 0000"));      // an unknown AVP with the M bit
    refused(sccrq_avps("8007 0000 000a 00"));        // malformed
    refused(sccrq_avps("800a 0000 000b 61626364"));  // a Challenge, and no secret is known
    refused(sccrq_avps("c018 0000 0003 000102030405060708090a0b0c0d0e0f1011"));  // hidden, and none is known
    Sccrq other_version;
    other_version.host_name = "peer";
    other_version.assigned_tunnel_id = 7;
    other_version.protocol_version = 0x0200;
    const Bytes datagram = encode_message(0, 0, other_version);
    CHECK(server.kept_after(datagram) == 0);
    CHECK(server.endpoint.tunnel_count() == 0);
    // This one does, so that the test can fail.
    CHECK(server.kept_after(control({0, 0, 0, 0}, sccrq_avps(""))) > 0);
    CHECK(server.endpoint.tunnel_count() == 1);
}

TEST_CASE("an SCCRQ beyond a cap keeps nothing") {
    EndpointConfig config;
    config.max_half_open = 8;
    config.max_half_open_per_source = 8;
    Server server(std::move(config));
    for (std::uint16_t port = 1; port <= 8; ++port) {
        static_cast<void>(server.kept_after(control({0, 0, 0, 0}, sccrq_avps("")), port));
    }
    CHECK(server.endpoint.tunnel_count() == 8);
    for (std::uint16_t port = 9; port <= 1000; ++port) {
        REQUIRE(server.kept_after(control({0, 0, 0, 0}, sccrq_avps("")), port) == 0);
    }
    CHECK(server.endpoint.tunnel_count() == 8);
    CHECK(server.endpoint.counters().refused == 992);
}
