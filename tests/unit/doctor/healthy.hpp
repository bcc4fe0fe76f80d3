// A host on which everything is as it should be; each test spoils one thing.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "doctor/examine.hpp"

namespace healthy {

using namespace keel;
using namespace keel::doctor;

inline constexpr const char* kServer = R"({"lns": {"office": {
  "listen": ["203.0.113.2"], "ipsec": {"psk": "a long and random pre-shared key"},
  "ppp": {"local-address": "10.9.0.1", "pool": ["10.9.0.0/24"]},
  "users": {"alice": {"password": "wonderland"}}}}})";
inline constexpr const char* kClient = R"({"lac": {"branch": {
  "server": "vpn.example.net", "ipsec": {"psk": "a long and random pre-shared key"},
  "ppp": {"user": "alice", "password": "wonderland"}, "routes": ["10.9.0.0/16"]}}})";

inline config::Config config_of(const char* text) {
    auto config =
        config::parse(text, [](const std::string&) { return Result<Secret>(Secret(std::string_view("x"))); });
    REQUIRE(config);
    return *config;
}

inline Interface ethernet(const char* name, const char* address) {
    Interface out;
    out.name = name;
    out.up = true;
    out.addresses = {*IpAddress::parse(address)};
    const std::uint32_t net = out.addresses.front().v4_value() & 0xffffff00;
    out.networks = {Prefix{IpAddress::v4(net), 24}};
    return out;
}

inline ModuleFact module(const char* name, bool by_name, bool for_ipsec) {
    ModuleFact out;
    out.name = name;
    out.use = "a use";
    out.by_name = by_name;
    out.for_ipsec = for_ipsec;
    out.state = ModuleFact::State::loadable;
    return out;
}

inline Way way(const char* address) {
    Way out;
    out.name = "lac/branch";
    out.addresses = std::vector{*IpAddress::parse(address)};
    out.interface = "eth0";
    return out;
}

inline Facts facts(const char* config = kServer) {
    Facts out;
    out.own_version = "0.1.0";
    out.config.path = "/etc/keel2tp/keel2tp.json";
    out.config.mode = 0600;
    out.config.config = config_of(config);
    out.kernel.release = "6.1.0";
    out.kernel.modules = {module("l2tp_netlink", true, false), module("nft_xfrm", false, true)};
    out.pppd.path = "/usr/sbin/pppd";
    out.pppd.plugin = "/usr/lib/pppd/2.4.9/keel2tp.so";
    out.pppd.there = out.pppd.plugin_there = true;
    out.pppd.version = std::string("2.4.9");
    out.pppd.plugin_for = "2.4.9";
    out.services.ike_daemons = {{"charon", 80}};
    for (const std::uint16_t port : {std::uint16_t{500}, std::uint16_t{4500}}) {
        PortHolder holder;
        holder.local = {IpAddress{}, port};
        holder.program = "charon";
        holder.pid = 80;
        out.services.ports.push_back(holder);
    }
    out.services.reserved_ports = "20000-39999\n";
    CharonFacts charon;
    charon.daemon = "charon";
    charon.version = "5.9.8";
    charon.foreign = std::vector<ForeignConnection>{};
    out.charon.socket = "/run/charon.vici";
    out.charon.charon = charon;
    out.network.interfaces = {ethernet("eth0", "203.0.113.2")};
    out.network.default_interfaces = {"eth0"};
    out.network.forwarding4 = true;
    out.network.rules = Ruleset();
    if (out.config.config->lns.empty()) out.network.ways = {way("198.51.100.1")};
    out.clock.now = 2000;
    out.clock.not_before = 1000;
    out.daemon.version = std::string("0.1.0");
    return out;
}

// The findings of one id.
inline std::vector<Finding> found(const Facts& facts, std::string_view id) {
    std::vector<Finding> out;
    for (Finding& one : examine(facts)) {
        if (one.id == id) out.push_back(std::move(one));
    }
    return out;
}

// That one thing is said of these facts, so severe, once, with a remedy, and nothing else worse than a note.
inline Finding only(const Facts& facts, std::string_view id, Severity severity) {
    for (const Finding& one : examine(facts)) {
        const bool other = one.id != id && one.severity > Severity::note;
        CHECK_MESSAGE(!other, one.id << ": " << one.what);
    }
    const auto all = found(facts, id);
    REQUIRE_MESSAGE(all.size() == 1, std::string(id) << " was said " << all.size() << " times");
    CHECK(all.front().severity == severity);
    CHECK((severity == Severity::ok || !all.front().remedy.empty()));
    CHECK(all.front().remedy.find('\n') == std::string::npos);
    return all.front();
}

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace healthy
