// All or nothing: what is refused, or does not stand, or is not confirmed, brings back what ran.
#include "lifecycle/provisioner.hpp"

#include <doctest/doctest.h>

#include "pair.hpp"

using namespace keel;
using namespace keel::lifecycle;
using namespace keel::test;

namespace {

struct Provisioned {
    Provisioned() {
        pair.to_up();
        provisioner.begin_with(version("{}"));
    }
    Version version(std::string_view text) {
        return provisioner.version(std::make_shared<const config::Config>(pair.lns_settings), text);
    }
    Status apply(std::string_view text, Provisioner::Wish wish = {}) {
        return provisioner.apply(pair.now, version(text), wish);
    }
    void pass(Duration time) {
        pair.pass(time);
        provisioner.advance(pair.now);
    }
    config::Lns& office() { return pair.lns_settings.lns[0]; }
    const config::Lns& runs() { return pair.lns.config()->lns[0]; }

    Pair pair;
    NullLog log;
    SeededRandom random{3};
    Provisioner provisioner{pair.lns, random, log};
};

}  // namespace

TEST_CASE("what can be had at once is told at once") {
    Provisioned here;
    const std::string before = here.provisioner.running().hash;
    here.office().dns = {*IpAddress::parse("10.9.0.53")};
    REQUIRE(here.apply("{1}"));
    const auto outcome = here.provisioner.take_outcome();
    REQUIRE(outcome);
    REQUIRE(outcome->has_value());
    CHECK((*outcome)->plan.changes.size() == 1);
    CHECK((*outcome)->hash != before);
    CHECK((*outcome)->hash == here.provisioner.running().hash);
    CHECK_FALSE(here.provisioner.take_outcome());
    CHECK_FALSE(here.provisioner.is_saved());
    CHECK(here.provisioner.previous() == 1);
}

TEST_CASE("a hash is one document's, and another daemon's is another") {
    Provisioned here;
    CHECK(here.version("a").hash == here.version("a").hash);
    CHECK(here.version("a").hash != here.version("b").hash);
    SeededRandom other(4);
    CHECK(Provisioner(here.pair.lns, other, here.log).version({}, "a").hash != here.version("a").hash);
}

TEST_CASE("a listener that cannot be opened takes everything back") {
    Provisioned here;
    config::Lns second = here.office();
    second.name = "lns/second";
    second.listen = {*IpAddress::parse("192.0.2.9")};
    here.office().dns = {*IpAddress::parse("10.9.0.53")};
    here.pair.lns_settings.lns.push_back(second);
    here.pair.lns_world.failures["listen"] = {ErrorCode::invalid, "no such address", {}};
    REQUIRE(here.apply("{1}"));
    const auto outcome = here.provisioner.take_outcome();
    REQUIRE(outcome);
    REQUIRE_FALSE(outcome->has_value());
    CHECK(outcome->error().message.find("no such address") != std::string::npos);
    here.pass(seconds(1));
    CHECK(here.runs().dns.empty());
    CHECK(here.pair.lns.overview(here.pair.now).lnss.size() == 1);
    CHECK(here.pair.lns.overview(here.pair.now).sessions.size() == 1);
    CHECK(here.provisioner.previous() == 0);
    CHECK(here.provisioner.is_saved());
}

TEST_CASE("charon's refusal and charon's silence take it back") {
    Provisioned here;
    here.office().ipsec->auth = PskAuth{Secret("another")};
    REQUIRE(here.apply("{1}"));
    CHECK_FALSE(here.provisioner.take_outcome());
    CHECK(here.apply("{2}").error().code == ErrorCode::busy);
    SUBCASE("it refuses") {
        here.pair.lns.receive(here.pair.now,
                              IpsecFailed{"lns/office", {ErrorCode::invalid, "invalid proposal", {}}});
        here.provisioner.advance(here.pair.now);
        const auto outcome = here.provisioner.take_outcome();
        REQUIRE(outcome);
        CHECK(outcome->error().message.find("invalid proposal") != std::string::npos);
    }
    SUBCASE("it says nothing") {
        here.pass(seconds(29));
        CHECK_FALSE(here.provisioner.take_outcome());
        here.pass(seconds(2));
        const auto outcome = here.provisioner.take_outcome();
        REQUIRE(outcome);
        CHECK(outcome->error().code == ErrorCode::timeout);
    }
    CHECK(here.runs().ipsec == ipsec());
    CHECK(here.pair.lns.overview(here.pair.now).sessions.size() == 1);
}

TEST_CASE("what is not confirmed comes back, and what is confirmed stays") {
    Provisioned here;
    const std::string before = here.provisioner.running().hash;
    here.office().users.erase("alice");
    here.office().users["bob"] = {Secret("builder"), std::nullopt};
    REQUIRE(here.apply("{1}", {.confirm_within = seconds(60), .save = true}));
    const auto outcome = here.provisioner.take_outcome();
    REQUIRE((outcome && outcome->has_value()));
    CHECK_FALSE((*outcome)->save);  // not before it is confirmed
    CHECK(here.provisioner.confirm_until() == here.pair.now + seconds(60));
    CHECK(here.apply("{2}").error().code == ErrorCode::busy);
    SUBCASE("nobody confirms") {
        here.pass(seconds(61));
        CHECK(here.provisioner.running().hash == before);
        CHECK(here.runs().users.contains("alice"));
        CHECK(here.provisioner.confirm(here.pair.now).error().code == ErrorCode::not_found);
    }
    SUBCASE("it is confirmed") {
        CHECK(here.provisioner.confirm(here.pair.now).value());
        here.pass(seconds(61));
        CHECK(here.runs().users.contains("bob"));
        REQUIRE(here.provisioner.rollback(here.pair.now));
        CHECK(here.provisioner.running().hash == before);
        CHECK(here.runs().users.contains("alice"));
    }
    SUBCASE("it is taken back before") {
        REQUIRE(here.provisioner.rollback(here.pair.now));
        CHECK(here.provisioner.running().hash == before);
        CHECK(here.provisioner.previous() == 0);
        CHECK(here.provisioner.rollback(here.pair.now).error().code == ErrorCode::not_found);
    }
}

TEST_CASE("rollback goes back one by one, as far as five") {
    Provisioned here;
    for (int number = 1; number <= 7; ++number) {
        here.office().dns = {IpAddress::v4(0x0a090000u + static_cast<std::uint32_t>(number))};
        REQUIRE(here.apply(std::string(static_cast<std::size_t>(number), '{')));
        REQUIRE(here.provisioner.take_outcome()->has_value());
    }
    CHECK(here.provisioner.previous() == 5);
    for (int number = 6; number >= 2; --number) {
        REQUIRE(here.provisioner.rollback(here.pair.now));
        CHECK(here.runs().dns[0] == IpAddress::v4(0x0a090000u + static_cast<std::uint32_t>(number)));
    }
    CHECK_FALSE(here.provisioner.rollback(here.pair.now));
}
