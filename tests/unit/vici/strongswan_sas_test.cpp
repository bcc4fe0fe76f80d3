// SaTable where a mark has more than one CHILD_SA, and what tells that somebody reconfigures charon.
#include "linux/strongswan_sas.hpp"

#include <doctest/doctest.h>

#include "linux/strongswan_reasons.hpp"
#include "sas.hpp"

using namespace keel;
using keel::test::ike_sa;
using keel::test::only;

namespace {

vici::Rekeyed rekeyed(std::uint32_t old_child, const vici::IkeSa& ike) {
    vici::Rekeyed out;
    out.ike = ike;
    out.old_child.uniqueid = old_child;
    out.new_child = ike.children[0];
    return out;
}

}  // namespace

TEST_CASE("both ends renewed at once: whichever of the two goes first, the mark lives on with the other") {
    for (const bool newest_first : {true, false}) {
        CAPTURE(newest_first);
        SaTable table;
        CHECK(only<IpsecUp>(table.on_up(ike_sa(1, 7, 3))).sa.child_id == 1);
        CHECK(only<IpsecChanged>(table.on_rekey(rekeyed(1, ike_sa(2, 7, 3)))).sa.child_id == 2);
        CHECK(only<IpsecChanged>(table.on_rekey(rekeyed(1, ike_sa(3, 7, 3)))).sa.child_id == 3);
        if (newest_first) {
            CHECK(only<IpsecChanged>(table.on_down(ike_sa(3, 7, 3), "")).sa.child_id == 2);
            CHECK(only<IpsecDown>(table.on_down(ike_sa(2, 7, 3), "")).sa.child_id == 2);
        } else {
            CHECK(table.on_down(ike_sa(2, 7, 3), "").empty());
            CHECK(only<IpsecDown>(table.on_down(ike_sa(3, 7, 3), "")).sa.child_id == 3);
        }
        CHECK(table.find(7) == nullptr);
    }
}

TEST_CASE("what was renewed is forgotten with its renewal: it does not stand in for a dead successor") {
    SaTable table;
    static_cast<void>(table.on_up(ike_sa(1, 7, 3)));
    static_cast<void>(table.on_rekey(rekeyed(1, ike_sa(2, 7, 3))));
    CHECK(only<IpsecDown>(table.on_down(ike_sa(2, 7, 3), "received DELETE")).reason == "received DELETE");
}

TEST_CASE("one that charon does not list any more goes, and with the last of its mark the mark") {
    SaTable table;
    static_cast<void>(table.on_up(ike_sa(1, 7, 3)));
    static_cast<void>(table.on_up(ike_sa(2, 7, 3)));
    const auto left = only<IpsecChanged>(table.on_down(ike_sa(2, 7, 3), "")).sa;
    CHECK(left.child_id == 1);
    CHECK(only<IpsecDown>(table.on_gone(left)).sa.child_id == 1);
    CHECK(table.on_gone(left).empty());
}

TEST_CASE("a snapshot in which a mark has a successor is no death") {
    SaTable table;
    static_cast<void>(table.on_up(ike_sa(1, 7, 3)));
    CHECK(only<IpsecChanged>(table.on_snapshot({ike_sa(2, 7, 3)})).sa.child_id == 2);
    // The first is forgotten, or it would stand in when the second goes.
    CHECK(only<IpsecDown>(table.on_down(ike_sa(2, 7, 3), "")).sa.child_id == 2);
}

TEST_CASE("somebody reconfigures charon, and it is not us") {
    const auto tells = [](const char* text, const char* group = "CFG", const char* ike = "") {
        vici::LogLine line;
        line.group = group;
        line.ike_name = ike;
        line.text = text;
        return tells_reconfiguration(line);
    };
    // strongSwan 5.9.8's words.
    CHECK(tells("unloaded shared key with id 'keel2tp-lns.office'"));
    CHECK(tells("unloaded shared key with id 'theirs'"));
    CHECK(tells("loaded IKE shared key with id 'ike-1' for: '%any'"));
    CHECK(tells("added vici connection: theirs"));
    CHECK(tells("updated vici connection: theirs"));
    CHECK_FALSE(tells("added vici connection: keel2tp-lns.office"));
    CHECK_FALSE(tells("loaded IKE shared key with id 'keel2tp-lns.office' for: '192.0.2.2'"));
    CHECK_FALSE(tells("selected peer config \"keel2tp-lns.office\""));
    CHECK_FALSE(tells("unloaded shared key with id 'theirs'", "IKE"));
    CHECK_FALSE(tells("loaded something", "CFG", "keel2tp-lns.office"));
}
