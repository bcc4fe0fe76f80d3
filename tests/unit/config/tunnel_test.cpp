// The "tunnel" of a server and of a client.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "config/parse.hpp"

using namespace keel::config;

namespace {

keel::Result<keel::Secret> read_secret(const std::string& path) {
    if (path == "/missing")
        return keel::fail(keel::ErrorCode::not_found, "cannot read /missing", "create it");
    return keel::Secret("secret of " + path);
}

std::string lac(const std::string& tunnel) {
    return R"({"lac": {"branch": {"server": "vpn.example.net", "unprotected": true, "tunnel": )" + tunnel +
           R"(, "ppp": {"user": "alice", "password": "x"}}}})";
}
std::string lns(const std::string& tunnel) {
    return R"({"lns": {"office": {"listen": ["192.0.2.2"], "unprotected": true, "tunnel": )" + tunnel +
           R"(, "ppp": {"auth": [], "local-address": "10.9.0.1", "pool": ["10.9.0.0/24"]}}}})";
}

Tunnel client(const std::string& tunnel) {
    const auto config = parse(lac(tunnel), read_secret);
    REQUIRE(config);
    return config->lac.at(0).tunnel;
}

// Whether this is the only fault.
bool faulty(const std::string& text, std::string_view pointer, std::string_view words) {
    const auto config = parse(text, read_secret);
    if (config || config.error().size() != 1) return false;
    const Fault& fault = config.error().front();
    CAPTURE(fault.pointer);
    CAPTURE(fault.message);
    return fault.pointer == pointer && fault.message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a tunnel has its defaults from the schema, named or not") {
    const auto config = parse(R"({"lac": {"branch": {"server": "vpn.example.net", "unprotected": true,
        "ppp": {"user": "alice", "password": "x"}}}})",
                              read_secret);
    REQUIRE(config);
    for (const Tunnel& tunnel : {config->lac.at(0).tunnel, client("{}")}) {
        CHECK(tunnel.secret.empty());
        CHECK_FALSE(tunnel.hide);
        CHECK_FALSE(tunnel.dscp);
        CHECK_FALSE(tunnel.sequencing);
        CHECK(tunnel.retransmit_initial == keel::seconds(1));
        CHECK(tunnel.retransmit_limit == 5);
        CHECK(tunnel.quirks.empty());
    }
}

TEST_CASE("everything that can be said of a tunnel") {
    const Tunnel tunnel =
        client(R"({"secret": {"file": "/tunnel"}, "hide": true, "dscp": "EF", "sequencing": true,
        "retransmit-initial": 0.5, "retransmit-limit": 3, "quirks": ["ignore-unknown", "source-port-1701"]})");
    CHECK(keel::as_text(tunnel.secret.reveal()) == "secret of /tunnel");
    CHECK(tunnel.hide);
    CHECK(tunnel.dscp == 46);
    CHECK(tunnel.sequencing);
    CHECK(tunnel.retransmit_initial == keel::milliseconds(500));
    CHECK(tunnel.retransmit_limit == 3);
    CHECK(tunnel.quirks == std::vector<std::string>{"ignore-unknown", "source-port-1701"});
    CHECK(keel::as_text(client(R"({"secret": "inline"})").secret.reveal()) == "inline");
    CHECK(keel::as_text(client(R"({"secret": {"credential": "t"}})").secret.reveal()) ==
          "secret of credential:t");
    const auto server = parse(lns(R"({"secret": "s", "quirks": ["zero-tunnel-id"]})"), read_secret);
    REQUIRE(server);
    CHECK(server->lns.at(0).tunnel.quirks == std::vector<std::string>{"zero-tunnel-id"});
}

TEST_CASE("a DSCP by number and by name") {
    const std::pair<const char*, int> rows[] = {
        {"0", 0},         {"63", 63},       {"\"CS0\"", 0}, {"\"CS7\"", 56}, {"\"AF11\"", 10},
        {"\"AF23\"", 22}, {"\"AF41\"", 34}, {"\"EF\"", 46}, {"\"VA\"", 44},  {"\"LE\"", 1}};
    for (const auto& [text, dscp] : rows) {
        CAPTURE(text);
        CHECK(client("{\"dscp\": " + std::string(text) + "}").dscp == dscp);
    }
    for (const auto* text : {"64", "-1", "\"CS8\"", "\"AF44\"", "\"ef\"", "1.5", "true"}) {
        CAPTURE(text);
        CHECK(faulty(lac("{\"dscp\": " + std::string(text) + "}"), "/lac/branch/tunnel/dscp", ""));
    }
}

TEST_CASE("what a tunnel cannot be is told in words") {
    CHECK(faulty(lac(R"({"hide": true})"), "/lac/branch/tunnel/hide", "needs a tunnel secret"));
    CHECK(faulty(lns(R"({"hide": true})"), "/lns/office/tunnel/hide", "needs a tunnel secret"));
    CHECK(faulty(lac(R"({"secret": {"file": "/missing"}, "hide": true})"), "/lac/branch/tunnel/secret/file",
                 "cannot read /missing; create it"));
    CHECK(faulty(lac(R"({"quirks": ["source-port-any", "source-port-1701"]})"), "/lac/branch/tunnel/quirks",
                 "exclude each other"));
    CHECK(faulty(lac(R"({"quirks": ["android"]})"), "/lac/branch/tunnel/quirks/0", "must be one of"));
    // A client's alone.
    CHECK(faulty(lns(R"({"quirks": ["source-port-any"]})"), "/lns/office/tunnel/quirks/0", "must be one of"));
    CHECK(faulty(lns(R"({"sequencing": true})"), "/lns/office/tunnel/sequencing", "not known here"));
    CHECK(faulty(lac(R"({"retransmit-initial": 0})"), "/lac/branch/tunnel/retransmit-initial", ""));
    CHECK(faulty(lac(R"({"retransmit-limit": 0})"), "/lac/branch/tunnel/retransmit-limit", ""));
}
