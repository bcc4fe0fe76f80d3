// Another configuration under those who are connected: what stays, what goes, and in which order.
#include <doctest/doctest.h>

#include "pair.hpp"

using namespace keel;
using namespace keel::lifecycle;
using namespace keel::test;

namespace {

struct Applied : Pair {
    Applied() { to_up(); }
    explicit Applied(config::Config server) : Pair(lac_config(), std::move(server)) { to_up(); }

    Plan plan(const std::function<void(config::Lns&)>& edit) {
        edit(lns_settings.lns[0]);
        return lns.plan(lns_settings);
    }
    Status apply() { return lns.apply(now, std::make_shared<const config::Config>(lns_settings)); }
    Status apply_to_lac() { return lac.apply(now, std::make_shared<const config::Config>(lac_settings)); }
    bool stands() {
        const auto outcome = lns.outcome();
        return outcome && outcome->has_value();
    }
    std::size_t sessions() { return lns.overview(now).sessions.size(); }
    std::vector<std::string> since(std::size_t mark) {
        return {lns_world.calls.begin() + static_cast<std::ptrdiff_t>(mark), lns_world.calls.end()};
    }
};

config::User user(const char* password) {
    return {.password = Secret(password), .address = std::nullopt};
}

}  // namespace

TEST_CASE("the same configuration changes nothing") {
    Applied pair;
    CHECK(pair.lns.plan(pair.lns_settings).changes.empty());
    const auto mark = pair.lns_world.calls.size();
    REQUIRE(pair.apply());
    CHECK(pair.since(mark).empty());
    CHECK(pair.stands());
}

TEST_CASE("users, passwords and DNS servers are live, and nobody is dropped") {
    Applied pair;
    const auto mark = pair.lns_world.calls.size();
    const Plan plan = pair.plan([](config::Lns& lns) {
        lns.users["alice"].password = Secret("other");
        lns.users["bob"] = user("builder");
        lns.dns = {*IpAddress::parse("10.9.0.53")};
        lns.hello_interval = seconds(30);
    });
    REQUIRE(plan.changes.size() == 3);
    CHECK(plan.changes[0].change == config::Change{.object = "lns/office",
                                                   .effect = config::Effect::next,
                                                   .what = {"hello-interval", "ppp.dns"}});
    CHECK(plan.changes[1].change == config::Change{.object = "lns/office/users/alice",
                                                   .effect = config::Effect::next,
                                                   .what = {"password"}});
    CHECK(plan.changes[2].change ==
          config::Change{.object = "lns/office/users/bob", .kind = config::Change::Kind::added});
    CHECK(plan.ends() == 0);
    REQUIRE(pair.apply());
    CHECK(pair.since(mark).empty());
    CHECK(pair.sessions() == 1);
    // The next log-in is judged by what runs now.
    pair.lns.receive(pair.now, PppLoginRequested{PppId(1), Pair::login("alice", "wonder")});
    CHECK_FALSE(pair.lns_world.verdicts.back().accepted);
    pair.lns.receive(pair.now, PppLoginRequested{PppId(1), Pair::login("alice", "other")});
    CHECK(pair.lns_world.verdicts.back().accepted);
}

TEST_CASE("a removed user's session ends by PPP's farewell and a CDN; the tunnel stays") {
    Applied pair;
    const Plan plan = pair.plan([](config::Lns& lns) {
        lns.users.erase("alice");
        lns.users["bob"] = user("builder");
    });
    REQUIRE(plan.ends() == 1);
    CHECK(plan.changes[0].change.object == "lns/office/users/alice");
    REQUIRE(plan.changes[0].ends.size() == 1);
    CHECK(plan.changes[0].ends[0].user == "alice");
    CHECK(plan.changes[0].ends[0].why == "the user is gone");
    REQUIRE(pair.apply());
    CHECK(pair.lns_world.called("pppd.stop"));
    pair.pppds_obey();  // the server's,
    pair.pppds_obey();  // and the client's, which was hung up on
    CHECK(pair.sessions() == 0);
    CHECK(pair.office().pool_used == 0);
    REQUIRE(pair.branch().why);
    CHECK(pair.branch().why->error.message.find("the user is gone") != std::string::npos);
}

TEST_CASE("an address that is not the session's any more ends it") {
    const auto fixed = [](const char* address) {
        return [address](config::Lns& lns) { lns.users["alice"].address = *IpAddress::parse(address); };
    };
    SUBCASE("the user's own, which it has already") {
        Applied pair;
        const std::string held = pair.lns.overview(pair.now).sessions[0].remote.text();
        CHECK(pair.plan(fixed(held.c_str())).ends() == 0);
    }
    SUBCASE("another") {
        Applied pair;
        CHECK(pair.plan(fixed("10.9.0.6")).ends() == 1);
    }
    SUBCASE("a pool without it") {
        Applied pair;
        const Plan plan = pair.plan([](config::Lns& lns) { lns.pool = {*Prefix::parse("10.20.0.0/24")}; });
        REQUIRE(plan.ends() == 1);
        CHECK(plan.changes[0].change.object == "lns/office");
    }
    SUBCASE("a larger pool") {
        Applied pair;
        CHECK(pair.plan([](config::Lns& lns) { lns.pool = {*Prefix::parse("10.9.0.0/24")}; }).ends() == 0);
        REQUIRE(pair.apply());
        CHECK(pair.office().pool_used == 1);
        CHECK(pair.office().pool_size == 253);
    }
    SUBCASE("it is another user's now") {
        Applied pair;
        const IpAddress held = pair.lns.overview(pair.now).sessions[0].remote;
        const Plan plan = pair.plan([&](config::Lns& lns) { lns.users["bob"] = {Secret("builder"), held}; });
        REQUIRE(plan.ends() == 1);
        CHECK(plan.changes[0].change.object == "lns/office/users/bob");
    }
}

TEST_CASE("a server moves: what came to the old address ends, the new one is guarded before it is opened") {
    Applied pair;
    const auto mark = pair.lns_world.calls.size();
    const Plan plan = pair.plan([](config::Lns& lns) { lns.listen = {*IpAddress::parse("192.0.2.9")}; });
    CHECK(plan.ends() == 1);
    REQUIRE(pair.apply());
    const auto calls = pair.since(mark);
    const auto at = [&](const char* call) { return std::ranges::find(calls, call) - calls.begin(); };
    CHECK(at("guard.install") < at("listen"));
    CHECK(at("ipsec.load lns/office") < static_cast<std::ptrdiff_t>(calls.size()));
    CHECK_FALSE(pair.lns.outcome());
    pair.lns.receive(pair.now, IpsecLoaded{"lns/office", {}});
    CHECK(pair.stands());
    pair.pppds_obey();
    pair.pass(seconds(2));
    CHECK(pair.sessions() == 0);
}

TEST_CASE("a server that goes ends in good order, and one of another name takes its address after it") {
    Applied pair;
    pair.lns_settings.lns[0].name = "lns/branch";
    REQUIRE(pair.apply());
    CHECK_FALSE(pair.lns.outcome());
    CHECK_FALSE(pair.lns_world.loaded.contains("lns/branch"));
    pair.pppds_obey();
    pair.pass(seconds(1));
    CHECK_FALSE(pair.lns_world.loaded.contains("lns/office"));
    CHECK(pair.lns_world.loaded.contains("lns/branch"));
    CHECK(pair.lns_world.when("ipsec.unload lns/office") < pair.lns_world.when("ipsec.load lns/branch"));
    pair.lns.receive(pair.now, IpsecLoaded{"lns/branch", {}});
    CHECK(pair.stands());
    CHECK(pair.lns.overview(pair.now).lnss.size() == 1);
}

TEST_CASE("a client's routes change under its session") {
    Applied pair;
    pair.lac_settings.lac[0].routes = {*Prefix::parse("10.30.0.0/16")};
    CHECK(pair.lac.plan(pair.lac_settings).ends() == 0);
    REQUIRE(pair.apply_to_lac());
    CHECK(pair.lac_world.called("route.remove 10.9.0.0/16"));
    CHECK(pair.lac_world.called("route.add 10.30.0.0/16"));
    CHECK(pair.branch().state == LacStatus::State::up);

    // One that the kernel refuses: the old one comes back, and the client stays up.
    pair.lac_world.failures["route.add 10.40.0.0/16"] = {ErrorCode::exists, "there is such a route", {}};
    pair.lac_settings.lac[0].routes = {*Prefix::parse("10.40.0.0/16")};
    CHECK_FALSE(pair.apply_to_lac());
    CHECK(pair.lac_world.calls.back() == "route.add 10.30.0.0/16");
    CHECK(pair.branch().state == LacStatus::State::up);
}

TEST_CASE("a client of another server dials anew, and its history goes on") {
    Applied pair;
    pair.lac_settings.lac[0].server = "other.example.net";
    CHECK(pair.lac.plan(pair.lac_settings).ends() == 1);
    REQUIRE(pair.apply_to_lac());
    pair.pppds_obey();
    pair.pass(seconds(1));
    CHECK(pair.lac_world.called("resolve other.example.net"));
    CHECK(pair.branch().history.size() >= 2);
}

TEST_CASE("what needs a restart of the daemon is an obstacle") {
    Applied pair;
    pair.lns_settings.pppd = "/elsewhere/pppd";
    const Plan plan = pair.lns.plan(pair.lns_settings);
    REQUIRE(plan.obstacle);
    CHECK(plan.obstacle->message.find("pppd.path") != std::string::npos);
}

TEST_CASE("down holds a connection until up") {
    Applied pair;
    REQUIRE(pair.lac.down(pair.now, "lac/branch"));
    pair.pppds_obey();
    pair.pass(seconds(10));
    CHECK(pair.branch().state == LacStatus::State::down);
    CHECK(pair.branch().held);
    const auto resolved = std::ranges::count(pair.lac_world.calls, "resolve vpn.example.net");
    pair.pass(seconds(300));
    CHECK(std::ranges::count(pair.lac_world.calls, "resolve vpn.example.net") == resolved);
    REQUIRE(pair.lac.up(pair.now, "lac/branch"));
    CHECK(std::ranges::count(pair.lac_world.calls, "resolve vpn.example.net") == resolved + 1);
    CHECK(pair.branch().state == LacStatus::State::connecting);
    CHECK(pair.lac.down(pair.now, "lac/nobody").error().code == ErrorCode::not_found);
}

TEST_CASE("a dropped session is told why, and the client comes again") {
    Applied pair;
    CHECK(pair.lns.drop(pair.now, [](const auto&, const auto& held) { return held.user == "bob"; }) == 0);
    CHECK(pair.lns.drop(pair.now, [](const auto&, const auto& held) { return held.user == "alice"; }) == 1);
    pair.pppds_obey();  // the server's,
    pair.pppds_obey();  // and the client's, which was hung up on
    REQUIRE(pair.branch().why);
    CHECK(pair.branch().why->error.message.find("dropped by the administrator") != std::string::npos);
}
