#include <doctest/doctest.h>

#include "linux/strongswan_reasons.hpp"
#include "linux/strongswan_recipe.hpp"
#include "linux/strongswan_sas.hpp"
#include "sas.hpp"

using namespace keel;
using namespace std::chrono_literals;
using keel::test::ike_sa;
using keel::test::only;

namespace {

IpAddress ip(const char* text) {
    return IpAddress::parse(text).value();
}

IpsecConnection responder() {
    IpsecConnection out;
    out.name = "lns/office";
    out.ike = IkeVersion::v1;
    out.local = {ip("192.0.2.2"), ip("198.51.100.2")};
    out.auth = PskAuth{Secret("psk")};
    out.ike_proposals = {"aes256-sha256-modp2048"};
    out.esp_proposals = {"aes128gcm16"};
    return out;
}
IpsecConnection initiator() {
    IpsecConnection out = responder();
    out.name = "lac/branch";
    out.role = IpsecConnection::Role::initiator;
    out.local.clear();
    out.remote = ip("192.0.2.2");
    return out;
}

vici::LogLine line(std::uint32_t thread, std::string text) {
    vici::LogLine out;
    out.thread = thread;
    out.text = std::move(text);
    return out;
}

}  // namespace

TEST_CASE("names go into charon and come back") {
    CHECK(charon_name("lns/office") == "keel2tp-lns.office");
    CHECK(charon_name("lns/office", 1) == "keel2tp-lns.office+2");
    for (const char* name : {"lns/office", "lac/a.b", "lac/a+b", "lac/~", "lac/b\xc3\xbcro 1", "lns/"}) {
        CAPTURE(name);
        CHECK(our_name(charon_name(name)) == name);
        CHECK(our_name(charon_name(name, 3)) == name);
    }
    CHECK_FALSE(our_name("office"));
    CHECK_FALSE(our_name("keel2tp-lns.a~2"));
    CHECK_FALSE(our_name("keel2tp-lns.a b"));
    // An administrator's, not ours.
    for (const char* theirs : {"keel2tp", "keel2tp-", "keel2tp-test", "keel2tp-lns", "keel2tp-lnsx.a"}) {
        CAPTURE(theirs);
        CHECK_FALSE(our_name(theirs));
    }
}

TEST_CASE("recipe S, responder: one connection for each address") {
    const auto made = make_connections(responder());
    REQUIRE(made.size() == 2);
    CHECK(made[1].name == "keel2tp-lns.office+2");
    const vici::Message& settings = made[0].settings;
    CHECK(settings.value("version") == "1");
    CHECK(*settings.find_list("local_addrs") == vici::List{"192.0.2.2"});
    CHECK(*settings.find_list("remote_addrs") == vici::List{"%any"});
    CHECK(settings.value("unique") == "never");
    CHECK(settings.value("rekey_time") == "0s");
    CHECK(settings.find_section("local")->value("id") == "192.0.2.2");
    CHECK(settings.find_section("remote")->find("id") == nullptr);
    const vici::Message* child = settings.find_section("children")->find_section(made[0].name);
    REQUIRE(child);
    CHECK(child->value("mode") == "transport");
    CHECK(child->value("policies") == "no");
    CHECK(*child->find_list("local_ts") == vici::List{"dynamic[17/1701]"});
    CHECK(*child->find_list("remote_ts") == vici::List{"dynamic[17]"});
    CHECK(child->value("mark_in") == "%unique/0x00ffffff");
    CHECK(child->value("set_mark_in") == "%same/0x00ffffff");
    CHECK(child->find("mark_out") == nullptr);
    CHECK(child->find("reqid") == nullptr);
    CHECK(child->value("rand_time") == "0s");
    CHECK(make_secrets(responder()).at(0).owners == vici::List{"192.0.2.2", "198.51.100.2"});
}

TEST_CASE("a server names the peers that we dial ourselves, so that charon does not take them for our dial") {
    IpsecConnection connection = responder();
    connection.also_dialled = {ip("203.0.113.5")};
    for (const CharonConnection& made : make_connections(connection)) {
        CHECK(*made.settings.find_list("remote_addrs") == vici::List{"203.0.113.5", "%any"});
    }
}

TEST_CASE("recipe S, initiator: the secret is the server's") {
    IpsecConnection connection = initiator();
    auto made = make_connections(connection);
    REQUIRE(made.size() == 1);
    CHECK(made[0].settings.find_list("local_addrs") == nullptr);
    CHECK(*made[0].settings.find_list("remote_addrs") == vici::List{"192.0.2.2"});
    CHECK(made[0].settings.find_section("remote")->value("id") == "192.0.2.2");
    CHECK(made[0].settings.find("encap") == nullptr);
    CHECK(make_secrets(connection).at(0).owners == vici::List{"192.0.2.2"});
    connection.remote_id = "vpn.example.net";
    connection.force_encap = true;
    made = make_connections(connection);
    CHECK(made[0].settings.find_section("remote")->value("id") == "vpn.example.net");
    CHECK(made[0].settings.value("encap") == "yes");
    CHECK(make_secrets(connection).at(0).owners == vici::List{"192.0.2.2", "vpn.example.net"});
}

TEST_CASE("a CHILD_SA: up, rekeyed under its mark, old one gone, down") {
    SaTable table;
    const auto up = only<IpsecUp>(table.on_up(ike_sa(1, 7, 3)));
    CHECK(up.sa.connection == "lns/office");
    CHECK(up.sa.mark == 7);
    CHECK(up.sa.reqid == 3);
    CHECK(up.sa.encryption == "AES_GCM_16-128");
    CHECK(up.sa.remote == SocketAddress{ip("203.0.113.7"), 61001});

    CHECK(table.on_up(ike_sa(1, 7, 3)).empty());
    const vici::IkeSa next = ike_sa(2, 7, 3);
    CHECK(only<IpsecChanged>(table.on_rekey({next, {}, next.children[0]})).sa.child_id == 2);
    CHECK(table.on_down(ike_sa(1, 7, 3), "").empty());
    CHECK(only<IpsecDown>(table.on_down(ike_sa(2, 7, 3), "received DELETE")).reason == "received DELETE");
    CHECK(table.find(7) == nullptr);
}

TEST_CASE("a reqid that charon gives away again ends the SA that held it") {
    SaTable table;
    static_cast<void>(table.on_up(ike_sa(1, 7, 3)));
    const auto events = table.on_up(ike_sa(2, 8, 3));
    REQUIRE(events.size() == 2);
    CHECK(std::get<IpsecDown>(events[0]).sa.mark == 7);
    CHECK(std::get<IpsecUp>(events[1]).sa.mark == 8);
}

TEST_CASE("what is not ours or has no mark is nobody's SA") {
    SaTable table;
    CHECK(table.on_up(ike_sa(1, 0, 3)).empty());
    vici::IkeSa other = ike_sa(1, 7, 3);
    other.name = "office";
    CHECK(table.on_up(other).empty());
    CHECK(table.on_snapshot({other}).empty());
}

TEST_CASE("a snapshot tells what was missed") {
    SaTable table;
    static_cast<void>(table.on_up(ike_sa(1, 7, 3)));
    static_cast<void>(table.on_up(ike_sa(2, 8, 4)));
    const auto events = table.on_snapshot({ike_sa(5, 8, 4), ike_sa(6, 9, 5)});
    REQUIRE(events.size() == 3);
    CHECK(std::get<IpsecDown>(events[0]).sa.mark == 7);
    CHECK(std::get<IpsecChanged>(events[1]).sa.child_id == 5);
    CHECK(std::get<IpsecUp>(events[2]).sa.mark == 9);
}

TEST_CASE("the peer moves; its IKE_SA is replaced") {
    SaTable table;
    static_cast<void>(table.on_up(ike_sa(1, 7, 3)));
    CHECK(table.on_moved(2, {ip("203.0.113.7"), 4500}).empty());
    CHECK(only<IpsecChanged>(table.on_moved(1, {ip("203.0.113.7"), 4500})).sa.remote.port == 4500);
    CHECK(only<IpsecChanged>(table.on_ike_replaced(1, 9)).sa.ike_id == 9);
}

TEST_CASE("charon's words for a dead attempt (5.9.8, each seen in the lab)") {
    struct Case {
        const char* line;
        bool established;
        ErrorCode code;
        bool fatal;
    };
    for (const Case& c : {
             Case{"received AUTHENTICATION_FAILED notify error", false, ErrorCode::denied, true},
             Case{"invalid HASH_V1 payload length, decryption failed?", false, ErrorCode::denied, true},
             Case{"received NO_PROPOSAL_CHOSEN error notify", false, ErrorCode::unsupported, true},
             Case{"received NO_PROPOSAL_CHOSEN error notify", true, ErrorCode::unsupported, true},
             Case{"received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built", true, ErrorCode::unsupported,
                  true},
             Case{"no shared key found for '192.0.2.1'[192.0.2.1] - '%any'[192.0.2.2]", false,
                  ErrorCode::denied, true},
             Case{"sending retransmit 1 of request message ID 0, seq 1", false, ErrorCode::timeout, false},
             Case{"sending retransmit 2 of request message ID 0, seq 1", false, ErrorCode::timeout, true},
             Case{"sending retransmit 2 of request message ID 0, seq 3", false, ErrorCode::denied, true},
             Case{"retransmit 2 of request with message ID 0", false, ErrorCode::timeout, true},
             Case{"giving up after 5 retransmits", false, ErrorCode::timeout, true},
         }) {
        CAPTURE(c.line);
        const auto verdict = judge_attempt(c.line, c.established);
        REQUIRE(verdict);
        CHECK(verdict->why.code == c.code);
        CHECK(verdict->fatal == c.fatal);
        CHECK(verdict->why.message.find(c.line) != std::string::npos);
        CHECK_FALSE(verdict->why.remedy.empty());
    }
    CHECK(judge_attempt("received NO_PROPOSAL_CHOSEN error notify", false)->why.message.find("IKE") !=
          std::string::npos);
    CHECK(judge_attempt("received NO_PROPOSAL_CHOSEN error notify", true)->why.message.find("ESP") !=
          std::string::npos);
    // A peer that answered is alive: a slow one may take long over its part.
    CHECK_FALSE(judge_attempt("retransmit 2 of request with message ID 1", false));
    CHECK_FALSE(judge_attempt("received DPD vendor ID", false));
    CHECK_FALSE(judge_attempt("parsed IKE_AUTH response 1 [ N(AUTH_FAILED) ]", false));
}

TEST_CASE("a failing peer is named once a minute, and only where we listen") {
    PeerFailures failures;
    const std::set<IpAddress> ours{ip("192.0.2.2")};
    const auto t0 = std::chrono::steady_clock::time_point{};
    const std::string packet = "received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (256 bytes)";
    const std::string mismatch = "tried 1 shared key for '192.0.2.2' - '192.0.2.1', but MAC mismatched";
    CHECK_FALSE(failures.on_line(t0, line(16, mismatch), ours));
    CHECK_FALSE(failures.on_line(t0, line(16, packet), ours));
    CHECK_FALSE(failures.on_line(t0, line(5, mismatch), ours));
    const auto told = failures.on_line(t0, line(16, mismatch), ours);
    REQUIRE(told);
    CHECK(told->peer == ip("192.0.2.1"));
    CHECK(told->local == ip("192.0.2.2"));
    CHECK(told->reason == "the pre-shared keys differ: \"" + mismatch + "\"");
    CHECK_FALSE(failures.on_line(t0 + 59s, line(16, mismatch), ours));
    CHECK(failures.on_line(t0 + 60s, line(16, mismatch), ours));
    CHECK_FALSE(failures.on_line(t0 + 200s, line(16, mismatch), {ip("198.51.100.1")}));

    CHECK_FALSE(failures.on_line(t0, line(16, "received proposals: IKE:3DES_CBC/HMAC_SHA1_96"), ours));
    CHECK(failures.on_line(t0, line(16, "no proposal found"), ours)
              ->reason.ends_with("it offered IKE:3DES_CBC/HMAC_SHA1_96; no proposal set admits it"));
    CHECK_FALSE(failures.on_line(
        t0, line(16, "received proposals: IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_1024"),
        ours));
    CHECK(failures.on_line(t0 + 90s, line(16, "no proposal found"), ours)
              ->reason.ends_with("MODP_1024; the proposal set \"legacy\" admits it"));
}

TEST_CASE("why a peer's certificate is refused, told once with what charon found") {
    PeerFailures failures;
    const std::set<IpAddress> ours{ip("192.0.2.2")};
    const auto t0 = std::chrono::steady_clock::time_point{};
    const auto on = [&](const char* text) { return failures.on_line(t0, line(16, text), ours); };
    CHECK_FALSE(on("received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (256 bytes)"));
    CHECK_FALSE(on("  using certificate \"CN=branch\""));
    CHECK_FALSE(on("no issuer certificate found for \"CN=branch\""));
    const auto told = on("no trusted ECDSA public key found for 'CN=branch'");
    REQUIRE(told);
    CHECK(told->reason.starts_with("its certificate is not trusted"));
    CHECK(told->reason.find("no issuer certificate found for \"CN=branch\"") != std::string::npos);
    CHECK_FALSE(on("no alternative config found"));
    CHECK_FALSE(on("received packet: from 192.0.2.1[4500] to 192.0.2.2[4500] (256 bytes)"));
    CHECK(on("no alternative config found")->reason.starts_with("no connection fits its identity"));
}

TEST_CASE("one connection for each address and each identity that is admitted") {
    Credentials credentials;
    credentials.cert = "own";
    credentials.cacerts = {"ca"};
    credentials.intermediates = {"middle"};
    IpsecConnection connection = responder();
    connection.auth = CertificateAuth{.cacerts = {},
                                      .cert = {},
                                      .private_key = {},
                                      .peers = {"*.example.net", "O=Example, CN=*"},
                                      .revocation = Revocation::strict,
                                      .crls = {}};
    const auto made = make_connections(connection, credentials);
    REQUIRE(made.size() == 4);
    CHECK(made[1].name == "keel2tp-lns.office+2");
    CHECK(made[3].name == "keel2tp-lns.office+4");
    CHECK(*made[1].settings.find_list("local_addrs") == vici::List{"192.0.2.2"});
    CHECK(*made[2].settings.find_list("local_addrs") == vici::List{"198.51.100.2"});
    const vici::Message& local = *made[1].settings.find_section("local");
    const vici::Message& remote = *made[1].settings.find_section("remote");
    CHECK(local.value("auth") == "pubkey");
    CHECK(*local.find_list("certs") == vici::List{"own"});
    CHECK(local.value("id").empty());
    CHECK(remote.value("id") == "O=Example, CN=*");
    CHECK(remote.value("revocation") == "strict");
    CHECK(*remote.find_list("cacerts") == vici::List{"ca"});
    CHECK(make_secrets(connection).empty());
    REQUIRE(make_authorities(connection, credentials).size() == 1);
    CHECK(make_authorities(connection, credentials)[0].name == "keel2tp-lns.office+ca1");

    credentials.pubkeys = {"one", "two"};
    credentials.public_key = "ours";
    connection.auth = PublicKeyAuth{};
    CHECK(make_connections(connection, credentials).size() == 4);
    CHECK(*make_connections(connection, credentials)[1].settings.find_section("remote")->find_list(
              "pubkeys") == vici::List{"two"});
}

TEST_CASE("a PSK for each address has that address as its only owner") {
    IpsecConnection connection = responder();
    connection.auth = PskAuth{{}, {{ip("192.0.2.2"), Secret("a")}, {ip("198.51.100.2"), Secret("b")}}};
    const auto secrets = make_secrets(connection);
    REQUIRE(secrets.size() == 2);
    CHECK(secrets[0].id == "keel2tp-lns.office");
    CHECK(secrets[0].owners == vici::List{"192.0.2.2"});
    CHECK(secrets[1].id == "keel2tp-lns.office+2");
    CHECK(secrets[1].owners == vici::List{"198.51.100.2"});
    CHECK(secrets[1].data == Secret("b"));
}
