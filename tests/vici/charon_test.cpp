// Every command and event, asked of two real charons (charon.sh starts them): a is the one that is driven, b
// its peer.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "vici/client.hpp"
#include "vici/commands.hpp"

using namespace vici;
using namespace std::chrono_literals;

namespace {

std::string directory() {
    const char* made = std::getenv("VICI_TEST_DIR");
    REQUIRE(made != nullptr);
    return made;
}

Client to(const std::string& end) {
    auto client = Client::connect({.path = "unix://" + directory() + "/" + end + "/vici"});
    REQUIRE_MESSAGE(client.has_value(), (client ? "" : client.error().message));
    return std::move(*client);
}

Bytes file(const std::string& name) {
    std::ifstream in(directory() + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void good(const Status& done) {
    CHECK_MESSAGE(done.has_value(), (done ? "" : done.error().message));
}

bool holds(const List& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
}

std::string output_of(const std::string& command) {
    std::string out;
    FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> buffer;
    while (const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe))
        out.append(buffer.data(), count);
    pclose(pipe);
    return out;
}

// Of the end with this last octet; kernel-libipsec knows tunnel mode only.
Message connection(const std::string& own, const std::string& other, const char* version) {
    const Message child = Message()
                              .add("mode", "tunnel")
                              .add("local_ts", List{"10.0.0." + own + "/32"})
                              .add("remote_ts", List{"10.0.0." + other + "/32"})
                              .add("esp_proposals", List{"aes128-sha256-modp2048", "aes128-sha256"});
    return Message()
        .add("version", version)
        .add("local_addrs", List{"192.0.2." + own})
        .add("remote_addrs", List{"192.0.2." + other})
        .add("proposals", List{"aes128-sha256-modp2048"})
        .add("local-1", Message().add("auth", "psk").add("id", "192.0.2." + own))
        .add("remote-1", Message().add("auth", "psk"))
        .add("children", Message().add("net", child));
}

void load_both(Client& a, Client& b, const char* version) {
    const Bytes psk{'s', 0, 0xff, 'k'};
    for (Client* end : {&a, &b})
        good(end->run(make_load_shared({.id = "psk", .type = "IKE", .data = psk, .owners = {}})));
    good(a.run(make_load_conn("left", connection("1", "2", version))));
    good(b.run(make_load_conn("right", connection("2", "1", version))));
}

std::vector<IkeSa> sas(Client& client, const ListSas& filter = {.noblock = false}) {
    std::vector<IkeSa> out;
    good(client.each(make_list_sas(filter), [&out](const Message& item) {
        for (IkeSa& ike : parse_ike_sas(item)) out.push_back(std::move(ike));
    }));
    return out;
}

// Until only the IKE_SA that is wanted is left: what was rekeyed or ended goes a moment later.
void settle(Client& client, std::size_t wanted) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (sas(client).size() != wanted && std::chrono::steady_clock::now() < until)
        (void)client.next_event(20ms);
    REQUIRE(sas(client).size() == wanted);
}

// An SA that is being made when the others are ended comes after them: end it too.
void end_all(Client& client) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    for (auto left = sas(client); !left.empty(); left = sas(client)) {
        REQUIRE(std::chrono::steady_clock::now() < until);
        for (const IkeSa& ike : left)
            (void)client.run(make_terminate({.ike_id = ike.uniqueid, .force = true}));
        (void)client.next_event(50ms);
    }
}

// The next event of that kind, others passed over; fails after a while.
template <class Wanted>
Wanted next(Client& client) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < until) {
        auto notice = client.next_event(until - std::chrono::steady_clock::now());
        REQUIRE(notice);
        if (!*notice) break;
        const auto* event = std::get_if<EventReceived>(&**notice);
        REQUIRE(event != nullptr);
        Event typed = parse_event(event->name, event->message);
        if (auto* wanted = std::get_if<Wanted>(&typed)) return std::move(*wanted);
    }
    FAIL("the event did not come");
    return {};
}

}  // namespace

TEST_CASE("the daemon: version, stats, settings, algorithms, counters") {
    Client a = to("a");
    const auto version = a.ask(make_version(), parse_version);
    REQUIRE(version);
    CHECK(version->daemon == "charon");
    CHECK_FALSE(version->version.empty());
    CHECK(version->system == "Linux");
    const auto stats = a.ask(make_stats(), parse_stats);
    REQUIRE(stats);
    CHECK(stats->workers == 16);
    CHECK(holds(stats->plugins, "vici"));
    good(a.run(make_reload_settings()));
    const auto algorithms = a.ask(make_get_algorithms(), parse_get_algorithms);
    REQUIRE(algorithms);
    CHECK(algorithms->has("encryption", "AES_CBC"));
    CHECK(algorithms->has_key_exchange("MODP_2048"));
    CHECK_FALSE(algorithms->has("encryption", "NO_SUCH"));
    const auto counters = a.ask(make_get_counters(), parse_get_counters);
    REQUIRE(counters);
    CHECK(counters->at("").contains("ike-init-out-req"));
    good(a.run(make_reset_counters()));
    CHECK(a.ask(make_get_counters({.connection = "nobody"}), parse_get_counters).error().code ==
          ErrorCode::refused);
}

TEST_CASE("credentials: certificates, keys, secrets; nothing of them is left") {
    Client a = to("a");
    const Bytes ca = file("ca.pem"), key = file("key.pem");
    REQUIRE_FALSE(ca.empty());
    good(a.run(make_load_cert({.flag = "CA", .data = ca})));
    std::vector<ListedCert> certs;
    good(a.each(make_list_certs(), [&certs](const Message& item) { certs.push_back(parse_cert(item)); }));
    REQUIRE(certs.size() == 1);
    CHECK(certs[0].type == "X509");
    CHECK(certs[0].flag == "CA");
    CHECK_FALSE(certs[0].has_private_key);
    CHECK(certs[0].data.size() > 300);
    CHECK(a.run(make_load_cert({.data = key})).error().code == ErrorCode::refused);

    const auto id = a.ask(make_load_key(key), parse_load_key);
    REQUIRE_MESSAGE(id.has_value(), (id ? "" : id.error().message));
    CHECK(id->size() == 40);
    CHECK(a.ask(make_get_keys(), parse_get_keys).value() == List{*id});
    certs.clear();
    good(a.each(make_list_certs({.type = "X509", .flag = "CA"}),
                [&certs](const Message& item) { certs.push_back(parse_cert(item)); }));
    REQUIRE(certs.size() == 1);
    CHECK(certs[0].has_private_key);
    good(a.run(make_unload_key(*id)));
    CHECK(a.ask(make_get_keys(), parse_get_keys).value().empty());
    CHECK(a.ask(make_load_key(ca), parse_load_key).error().code == ErrorCode::refused);
    CHECK(a.ask(make_load_token({.handle = "01"}), parse_load_key).error().code == ErrorCode::refused);

    good(a.run(make_load_shared({.id = "one", .type = "EAP", .data = key, .owners = {"carol", "dave"}})));
    CHECK(a.ask(make_get_shared(), parse_get_shared).value() == List{"one"});
    good(a.run(make_unload_shared("one")));
    CHECK(a.ask(make_get_shared(), parse_get_shared).value().empty());
    good(a.run(make_flush_certs()));
    good(a.run(make_clear_creds()));
    certs.clear();
    good(a.each(make_list_certs(), [&certs](const Message& item) { certs.push_back(parse_cert(item)); }));
    CHECK(certs.empty());
}

TEST_CASE("authorities and pools") {
    Client a = to("a");
    const Bytes ca = file("ca.pem");
    good(a.run(make_load_authority({.name = "test",
                                    .ca_certificate = ca,
                                    .crl_uris = {"http://192.0.2.9/x.crl"},
                                    .ocsp_uris = {"http://192.0.2.9/"}})));
    CHECK(a.ask(make_get_authorities(), parse_get_authorities).value() == List{"test"});
    std::vector<ListedAuthority> authorities;
    good(
        a.each(make_list_authorities(), [&](const Message& item) { authorities = parse_authorities(item); }));
    REQUIRE(authorities.size() == 1);
    CHECK(authorities[0].ca_subject == "C=CH, O=keel2tp, CN=Test CA");
    CHECK(authorities[0].crl_uris == List{"http://192.0.2.9/x.crl"});
    good(a.run(make_unload_authority("test")));
    CHECK(a.ask(make_get_authorities(), parse_get_authorities).value().empty());

    good(a.run(
        make_load_pool({.name = "road", .addrs = "10.9.0.0/24", .attributes = {{"dns", {"10.9.0.1"}}}})));
    const auto pools = a.ask(make_get_pools({.leases = true}), parse_get_pools);
    REQUIRE(pools);
    REQUIRE(pools->size() == 1);
    CHECK(pools->at(0).name == "road");
    CHECK(pools->at(0).base == "10.9.0.0");
    CHECK(pools->at(0).size == 254);
    CHECK(pools->at(0).leases.empty());
    good(a.run(make_unload_pool("road")));
    CHECK(a.run(make_unload_pool("road")).error().code == ErrorCode::refused);
    CHECK(a.run(make_load_pool({.name = "bad", .addrs = "nonsense"})).error().code == ErrorCode::refused);
}

TEST_CASE("connections and policies; what charon refuses is told in its words") {
    Client a = to("a");
    good(a.run(make_load_conn("left", connection("1", "2", "2").add("dpd_delay", "30s"))));
    CHECK(a.ask(make_get_conns(), parse_get_conns).value() == List{"left"});
    std::vector<ListedConn> conns;
    good(a.each(make_list_conns("left"), [&](const Message& item) { conns = parse_conns(item); }));
    REQUIRE(conns.size() == 1);
    CHECK(conns[0].version == "IKEv2");
    CHECK(conns[0].dpd_delay == 30s);
    REQUIRE(conns[0].local.size() == 1);
    CHECK(conns[0].local[0].auth == "pre-shared key");
    CHECK(conns[0].local[0].id == "192.0.2.1");
    REQUIRE(conns[0].children.size() == 1);
    CHECK(conns[0].children[0].mode == "TUNNEL");
    CHECK(conns[0].children[0].remote_ts == List{"10.0.0.2/32"});

    good(a.run(make_install("net", "left")));
    std::vector<ListedPolicy> policies;
    const auto note = [&policies](const Message& item) { policies = parse_policies(item); };
    good(a.each(make_list_policies({.trap = false}), note));
    CHECK(policies.empty());
    good(a.each(make_list_policies(), note));
    REQUIRE(policies.size() == 1);
    CHECK(policies[0].child == "net");
    CHECK(policies[0].ike == "left");
    CHECK(policies[0].mode == "TUNNEL");
    CHECK(policies[0].local_ts == List{"10.0.0.1/32"});
    good(a.run(make_uninstall("net", "left")));
    CHECK(a.run(make_uninstall("net")).error().message == "policy 'net' not found");

    const auto unknown = a.run(make_load_conn("x", connection("1", "2", "2").add("bogus", "1")));
    CHECK(unknown.error().message == "unknown option: bogus, config discarded");
    good(a.run(make_unload_conn("left")));
    CHECK(a.run(make_unload_conn("left")).error().code == ErrorCode::refused);
}

TEST_CASE(
    "an IKEv2 SA: initiate with its log, list, counters, rekey of both, redirect, terminate; each with its "
    "events") {
    Client a = to("a"), b = to("b");
    Client events = to("a");
    for (const char* name : {event::ike_updown, event::child_updown, event::ike_rekey, event::child_rekey,
                             event::ike_update, event::log})
        good(events.subscribe(name));
    load_both(a, b, "2");

    const auto initiated = a.call(
        make_initiate({.ike = "left", .child = "net", .wait = Wait::for_at_most(10s), .log_level = 1}));
    REQUIRE(initiated);
    good(outcome(initiated->message));
    CHECK(std::ranges::any_of(initiated->streamed, [](const Message& line) {
        return parse_log(line).text.find("established") != std::string::npos &&
               parse_log(line).ike_name == "left";
    }));
    CHECK_FALSE(next<LogEvent>(events).line.group.empty());
    CHECK(next<IkeUpdown>(events).up);
    const auto up = next<ChildUpdown>(events);
    CHECK(up.up);
    CHECK(up.sas.at(0).children.at(0).name == "net");

    const auto listed = sas(a, {.ike = "left", .noblock = false});
    REQUIRE(listed.size() == 1);
    const IkeSa& ike = listed[0];
    CHECK(ike.version == 2);
    CHECK(ike.state == "ESTABLISHED");
    CHECK(ike.initiator);
    CHECK(ike.remote_host == "192.0.2.2");
    CHECK(ike.dh_group == "MODP_2048");
    CHECK(ike.established.has_value());
    CHECK(ike.rekey_in.value() > 3h);
    REQUIRE(ike.children.size() == 1);
    const ChildSa& child = ike.children[0];
    CHECK(child.mode == "TUNNEL");
    CHECK(child.protocol == "ESP");
    CHECK(child.encap);  // kernel-libipsec always encapsulates
    CHECK(child.local_ts == List{"10.0.0.1/32"});
    CHECK(child.rekey_in.value() < child.dies_in.value());
    const auto theirs = sas(b);
    REQUIRE(theirs.size() == 1);
    CHECK_FALSE(theirs[0].initiator);
    CHECK(theirs[0].initiator_spi == ike.initiator_spi);
    CHECK(theirs[0].children.at(0).spi_in == child.spi_out);

    // swanctl as the independent oracle.
    const std::string raw = output_of("swanctl --list-sas --raw --uri unix://" + directory() + "/a/vici");
    std::array<char, 17> spi{};
    (void)std::snprintf(spi.data(), spi.size(), "spi-in=%08x", child.spi_in);
    CHECK_MESSAGE(raw.find(spi.data()) != std::string::npos, raw);

    CHECK(a.ask(make_rekey({.child = "net"}), parse_matched)->matches == 1);
    const auto rekeyed = next<ChildRekeyEvent>(events);
    CHECK(rekeyed.rekeyed.at(0).old_child.spi_in == child.spi_in);
    CHECK(rekeyed.rekeyed.at(0).new_child.spi_in != child.spi_in);
    CHECK(a.ask(make_rekey({.ike_id = ike.uniqueid}), parse_matched)->matches == 1);
    const auto anew = next<IkeRekeyEvent>(events);
    CHECK(anew.rekeyed.at(0).old_ike.uniqueid == ike.uniqueid);
    CHECK(anew.rekeyed.at(0).new_ike.initiator_spi != ike.initiator_spi);
    const auto counters = a.ask(make_get_counters({.connection = "left"}), parse_get_counters);
    REQUIRE(counters);
    CHECK(counters->at("left").at("ike-rekey-init") == 1);

    settle(a, 1);
    const auto ended = a.ask(make_terminate({.ike = "left", .wait = Wait::for_at_most(10s)}), parse_matched);
    REQUIRE_MESSAGE(ended.has_value(), (ended ? "" : ended.error().message));
    CHECK(ended->matches >= 1);
    CHECK(ended->terminated >= 1);
    CHECK_FALSE(next<ChildUpdown>(events).up);
    settle(a, 0);
    settle(b, 0);
    CHECK(a.ask(make_terminate({.ike = "left"}), parse_matched).error().code == ErrorCode::refused);
    good(events.unsubscribe(event::log));
}

TEST_CASE("redirect: the peer goes where it is sent") {
    Client a = to("a"), b = to("b");
    load_both(a, b, "2");
    good(a.run(make_initiate({.ike = "left", .child = "net", .wait = Wait::for_at_most(10s)})));
    const auto sent = b.ask(make_redirect({.ike = "right", .gateway = "192.0.2.9"}), parse_matched);
    REQUIRE_MESSAGE(sent.has_value(), (sent ? "" : sent.error().message));
    CHECK(sent->matches == 1);
    const auto went = [&a] {
        return std::ranges::any_of(sas(a), [](const IkeSa& ike) { return ike.remote_host == "192.0.2.9"; });
    };
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!went() && std::chrono::steady_clock::now() < until) (void)a.next_event(20ms);
    CHECK(went());
    end_all(a);
    end_all(b);
}

TEST_CASE("an IKEv1 SA: version, reauthentication, no redirect") {
    Client a = to("a"), b = to("b");
    load_both(a, b, "1");
    Client events = to("b");
    good(events.subscribe(event::child_updown));
    good(a.run(make_initiate("left", "net")));
    const auto up = next<ChildUpdown>(events);
    CHECK(up.sas.at(0).version == 1);
    CHECK(up.sas.at(0).remote_id == "192.0.2.1");
    const auto before = sas(a);
    REQUIRE(before.size() == 1);
    CHECK(a.ask(make_rekey({.ike = "left", .reauth = true}), parse_matched)->matches == 1);
    end_all(a);
    end_all(b);
    CHECK(
        b.ask(make_redirect({.peer_ip = "192.0.2.1", .gateway = "192.0.2.9"}), parse_matched).error().code ==
        ErrorCode::refused);
}

TEST_CASE("what charon does not know; pipelines and long lists") {
    Client a = to("a"), b = to("b");
    CHECK(a.call({.command = "nonsense"}).error().code == ErrorCode::unknown_command);
    CHECK(a.subscribe("nonsense").error().code == ErrorCode::unknown_event);

    std::vector<Request> loads, unloads;
    for (int i = 0; i < 500; ++i) {
        const std::string name = "many" + std::to_string(i);
        loads.push_back(make_load_conn(name, connection("1", "2", "2")));
        unloads.push_back(make_unload_conn(name));
    }
    for (const auto& reply : a.pipeline(std::move(loads))) {
        REQUIRE(reply);
        REQUIRE(outcome(reply->message));
    }
    std::set<std::string> seen;
    good(a.each(make_list_conns(), [&seen](const Message& item) {
        for (const ListedConn& conn : parse_conns(item)) seen.insert(conn.name);
    }));
    CHECK(seen.size() >= 500);
    for (const auto& reply : a.pipeline(std::move(unloads))) REQUIRE(reply);
}

// Last: the examples of the README then have something to list.
TEST_CASE("an SA stays for the examples") {
    Client a = to("a"), b = to("b");
    load_both(a, b, "2");
    good(a.run(make_initiate({.ike = "left", .child = "net", .wait = Wait::for_at_most(10s)})));
}
