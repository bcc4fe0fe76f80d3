#include "doctor/ruleset.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace keel;
using namespace keel::doctor;
using Packet = Ruleset::Packet;
using Answer = Ruleset::Answer;

namespace {

// An input chain with this policy and these rules, each the JSON list of its statements.
Ruleset input(std::string_view policy, std::initializer_list<std::string_view> rules,
              std::string_view more = "") {
    std::string text = fmt::format(
        R"({{"nftables": [{{"metainfo": {{"version": "1.0.6"}}}}, {{"table": {{"family": "inet", "name": "filter"}}}},
        {{"chain": {{"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "prio": 0,
        "policy": "{}"}}}})",
        policy);
    text += more;
    for (const std::string_view rule : rules) {
        text += fmt::format(
            R"(, {{"rule": {{"family": "inet", "table": "filter", "chain": "input", "expr": {}}}}})", rule);
    }
    const auto parsed = Ruleset::parse(text + "]}");
    REQUIRE(parsed);
    return *parsed;
}

std::string match(std::string_view left, std::string_view right, std::string_view verdict,
                  std::string_view op = "==") {
    return fmt::format(R"([{{"match": {{"op": "{}", "left": {}, "right": {}}}}}, {{"{}": null}}])", op, left,
                       right, verdict);
}

Packet udp(std::uint16_t port) {
    Packet packet;
    packet.to_port = port;
    packet.to = IpAddress::parse("192.0.2.2");
    packet.interface = "eth0";
    return packet;
}
Packet esp() {
    Packet packet = udp(0);
    packet.protocol = Packet::Protocol::esp;
    return packet;
}

constexpr const char* kDport = R"({"payload": {"protocol": "udp", "field": "dport"}})";

Answer ask(const Ruleset& rules, const Packet& packet) {
    return rules.judge("input", packet).answer;
}

}  // namespace

TEST_CASE("no rules let everything in; a policy of drop nothing, and says where") {
    CHECK(ask(Ruleset(), udp(500)) == Answer::accepted);
    CHECK(ask(input("accept", {}), udp(500)) == Answer::accepted);
    const auto verdict = input("drop", {}).judge("input", udp(500));
    CHECK(verdict.answer == Answer::dropped);
    CHECK(verdict.chain == "inet filter input");
    CHECK(input("drop", {}).judge("forward", udp(500)).answer == Answer::accepted);
}

TEST_CASE("ports: one, several, ranges; the other protocol's do not count") {
    const auto rules =
        input("drop", {match(kDport, "500", "accept"), match(kDport, R"({"set": [4500, 4501]})", "accept"),
                       match(kDport, R"({"range": [1700, 1710]})", "accept")});
    CHECK(ask(rules, udp(500)) == Answer::accepted);
    CHECK(ask(rules, udp(4500)) == Answer::accepted);
    CHECK(ask(rules, udp(1701)) == Answer::accepted);
    CHECK(ask(rules, udp(1711)) == Answer::dropped);
    CHECK(ask(rules, esp()) == Answer::dropped);
    CHECK(
        ask(input("drop", {match(R"({"payload": {"protocol": "tcp", "field": "dport"}})", "500", "accept")}),
            udp(500)) == Answer::dropped);
    CHECK(ask(input("drop", {match(kDport, "1024", "accept", "<")}), udp(500)) == Answer::accepted);
    CHECK(ask(input("accept", {match(kDport, "53", "drop", "!=")}), udp(500)) == Answer::dropped);
}

TEST_CASE("protocols, by name and by number") {
    const char* l4 = R"({"meta": {"key": "l4proto"}})";
    CHECK(ask(input("drop", {match(l4, R"("esp")", "accept")}), esp()) == Answer::accepted);
    CHECK(ask(input("drop", {match(l4, "50", "accept")}), esp()) == Answer::accepted);
    CHECK(ask(input("drop", {match(l4, R"({"set": ["tcp", "udp"]})", "accept")}), esp()) == Answer::dropped);
    CHECK(ask(input("drop",
                    {match(R"({"payload": {"protocol": "ip", "field": "protocol"}})", R"("esp")", "accept")}),
              esp()) == Answer::accepted);
}

TEST_CASE("what came under ESP, conntrack's state, interfaces and addresses are known") {
    Packet inner = udp(1701);
    inner.under_esp = true;
    for (const char* key : {"secpath", "ipsec"}) {  // in nft 1.0.6's JSON it is called ipsec
        const auto rules =
            input("drop", {match(fmt::format(R"({{"meta": {{"key": "{}"}}}})", key), "true", "accept")});
        CHECK(ask(rules, inner) == Answer::accepted);
        CHECK(ask(rules, udp(1701)) == Answer::dropped);
    }

    Packet answer = udp(500);
    answer.established = true;
    const auto state = input(
        "drop", {match(R"({"ct": {"key": "state"}})", R"(["established", "related"])", "accept", "in")});
    CHECK(ask(state, answer) == Answer::accepted);
    CHECK(ask(state, udp(500)) == Answer::dropped);

    const char* iif = R"({"meta": {"key": "iifname"}})";
    CHECK(ask(input("drop", {match(iif, R"("eth0")", "accept")}), udp(500)) == Answer::accepted);
    CHECK(ask(input("drop", {match(iif, R"("eth*")", "accept")}), udp(500)) == Answer::accepted);
    CHECK(ask(input("drop", {match(iif, R"("lo")", "accept")}), udp(500)) == Answer::dropped);
    const char* to = R"({"payload": {"protocol": "ip", "field": "daddr"}})";
    CHECK(ask(input("drop", {match(to, R"("192.0.2.2")", "accept")}), udp(500)) == Answer::accepted);
    CHECK(ask(input("drop", {match(to, R"({"prefix": {"addr": "192.0.2.0", "len": 24}})", "accept")}),
              udp(500)) == Answer::accepted);
    CHECK(ask(input("drop", {match(to, R"("192.0.2.3")", "accept")}), udp(500)) == Answer::dropped);
}

TEST_CASE("a rule that asks for what is not known makes the answer uncertain, not wrong") {
    const char* from = R"({"payload": {"protocol": "ip", "field": "saddr"}})";
    CHECK(ask(input("drop", {match(from, R"("198.51.100.7")", "accept")}), udp(500)) ==
          Answer::may_be_dropped);
    CHECK(ask(input("drop", {match(from, R"("@friends")", "accept")}), udp(500)) == Answer::may_be_dropped);
    // Some are shut out, everybody else is let in.
    CHECK(ask(input("accept", {match(from, R"("@bad")", "drop")}), udp(500)) == Answer::accepted);
    CHECK(ask(input("drop", {R"([{"xt": null}, {"accept": null}])"}), udp(500)) == Answer::may_be_dropped);
    CHECK(ask(input("drop", {R"([{"xt": null}])"}), udp(500)) == Answer::may_be_dropped);
    CHECK(ask(input("drop", {R"([{"queue": null}])"}), udp(500)) == Answer::may_be_dropped);
}

TEST_CASE("counters, logs and limits do not stand in the way") {
    CHECK(
        ask(input("drop", {R"([{"counter": {"packets": 1, "bytes": 2}}, {"log": null}, {"accept": null}])"}),
            udp(500)) == Answer::accepted);
    CHECK(ask(input("drop", {R"([{"limit": {"rate": 5, "per": "second"}}, {"accept": null}])"}), udp(500)) ==
          Answer::accepted);
    CHECK(ask(input("accept", {R"([{"limit": {"rate": 5, "per": "second", "inv": true}}, {"drop": null}])"}),
              udp(500)) == Answer::accepted);
    CHECK(ask(input("accept", {R"([{"reject": {"type": "icmpx", "expr": "admin-prohibited"}}])"}),
              udp(500)) == Answer::dropped);
}

TEST_CASE("jumps come back, gotos do not, verdict maps lead on, and loops end") {
    const std::string other = R"(, {"chain": {"family": "inet", "table": "filter", "name": "vpn"}},
        {"rule": {"family": "inet", "table": "filter", "chain": "vpn", "expr":
        [{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 500}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "vpn", "expr": [{"jump": {"target": "vpn"}}]}})";
    const char* jump = R"([{"jump": {"target": "vpn"}}])";
    const char* go = R"([{"goto": {"target": "vpn"}}])";
    const std::string accept = match(kDport, "4500", "accept");
    CHECK(ask(input("drop", {jump}, other), udp(500)) == Answer::accepted);
    CHECK(ask(input("drop", {jump, accept}, other), udp(4500)) == Answer::accepted);
    CHECK(ask(input("drop", {go, accept}, other), udp(4500)) == Answer::dropped);
    CHECK(ask(input("drop", {R"([{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set":
        [["established", {"accept": null}], ["new", {"jump": {"target": "vpn"}}]]}}}])"},
                    other),
              udp(500)) == Answer::accepted);
    CHECK(
        ask(input(
                "drop",
                {R"([{"vmap": {"key": {"meta": {"key": "mark"}}, "data": {"set": [[1, {"accept": null}]]}}}])"},
                other),
            udp(500)) == Answer::may_be_dropped);
}

TEST_CASE("as nft 1.0.6 tells it") {
    const std::string own_address =
        R"([{"match": {"op": "==", "left": {"fib": {"result": "type", "flags": ["daddr"]}},
        "right": "local"}}, {"match": {"op": "==", "left": {"payload": {"protocol": "th", "field": "dport"}},
        "right": 500}}, {"accept": null}])";
    CHECK(ask(input("drop", {own_address}), udp(500)) == Answer::accepted);
    CHECK(ask(input("drop", {own_address}), esp()) == Answer::dropped);
    const std::string either = R"([{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}},
        "right": {"set": ["udp", "esp"]}}}, {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}},
        "right": {"range": ["192.0.2.0", "192.0.2.9"]}}}, {"log": {"prefix": "x"}},
        {"counter": {"packets": 0, "bytes": 0}}, {"accept": null}])";
    CHECK(ask(input("drop", {either}), udp(500)) == Answer::accepted);
    CHECK(ask(input("drop", {either}), esp()) == Answer::accepted);
    const std::string refuse = R"([{"match": {"op": "!=", "left": {"meta": {"key": "iifname"}},
        "right": {"set": ["lo", "ppp*"]}}}, {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}])";
    CHECK(ask(input("accept", {refuse}), udp(500)) == Answer::dropped);
}

TEST_CASE("our own table is not the host's firewall, other families are not this packet's") {
    const auto ours =
        Ruleset::parse(R"({"nftables": [{"chain": {"family": "inet", "table": "keel2tp", "name": "pre",
        "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]})");
    REQUIRE(ours);
    CHECK(ask(*ours, udp(500)) == Answer::accepted);
    const auto six = Ruleset::parse(R"({"nftables": [{"chain": {"family": "ip6", "table": "f", "name": "in",
        "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]})");
    REQUIRE(six);
    CHECK(ask(*six, udp(500)) == Answer::accepted);
    Packet over6 = udp(500);
    over6.v4 = false;
    CHECK(ask(*six, over6) == Answer::dropped);
}

TEST_CASE("what is no ruleset is an error") {
    for (const char* text :
         {"", "[]", "{}", R"({"nftables": {}})", "{\"nftables\": [",
          R"({"nftables": [{"rule": {"family": "inet", "table": "a", "chain": "b", "expr": []}}]})"}) {
        CHECK_FALSE(Ruleset::parse(text));
    }
}
