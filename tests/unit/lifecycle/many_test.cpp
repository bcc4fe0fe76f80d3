#include <doctest/doctest.h>

#include "clients.hpp"
#include "described_log.hpp"

using namespace keel;
using namespace keel::test;

TEST_CASE("1,000 clients: up, rekeyed, and all gone when their SAs die at once") {
    constexpr std::uint32_t kCount = 1000;
    DescribedLog log;
    Clients clients(kCount, log);
    clients.connect_all();
    auto shown = clients.overview();
    CHECK(shown.sas.size() == kCount);
    CHECK(shown.tunnels.size() == kCount);
    CHECK(shown.sessions.size() == kCount);
    CHECK(std::ranges::count_if(shown.sessions, &lifecycle::SessionStatus::up) == kCount);
    CHECK(shown.lnss.at(0).pool_used == kCount);

    const auto calls = clients.world.calls.size();
    clients.rekey_all();
    shown = clients.overview();
    CHECK(shown.sas.size() == kCount);
    CHECK(shown.sas.front().sa.spi_in >= 1'000'000);
    CHECK(shown.sessions.size() == kCount);
    CHECK(clients.world.calls.size() == calls);  // a rekey touches neither kernel nor pppd

    clients.die_all();
    shown = clients.overview();
    CHECK(shown.sas.empty());
    CHECK(shown.tunnels.empty());
    CHECK(shown.sessions.empty());
    CHECK(shown.lnss.at(0).pool_used == 0);
    CHECK(clients.world.tunnel_sockets.empty());
    CHECK(std::ranges::count(clients.world.calls, "tunnel.delete") == kCount);
}
