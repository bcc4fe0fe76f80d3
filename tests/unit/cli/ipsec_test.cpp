#include "cli/ipsec.hpp"

#include <doctest/doctest.h>

#include "api/ipsec_json.hpp"

using namespace keel;
using namespace keel::lifecycle;

namespace {

constexpr Time t0{};

bool says(const std::string& text, const char* words) {
    return text.find(words) != std::string::npos;
}

IpsecView one_peer() {
    ChildView child;
    child.state = "INSTALLED";
    child.mark = 7;
    child.suite = "AES_CBC-256/HMAC_SHA1_96";
    child.spi_in = 0xc1;
    child.encap = true;
    child.dies_in = seconds(3000);
    child.in = SaCounters{.packets = 12, .bytes = 2048, .replay_errors = 3, .integrity_errors = 1};
    child.idle_in = seconds(4);
    child.moves = MappingMoves{.count = 2, .last = t0};
    IkeView peer;
    peer.connection = "lns/office";
    peer.version = 1;
    peer.state = "ESTABLISHED";
    peer.local = {IpAddress::v4(0xc0000201), 4500};
    peer.remote = {IpAddress::v4(0xc6336407), 61001};
    peer.remote_id = "10.0.0.5";
    peer.suite = "AES_CBC-256/HMAC_SHA1_96/ECP_384";
    peer.nat_remote = true;
    peer.established = seconds(300);
    peer.reauth_in = seconds(10000);
    peer.children.push_back(child);
    IpsecView view;
    view.charon = {.ready = true, .version = "5.9.8", .why = std::nullopt};
    view.peers.push_back(peer);
    return view;
}

}  // namespace

TEST_CASE("a peer's line says what an operator asks: identity, suite, times, NAT, traffic, errors") {
    const IpsecHistory history(t0);
    const auto json = api::to_json(one_peer(), history, t0 + seconds(60));
    const std::string text = cli::ipsec_text(json);
    CAPTURE(text);
    CHECK(says(text, "198.51.100.7:61001 (10.0.0.5)"));
    CHECK(says(text, "ECP_384"));
    CHECK(says(text, "in 2 h"));
    CHECK(says(text, "never"));  // IKE rekey: IKEv1 has none
    CHECK(says(text, "peer, moved 2 times (60 s ago)"));
    CHECK(says(text, "2.0 KiB in 12, 4 s ago"));
    CHECK(says(text, "3 replayed, 1 broken or forged"));
    CHECK(says(text, "no peer has needed it in the 60 s"));
    CHECK(json["peers"][0]["sas"][0]["in"]["replay_errors"] == 3);
    CHECK(json["peers"][0]["sas"][0]["out"]["bytes"].is_null());
    CHECK(json["peers"][0]["rekey_in_ms"].is_null());
}

TEST_CASE(
    "who still needs IKEv1 is listed, also when charon cannot be asked; identities cannot steer a terminal") {
    IpsecHistory history(t0);
    ChildSa sa;
    sa.connection = "lns/office";
    sa.mark = 1;
    sa.ike_version = 1;
    sa.remote = {IpAddress::v4(0xc6336407), 4500};
    sa.remote_id = "road\x1b[2Jrunner";
    history.observe(t0, IpsecUp{sa});
    IpsecView view;
    view.charon.why = Error{ErrorCode::unavailable, "charon is away", "start it"};
    view.why = view.charon.why;
    const std::string text = cli::ipsec_text(api::to_json(view, history, t0 + seconds(30)));
    CAPTURE(text);
    CHECK(says(text, "strongSwan unavailable: charon is away; start it"));
    CHECK(says(text, "IKEV1 STILL NEEDED BY"));
    CHECK(says(text, "road?[2Jrunner"));
    CHECK(says(text, "1 of 1 connected"));
}
