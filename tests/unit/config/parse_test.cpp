#include "config/parse.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using keel::config::Fault;
using keel::config::parse;

namespace {

keel::Result<keel::Secret> read_secret(const std::string& path) {
    if (path == "/missing")
        return keel::fail(keel::ErrorCode::not_found, "cannot read /missing", "create it");
    return keel::Secret("secret of " + path);
}

std::string lns(const std::string& more = "") {
    return R"({"lns": {"office": {"listen": ["192.0.2.2"], "ipsec": {"psk": {"file": "/psk"}},
        "ppp": {"local-address": "10.9.0.1", "pool": ["10.9.0.0/24"]},
        "users": {"alice": {"password": "wonder"}})" +
           more + "}}}";
}

std::vector<Fault> faults_of(std::string_view text) {
    auto parsed = parse(text, read_secret);
    REQUIRE_FALSE(parsed);
    return parsed.error();
}

bool has(const std::vector<Fault>& faults, std::string_view pointer, std::string_view words) {
    return std::ranges::any_of(faults, [&](const Fault& fault) {
        return fault.pointer == pointer && fault.message.find(words) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("the smallest server has its defaults from the schema") {
    const auto config = parse(lns(), read_secret);
    REQUIRE(config);
    CHECK(config->vici_socket == "/run/charon.vici");
    CHECK(config->control.socket == "/run/keel2tp/control.sock");
    REQUIRE(config->lns.size() == 1);
    const auto& office = config->lns[0];
    CHECK(office.name == "lns/office");
    CHECK(office.ipsec->ike == keel::IkeVersion::any);
    CHECK(office.ipsec->esp_proposals.front() == "aes128gcm16");
    CHECK(office.hello_interval == keel::seconds(60));
    CHECK(office.auth == std::vector{keel::AuthMethod::mschap_v2, keel::AuthMethod::pap});
    CHECK(keel::as_text(std::get<keel::PskAuth>(office.ipsec->auth).psk.reveal()) == "secret of /psk");
    CHECK(keel::as_text(office.users.at("alice").password.reveal()) == "wonder");
}

TEST_CASE("a client has its own defaults where it shares a definition") {
    const auto config = parse(R"({"lac": {"branch": {"server": "vpn.example.net", "ipsec": {"psk": "x"},
        "ppp": {"user": "alice", "password": {"credential": "alice"}}, "routes": ["0.0.0.0/0"]}}})",
                              read_secret);
    REQUIRE(config);
    const auto& branch = config->lac.at(0);
    CHECK(branch.ipsec->ike == keel::IkeVersion::v1);
    CHECK(branch.hello_interval == keel::seconds(20));
    CHECK(branch.routes.at(0).length == 0);
    CHECK(keel::as_text(branch.password.reveal()) == "secret of credential:alice");
}

TEST_CASE("all faults are told at once, each by pointer, and only where they are") {
    const auto faults =
        faults_of(R"({"lns": {"office": {"listen": "192.0.2.2", "ipsec": {"psk": "x", "ike": 3},
        "ppp": {"local-address": "10.9.0.1", "pool": ["10.9.0.0/24"], "auth": ["eap"]}, "uesrs": {}}},
        "lac": {"b": {"server": "x", "ipsec": {"psk": 5}, "ppp": {"user": "u"}}}, "extra": 1, "exotic": 2})");
    CHECK(has(faults, "/lns/office/listen", "must be of type \"array\""));
    CHECK(has(faults, "/lns/office/ipsec/ike", "must be one of [1,2,\"any\"]"));
    CHECK(has(faults, "/lns/office/ppp/auth/0", "must be one of"));
    CHECK(has(faults, "/lns/office/uesrs", "not known here; did you mean \"users\"?"));
    CHECK(has(faults, "/lac/b/ipsec/psk", "must be of type"));
    CHECK(has(faults, "/lac/b/ppp", "misses the property 'password'"));
    CHECK(has(faults, "/extra", "not known"));
    CHECK(has(faults, "/exotic", "not known"));
    CHECK(has(faults, "/lns/office/users", "nobody could log in"));
    CHECK(faults.size() == 9);
}

TEST_CASE("faults of form do not hide faults of meaning") {
    const auto faults = faults_of(R"({"lns": {"a": {"listen": ["nonsense"], "ipsec": {"psk": "x"},
        "ppp": {"local-address": 5, "pool": ["10.9.0.0/24"], "auth": ["eap"]}}}, "lac": {"b": {"server": "x"}, "c": 7}})");
    CHECK(has(faults, "/lns/a/listen/0", "not an IP address"));
    CHECK(has(faults, "/lns/a/ppp/auth/0", "must be one of"));
    CHECK(has(faults, "/lns/a/ppp/local-address", "must be of type"));
    CHECK(has(faults, "/lac/b", "misses the property 'ppp'"));
    CHECK(has(faults, "/lac/b", "unprotected"));
    CHECK(has(faults, "/lac/c", "must be of type"));
    CHECK_FALSE(parse("[]", read_secret));
    CHECK_FALSE(parse("7", read_secret));
    CHECK_FALSE(parse(R"({"lns": [], "lac": "x", "charon": 5})", read_secret));
}

TEST_CASE("faults of meaning are told at once too") {
    const auto faults = faults_of(R"({"lns": {"a": {"listen": ["0.0.0.0", "nonsense"],
        "ppp": {"local-address": "10.9.0.1", "pool": ["10.9.0.1/24"], "dns": ["2001:db8::1"]},
        "users": {"x": {"password": {"file": "/missing"}, "address": "10.9.0.1"}}},
        "b": {"listen": ["nonsense"], "ipsec": {"psk": "p"}, "unprotected": true,
        "ppp": {"local-address": "10.8.0.1", "pool": ["10.8.0.0/24"]}}}})");
    CHECK(has(faults, "/lns/a/listen/0", "wildcard"));
    CHECK(has(faults, "/lns/a/listen/1", "not an IP address"));
    CHECK(has(faults, "/lns/a", "unprotected"));
    CHECK(has(faults, "/lns/a/ppp/pool/0", "host bits"));
    CHECK(has(faults, "/lns/a/ppp/dns/0", "IPv4"));
    CHECK(has(faults, "/lns/a/users/x/password/file", "cannot read /missing; create it"));
    CHECK(has(faults, "/lns/a/users/x/address", "own local-address"));
    CHECK(has(faults, "/lns/b/unprotected", "contradicts"));
    CHECK(has(faults, "/lns/b/users", "nobody could log in"));
}

TEST_CASE("control characters are refused wherever text goes on to others") {
    CHECK(has(faults_of(lns(R"(, "hello-interval": 1, "ppp": {})")), "/lns/office/ppp", "stands twice"));
    const auto faults = faults_of(R"({"lac": {"b": {"server": "x", "ipsec": {"psk": "p", "local-id": "a\nb"},
        "ppp": {"user": "u\u0000v", "password": "w"}}}})");
    CHECK(has(faults, "/lac/b/ipsec/local-id", "control characters"));
    CHECK(has(faults, "/lac/b/ppp/user", "control characters"));
}

TEST_CASE("a server's calls and the client that waits for them") {
    const auto config = parse(lns(R"(, "calls": {"a": {"lac": "branch", "called-number": "555"},
        "b": {"lac": "c", "called-number": "", "sub-address": "7", "minimum-bps": 9600, "maximum-bps": 64000,
              "bearer": "analog"}})"),
                              read_secret);
    REQUIRE(config);
    const auto& calls = config->lns[0].calls;
    REQUIRE(calls.size() == 2);
    CHECK(calls[0].name == "a");
    CHECK(calls[0].lac == "branch");
    CHECK(calls[0].called_number == "555");
    CHECK(calls[0].minimum_bps == 0);
    CHECK(calls[0].maximum_bps == 1'000'000'000);
    CHECK(calls[0].bearer == keel::config::Call::Bearer::any);
    CHECK(calls[1].sub_address == "7");
    CHECK(calls[1].minimum_bps == 9600);
    CHECK(calls[1].bearer == keel::config::Call::Bearer::analog);
    const std::string client = R"({"lac": {"b": {"server": "x", "ipsec": {"psk": "p"},
        "ppp": {"user": "u", "password": "w"})";
    const auto waits = parse(client + R"(, "call": "outgoing", "numbers": ["555"]}}})", read_secret);
    REQUIRE(waits);
    CHECK(waits->lac[0].waits_for_call);
    CHECK(waits->lac[0].numbers == std::vector<std::string>{"555"});
    CHECK_FALSE(parse(client + "}}}", read_secret)->lac[0].waits_for_call);
    CHECK(has(faults_of(client + R"(, "numbers": ["555"]}}})"), "/lac/b/numbers", "no meaning"));
    CHECK(has(
        faults_of(lns(
            R"(, "calls": {"a": {"lac": "x", "called-number": "5", "minimum-bps": 2, "maximum-bps": 1}})")),
        "/lns/office/calls/a/minimum-bps", "more than"));
    CHECK(has(faults_of(lns(R"(, "calls": {"a": {"lac": "x", "called-number": "5\n"}})")),
              "/lns/office/calls/a/called-number", "control characters"));
}

TEST_CASE("two servers cannot listen on one address") {
    const auto faults = faults_of(R"({"lns": {
        "a": {"listen": ["192.0.2.2"], "unprotected": true, "ppp": {"auth": [], "local-address": "10.9.0.1", "pool": ["10.9.0.0/24"]}},
        "b": {"listen": ["192.0.2.2"], "unprotected": true, "ppp": {"auth": [], "local-address": "10.8.0.1", "pool": ["10.8.0.0/24"]}}}})");
    CHECK(has(faults, "/lns/b/listen/0", "already listened on by lns/a"));
}

TEST_CASE("every example in schemas/examples is valid") {
    std::size_t seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator(KEEL2TP_EXAMPLES)) {
        CAPTURE(entry.path().string());
        std::ifstream file(entry.path());
        const std::string text((std::istreambuf_iterator<char>(file)), {});
        const auto parsed = parse(text, read_secret);
        if (!parsed) {
            for (const Fault& fault : parsed.error()) MESSAGE(fault.pointer << " " << fault.message);
        }
        CHECK(parsed);
        ++seen;
    }
    CHECK(seen >= 4);
}
