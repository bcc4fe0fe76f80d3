// What the configuration says of a tunnel, carried out: secret, DSCP, sequencing, quirks, retransmission.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>

#include "l2tp/message.hpp"
#include "lifecycle/tunnel_options.hpp"
#include "pair.hpp"

using namespace keel;
using namespace keel::lifecycle;
using keel::test::kLns;
using keel::test::Pair;

namespace {

config::Tunnel tunnel(const char* secret = "") {
    config::Tunnel out = test::plain_tunnel();
    out.secret = Secret(std::string_view(secret));
    return out;
}

struct TunnelPair : Pair {
    TunnelPair(const config::Tunnel& client, const config::Tunnel& server)
        : Pair(of_client(client), of_server(server)) {}
    static config::Config of_client(const config::Tunnel& options) {
        config::Config config = test::lac_config({});
        config.lac[0].tunnel = options;
        return config;
    }
    static config::Config of_server(const config::Tunnel& options) {
        config::Config config = test::lns_config();
        config.lns[0].tunnel = options;
        return config;
    }
    void to_tunnel() {
        to_ipsec();
        lns.receive(now, IpsecUp{lns_sa()});
        lac.receive(now, IpsecUp{lac_sa()});
        exchange();
    }
};

std::string text_of(const char* path) {
    std::ifstream file(std::string(KEEL2TP_ROOT "/") + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool has(const std::string& text, std::string_view word) {
    return text.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("one tunnel secret at both ends: authenticated and hidden") {
    auto options = tunnel("shared");
    options.hide = true;
    TunnelPair pair(options, options);
    pair.to_ppp();
    for (Orchestrator* host : {&pair.lac, &pair.lns}) {
        const auto control = host->overview(pair.now).tunnels.at(0).control;
        CHECK(control.authenticated);
        CHECK(control.hiding);
    }
}

TEST_CASE("a tunnel secret that is not the other's: both operators are told, the secrets are not") {
    struct Row {
        const char *client, *server, *client_told, *client_remedy, *server_told;
    };
    const Row rows[] = {
        {"one", "two", "secrets of the two ends differ", "compare the tunnel's \"secret\" of lac/branch",
         "compare the client's tunnel secret with the tunnel's \"secret\" of lns/office"},
        {"", "two", "no tunnel secret is configured here", "give lac/branch the tunnel secret",
         "compare the client's tunnel secret with the tunnel's \"secret\" of lns/office"},
        {"one", "", "no tunnel secret is configured here", "compare the tunnel's \"secret\" of lac/branch",
         "give lns/office the client's tunnel secret"},
    };
    for (const Row& row : rows) {
        for (const bool hide : {false, true}) {
            CAPTURE(row.client);
            CAPTURE(row.server);
            CAPTURE(hide);
            auto client = tunnel(row.client);
            client.hide = hide && !client.secret.empty();
            TunnelPair pair(client, tunnel(row.server));
            pair.to_tunnel();
            const auto why = pair.branch().why;
            REQUIRE(why);
            CHECK(why->stage == Stage::tunnel);
            if (!client.hide) CHECK(has(why->error.message, row.client_told));
            CHECK(has(why->error.remedy, row.client_remedy));
            REQUIRE(pair.office().refusals.size() >= 1);
            const Refusal refusal = pair.office().refusals.front();
            CHECK(refusal.stage == Stage::tunnel);
            CHECK(refusal.peer == "192.0.2.1:1701");
            CHECK(has(refusal.message, row.server_told));
            for (const std::string& text : {why->error.text(), refusal.message}) {
                CHECK_FALSE(has(text, "one;"));
                CHECK_FALSE(has(text, "two;"));
            }
            CHECK(pair.lns_world.pppds.empty());
        }
    }
}

TEST_CASE("of a flood of SCCRQs that are not authorised a few are told") {
    TunnelPair pair(tunnel(), tunnel());
    pair.to_tunnel();
    const auto flood = [&] {
        for (std::uint16_t id = 1; id <= 100; ++id) {
            l2tp::Sccrq sccrq;
            sccrq.host_name = "stranger";
            sccrq.assigned_tunnel_id = id;
            sccrq.challenge = "secret?";
            pair.lns.receive(pair.now, DatagramReceived{.socket = pair.lns_world.listeners.begin()->first,
                                                        .local = kLns,
                                                        .from = {test::kLac, id},
                                                        .mark = 99,
                                                        .datagram = l2tp::encode_message(0, 0, sccrq)});
        }
    };
    flood();
    CHECK(pair.office().refusals.size() == 10);
    pair.now += seconds(11);
    flood();
    CHECK(pair.office().refusals.size() == 20);
    CHECK(pair.lns_world.calls.size() < 50);
}

TEST_CASE("RFC 3308: what was agreed on marks the packets of both ends") {
    auto client = tunnel(), server = tunnel();
    client.dscp = 46;
    SUBCASE("granted as asked") {
        server.dscp = 46;
        TunnelPair pair(client, server);
        pair.to_ppp();
        CHECK(pair.lac_world.called("socket.dscp 46"));
        CHECK(pair.lns_world.called("socket.dscp 46"));
        // Before anything of the tunnel can be sent.
        CHECK(pair.lns_world.when("socket.dscp 46") < pair.lns_world.when("tunnel.create"));
        CHECK(pair.lac.overview(pair.now).tunnels.at(0).dscp == 46);
        CHECK(pair.lns.overview(pair.now).tunnels.at(0).control.dscp == 46);
    }
    SUBCASE("the server offers another one, which is taken") {
        server.dscp = 10;
        TunnelPair pair(client, server);
        pair.to_ppp();
        CHECK(pair.lac_world.when("socket.dscp 46") < pair.lac_world.when("socket.dscp 10"));
        CHECK(pair.lac.overview(pair.now).tunnels.at(0).dscp == 10);
        CHECK_FALSE(pair.lns_world.called("socket.dscp 46"));
    }
    SUBCASE("a server that grants nothing: we mark what we send") {
        TunnelPair pair(client, server);
        pair.to_ppp();
        CHECK(pair.lac.overview(pair.now).tunnels.at(0).dscp == 46);
        CHECK_FALSE(pair.lac.overview(pair.now).tunnels.at(0).control.dscp);
        CHECK_FALSE(pair.lns.overview(pair.now).tunnels.at(0).dscp);
    }
    SUBCASE("a client that asks for nothing gets nothing") {
        server.dscp = 46;
        TunnelPair pair(tunnel(), server);
        pair.to_ppp();
        CHECK_FALSE(pair.lns.overview(pair.now).tunnels.at(0).dscp);
        CHECK_FALSE(pair.lac.overview(pair.now).tunnels.at(0).dscp);
    }
    SUBCASE("what cannot be applied is not granted") {
        server.dscp = 46;
        TunnelPair pair(client, server);
        pair.lns_world.failures["socket.dscp 46"] = Error{ErrorCode::io, "no", {}};
        pair.to_ppp();
        CHECK_FALSE(pair.lac.overview(pair.now).tunnels.at(0).control.dscp);
    }
}

TEST_CASE("a server that says no more than it must marks nothing that was not agreed on") {
    auto client = tunnel(), server = tunnel();
    client.dscp = server.dscp = 46;
    server.quirks = {"required-avps-only"};
    TunnelPair pair(client, server);
    pair.to_ppp();
    CHECK_FALSE(pair.lns.overview(pair.now).tunnels.at(0).dscp);
    CHECK_FALSE(pair.lac.overview(pair.now).tunnels.at(0).control.dscp);
}

TEST_CASE("RFC 2661 5.4: a client that requires sequence numbers gets them both ways") {
    auto client = tunnel();
    client.sequencing = true;
    TunnelPair pair(client, tunnel());
    pair.to_ppp();
    REQUIRE(pair.lac_world.kernel_sessions.size() == 1);
    CHECK(pair.lac_world.kernel_sessions[0].sequencing);
    CHECK(pair.lns_world.when("session.sequence") < pair.lns_world.when("pppd.start"));
    CHECK(pair.lac_world.pppds[0].second.mtu == pair.lns_world.pppds[0].second.mtu);
    TunnelPair without(tunnel(), tunnel());
    without.to_ppp();
    CHECK_FALSE(without.lns_world.called("session.sequence"));
    CHECK(without.lac_world.pppds[0].second.mtu > pair.lac_world.pppds[0].second.mtu);
}

TEST_CASE("quirks reach the tunnel, the socket and charon") {
    auto client = tunnel(), server = tunnel();
    client.quirks = {"one-at-a-time", "source-port-any"};
    server.quirks = {"lenient-window"};
    TunnelPair pair(client, server);
    pair.to_ppp();
    CHECK(pair.lac.overview(pair.now).tunnels.at(0).control.quirks ==
          l2tp::Quirks{l2tp::Quirk::one_at_a_time, l2tp::Quirk::source_port_any});
    CHECK(pair.lns.overview(pair.now).tunnels.at(0).control.quirks ==
          l2tp::Quirks{l2tp::Quirk::lenient_window});
    CHECK(pair.lac_world.tunnel_sockets.begin()->second.port == SourcePort::own);
    CHECK(pair.lac_world.loaded.at("lac/branch").any_port);
    CHECK_FALSE(pair.lns_world.loaded.at("lns/office").any_port);
    client.quirks = {"source-port-1701"};
    CHECK(source_port_of(client) == SourcePort::l2tp);
    CHECK(source_port_of(server) == SourcePort::usual);
}

TEST_CASE("a silent server is given up after the retransmissions that are configured") {
    auto client = tunnel();
    client.retransmit_initial = milliseconds(500);
    client.retransmit_limit = 2;
    CHECK(tunnel_patience(client) == seconds(60));
    TunnelPair pair(client, tunnel());
    pair.to_ipsec();
    pair.lac.receive(pair.now, IpsecUp{pair.lac_sa()});
    pair.from_open = false;
    pair.pass(milliseconds(3400));
    CHECK_FALSE(pair.branch().why);
    pair.pass(milliseconds(200));
    REQUIRE(pair.branch().why);
    CHECK(has(pair.branch().why->error.message, "no answer to SCCRQ"));
    client.retransmit_initial = seconds(60);
    CHECK(tunnel_patience(client) == seconds(185));
}

TEST_CASE("quirks.md says of each quirk what the table says") {
    const std::string page = text_of("orchestrator/l2tp/quirks.md");
    for (const l2tp::QuirkRow& row : l2tp::all_quirks()) {
        CAPTURE(row.name);
        const char* whose = row.client && row.server ? "lac, lns" : row.client ? "lac" : "lns";
        CHECK(has(page, fmt::format("| `{}` | {} | {} | {} | {} |\n", row.name, whose, row.peers, row.changes,
                                    row.costs)));
    }
}

TEST_CASE("the schema names the quirks that there are, for clients and for servers") {
    const std::string schema = text_of("schemas/config.schema.json");
    const auto enum_of = [&](const char* definition) {
        const auto from = schema.find("\"enum\"", schema.find("\"quirks\"", schema.find(definition)));
        return schema.substr(from, schema.find(']', from) - from);
    };
    const std::string client = enum_of("\"tunnel-client\": {"), server = enum_of("\"tunnel-server\": {");
    for (const l2tp::QuirkRow& row : l2tp::all_quirks()) {
        CAPTURE(row.name);
        CHECK(has(client, '"' + std::string(row.name) + '"') == row.client);
        CHECK(has(server, '"' + std::string(row.name) + '"') == row.server);
    }
}
