#include "api/ipsec_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace keel::api {
namespace {

using nlohmann::json;
using namespace lifecycle;

std::int64_t in_ms(Duration duration) {
    return std::chrono::duration_cast<milliseconds>(duration).count();
}

json maybe_ms(const std::optional<seconds>& duration) {
    return duration ? json(in_ms(*duration)) : json(nullptr);
}

json direction_json(const std::optional<SaCounters>& counters, const std::optional<seconds>& idle) {
    json out = {{"packets", nullptr},
                {"bytes", nullptr},
                {"replay_errors", nullptr},
                {"integrity_errors", nullptr},
                {"idle_ms", maybe_ms(idle)}};
    if (!counters) return out;
    out.update({{"packets", counters->packets},
                {"bytes", counters->bytes},
                {"replay_errors", counters->replay_errors},
                {"integrity_errors", counters->integrity_errors}});
    return out;
}

json child_json(const ChildView& child) {
    return {{"state", child.state},
            {"mark", child.mark},
            {"reqid", child.reqid},
            {"spi_in", fmt::format("{:08x}", child.spi_in)},
            {"spi_out", fmt::format("{:08x}", child.spi_out)},
            {"encap", child.encap},
            {"suite", child.suite},
            {"installed_ms", maybe_ms(child.installed)},
            {"rekey_in_ms", maybe_ms(child.rekey_in)},
            {"dies_in_ms", maybe_ms(child.dies_in)},
            {"in", direction_json(child.in, child.idle_in)},
            {"out", direction_json(child.out, child.idle_out)}};
}

// The mapping's moves are told of each SA; they are the peer's.
json nat_json(const IkeView& peer, Time now) {
    MappingMoves moves;
    for (const ChildView& child : peer.children) {
        if (child.moves && child.moves->count > moves.count) moves = *child.moves;
    }
    return {{"local", peer.nat_local},
            {"remote", peer.nat_remote},
            {"encap", std::ranges::any_of(peer.children, &ChildView::encap)},
            {"moved", moves.count},
            {"moved_ago_ms", moves.count > 0 ? json(in_ms(now - moves.last)) : json(nullptr)}};
}

json peer_json(const IkeView& peer, Time now) {
    json children = json::array();
    for (const ChildView& child : peer.children) children.push_back(child_json(child));
    return {{"connection", peer.connection},
            {"ike_id", peer.ike_id},
            {"ike_version", peer.version},
            {"state", peer.state},
            {"initiator", peer.initiator},
            {"local", peer.local.text()},
            {"remote", peer.remote.text()},
            {"local_id", peer.local_id},
            {"remote_id", peer.remote_id},
            {"suite", peer.suite},
            {"nat", nat_json(peer, now)},
            {"established_ms", maybe_ms(peer.established)},
            {"rekey_in_ms", maybe_ms(peer.rekey_in)},
            {"reauth_in_ms", maybe_ms(peer.reauth_in)},
            {"tasks", peer.tasks},
            {"sas", std::move(children)}};
}

json ikev1_json(const IpsecHistory& history, Time now) {
    json peers = json::array();
    for (const Ikev1Peer& peer : history.ikev1_peers()) {
        peers.push_back({{"connection", peer.connection},
                         {"identity", peer.identity},
                         {"address", peer.address.text()},
                         {"connected", peer.up > 0},
                         {"times", peer.times},
                         {"first_ago_ms", in_ms(now - peer.first)},
                         {"last_ago_ms", in_ms(now - peer.last)}});
    }
    return {{"since_ms", in_ms(now - history.since())},
            {"needed_by", std::move(peers)},
            {"forgotten", history.ikev1_forgotten()},
            {"ikev2_times", history.ikev2_times()}};
}

}  // namespace

json to_json(const IpsecView& view, const IpsecHistory& history, Time now) {
    json peers = json::array();
    for (const IkeView& peer : view.peers) peers.push_back(peer_json(peer, now));
    return {{"charon",
             {{"state", view.charon.ready ? "ready" : "unavailable"},
              {"version", view.charon.ready ? json(view.charon.version) : json(nullptr)},
              {"why", view.charon.why ? json(view.charon.why->text()) : json(nullptr)}}},
            {"why", view.why ? json(view.why->text()) : json(nullptr)},
            {"peers", std::move(peers)},
            {"ikev1", ikev1_json(history, now)}};
}

}  // namespace keel::api
