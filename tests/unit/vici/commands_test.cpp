#include "vici/commands.hpp"

#include <doctest/doctest.h>

using namespace vici;

namespace {

// As charon 5.9.8 lists a responder's IKE_SA with one CHILD_SA by recipe S.
Message list_sa() {
    Message child;
    child.add("name", "keel2tp-lns.office")
        .add("uniqueid", "4")
        .add("reqid", "1")
        .add("state", "INSTALLED")
        .add("mode", "TRANSPORT")
        .add("protocol", "ESP")
        .add("encap", "yes")
        .add("spi-in", "c569ea2e")
        .add("spi-out", "ced69f56")
        .add("mark-in", "00000001")
        .add("mark-mask-in", "00ffffff")
        .add("encr-alg", "AES_CBC")
        .add("encr-keysize", "256")
        .add("integ-alg", "HMAC_SHA2_256_128");
    Message ike;
    ike.add("uniqueid", "2")
        .add("version", "1")
        .add("state", "ESTABLISHED")
        .add("local-host", "192.0.2.2")
        .add("local-port", "4500")
        .add("local-id", "192.0.2.2")
        .add("remote-host", "203.0.113.7")
        .add("remote-port", "61001")
        .add("remote-id", "10.0.0.5")
        .add("child-sas", Message().add("keel2tp-lns.office-4", child));
    return Message().add("up", "yes").add("keel2tp-lns.office", ike);
}

}  // namespace

TEST_CASE("an IKE_SA and its CHILD_SA are read whole") {
    const auto sas = parse_ike_sas(list_sa());
    REQUIRE(sas.size() == 1);
    const IkeSa& ike = sas[0];
    CHECK(ike.name == "keel2tp-lns.office");
    CHECK(ike.uniqueid == 2);
    CHECK(ike.version == 1);
    CHECK(ike.remote_host == "203.0.113.7");
    CHECK(ike.remote_port == 61001);
    CHECK(ike.remote_id == "10.0.0.5");
    REQUIRE(ike.children.size() == 1);
    const ChildSa& child = ike.children[0];
    CHECK(child.key == "keel2tp-lns.office-4");
    CHECK(child.uniqueid == 4);
    CHECK(child.reqid == 1);
    CHECK(child.mark_in == 1);
    CHECK(child.spi_in == 0xc569ea2e);
    CHECK(child.spi_out == 0xced69f56);
    CHECK(child.encap);
    CHECK(child.encr_alg == "AES_CBC");
    CHECK(child.integ_alg == "HMAC_SHA2_256_128");
}

TEST_CASE("numbers that do not parse are 0, not something near") {
    Message ike;
    ike.add("uniqueid", "4294967296").add("remote-port", "65536").add("version", "two");
    const auto sas = parse_ike_sas(Message().add("x", ike));
    REQUIRE(sas.size() == 1);
    CHECK(sas[0].uniqueid == 0);
    CHECK(sas[0].remote_port == 0);
    CHECK(sas[0].version == 0);
}

TEST_CASE("a rekey names both children") {
    Message pair;
    pair.add("old", Message().add("uniqueid", "1").add("mark-in", "00000007"))
        .add("new", Message().add("uniqueid", "2").add("mark-in", "0x00000007"));
    const Message event = Message().add(
        "keel2tp-a", Message().add("uniqueid", "9").add("child-sas", Message().add("keel2tp-a", pair)));
    const auto rekeyed = parse_child_rekey(event);
    REQUIRE(rekeyed.size() == 1);
    CHECK(rekeyed[0].ike.uniqueid == 9);
    CHECK(rekeyed[0].old_child.uniqueid == 1);
    CHECK(rekeyed[0].new_child.uniqueid == 2);
    CHECK(rekeyed[0].new_child.mark_in == 7);
}

TEST_CASE("what charon refuses is told in its words") {
    CHECK(outcome(Message().add("success", "yes")));
    const auto no =
        outcome(Message().add("success", "no").add("errmsg", "unknown option: bogus, config discarded"));
    REQUIRE_FALSE(no);
    CHECK(no.error().code == ErrorCode::refused);
    CHECK(no.error().message == "unknown option: bogus, config discarded");
    CHECK_FALSE(outcome(Message()));
}

TEST_CASE("requests carry charon's keys") {
    const Request terminate = make_terminate({.ike = "keel2tp-a", .force = true});
    CHECK(terminate.command == "terminate");
    CHECK(terminate.arguments.value("ike") == "keel2tp-a");
    CHECK(terminate.arguments.value("force") == "yes");
    CHECK(terminate.arguments.value("timeout") == "-1");
    CHECK(terminate.arguments.find("child") == nullptr);

    const Bytes psk = {'a', 0, 'b'};
    const Request shared =
        make_load_shared({.id = "keel2tp-a", .type = "IKE", .data = psk, .owners = {"192.0.2.1"}});
    CHECK(shared.secret);
    CHECK(*shared.arguments.find("data") == std::string("a\0b", 3));
    CHECK(make_get_conns().unbounded_reply);
    CHECK(make_list_sas({}).stream == "list-sa");
}
