#include <fmt/format.h>

#include "healthy.hpp"

using namespace healthy;

namespace {

Result<Ruleset> chain(std::string_view hook, std::string_view rules) {
    return Ruleset::parse(fmt::format(
        R"({{"nftables": [{{"chain": {{"family": "inet", "table": "filter", "name": "{0}", "type": "filter", "hook": "{0}",
        "prio": 0, "policy": "drop"}}}}{1}]}})",
        hook, rules));
}

std::string accept(std::string_view left, std::string_view right) {
    return fmt::format(R"(, {{"rule": {{"family": "inet", "table": "filter", "chain": "input", "expr": [
        {{"match": {{"op": "==", "left": {}, "right": {}}}}}, {{"accept": null}}]}}}})",
                       left, right);
}

constexpr const char* kDport = R"({"payload": {"protocol": "udp", "field": "dport"}})";

}  // namespace

TEST_CASE("a server behind a policy of drop is told each thing that does not come in") {
    auto host = facts();
    host.network.rules = chain("input", "");
    for (const char* id : {"firewall-ike", "firewall-nat-t", "firewall-esp", "firewall-l2tp"}) {
        const auto all = found(host, id);
        REQUIRE(all.size() == 1);
        CHECK(all.front().severity == Severity::error);
        CHECK(all.front().where == "inet filter input");
    }
    host.network.rules = chain("input", accept(kDport, R"({"set": [500, 4500, 1701]})"));
    only(host, "firewall-esp", Severity::error);
    host.network.rules = chain("input", accept(kDport, R"({"set": [500, 4500, 1701]})") +
                                            accept(R"({"meta": {"key": "l4proto"}})", R"("esp")"));
    only(host, "firewall", Severity::ok);
}

TEST_CASE("what is let in under conditions that are not known is a warning") {
    auto host = facts();
    host.network.rules =
        chain("input", accept(R"({"payload": {"protocol": "ip", "field": "saddr"}})", R"("@friends")"));
    CHECK(found(host, "firewall-ike").front().severity == Severity::warning);
}

TEST_CASE("a client needs answers only") {
    auto host = facts(kClient);
    host.network.rules =
        chain("input", accept(R"({"ct": {"key": "state"}})", R"(["established", "related"])"));
    only(host, "firewall", Severity::ok);
    host.network.rules = chain("input", "");
    CHECK(found(host, "firewall-ike").size() == 1);
}

TEST_CASE("what clients send is not forwarded") {
    auto host = facts();
    host.network.rules = chain("forward", "");
    only(host, "firewall-forward", Severity::warning);
}

TEST_CASE("what could not be read is said") {
    auto host = facts();
    host.network.rules = fail(ErrorCode::denied, "the host's firewall");
    only(host, "firewall-unchecked", Severity::note);
    host = facts();
    host.network.legacy_iptables = true;
    only(host, "firewall-legacy", Severity::note);
}
