#include "api/overview_json.hpp"

#include <fmt/format.h>

namespace keel::api {
namespace {

using nlohmann::json;
using namespace lifecycle;

double in_ms(Duration duration) {
    return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) /
           1000.0;
}

std::string_view name_of(CallStatus::State state) {
    switch (state) {
        case CallStatus::State::no_tunnel: return "no-tunnel";
        case CallStatus::State::asked: return "asked";
        case CallStatus::State::connected: return "connected";
        case CallStatus::State::up: return "up";
        case CallStatus::State::waiting: return "waiting";
    }
    return "?";
}

std::string_view name_of(l2tp::TunnelState state) {
    switch (state) {
        case l2tp::TunnelState::idle: return "idle";
        case l2tp::TunnelState::wait_offer: return "wait-offer";
        case l2tp::TunnelState::wait_ctl_reply: return "wait-ctl-reply";
        case l2tp::TunnelState::wait_ctl_conn: return "wait-ctl-conn";
        case l2tp::TunnelState::established: return "established";
        case l2tp::TunnelState::closing: return "closing";
    }
    return "?";
}

// What happened, in the peer's words, and what to do; the peer's codes where it told any.
json error_json(const Error& error) {
    json out = {{"message", error.message}, {"remedy", error.remedy}, {"cause", keel::name_of(error.code)}};
    if (error.peer.result != 0) out["result_code"] = error.peer.result;
    if (error.peer.error != 0) out["error_code"] = error.peer.error;
    if (error.peer.disconnect != 0) out["disconnect_code"] = error.peer.disconnect;
    if (!error.peer.notify.empty()) out["notify"] = error.peer.notify;
    return out;
}

json why_json(const std::optional<Why>& why, Time now) {
    if (!why) return nullptr;
    json out = error_json(why->error);
    out["stage"] = lifecycle::name_of(why->stage);
    out["ago_ms"] = in_ms(now - why->at);
    return out;
}

json history_json(const std::deque<Transition>& history, Time now) {
    json out = json::array();
    for (const Transition& entry : history) {
        out.push_back({{"state", lifecycle::name_of(entry.to)},
                       {"stage", entry.stage ? json(lifecycle::name_of(*entry.stage)) : json(nullptr)},
                       {"why", entry.why ? error_json(*entry.why) : json(nullptr)},
                       {"ago_ms", in_ms(now - entry.at)},
                       {"first_ago_ms", in_ms(now - entry.first)},
                       {"count", entry.count}});
    }
    return out;
}

json addresses_json(const std::vector<IpAddress>& addresses) {
    json out = json::array();
    for (const IpAddress& address : addresses) out.push_back(address.text());
    return out;
}

json lac_json(const LacStatus& lac, Time now) {
    json timeline = json::array();
    for (const StageDuration& entry : lac.timeline) {
        timeline.push_back({{"stage", lifecycle::name_of(entry.stage)}, {"ms", in_ms(entry.took)}});
    }
    return {{"name", lac.name},
            {"role", "lac"},
            {"state", lifecycle::name_of(lac.state)},
            {"held", lac.held},
            {"stage", lifecycle::name_of(lac.stage)},
            {"server", lac.server},
            {"peer", lac.peer ? json(lac.peer->text()) : json(nullptr)},
            {"why", why_json(lac.why, now)},
            {"retry_in_ms", in_ms(lac.retry_in)},
            {"attempts", lac.attempts},
            {"timeline", std::move(timeline)},
            {"history", history_json(lac.history, now)},
            {"in_state_ms", in_ms(lac.in_state)}};
}

json call_json(const CallStatus& call, Time now) {
    return {{"name", call.name},
            {"lac", call.lac},
            {"called_number", call.called_number},
            {"state", name_of(call.state)},
            {"session", call.session ? json(call.session->value) : json(nullptr)},
            {"why", why_json(call.why, now)},
            {"retry_in_ms", in_ms(call.retry_in)},
            {"attempts", call.attempts}};
}

json lns_json(const LnsStatus& lns, const Overview& overview, Time now) {
    json refusals = json::array();
    for (const Refusal& refusal : lns.refusals) {
        refusals.push_back({{"ago_ms", in_ms(now - refusal.at)},
                            {"peer", refusal.peer},
                            {"user", refusal.user},
                            {"stage", lifecycle::name_of(refusal.stage)},
                            {"message", refusal.message}});
    }
    json calls = json::array();
    for (const CallStatus& call : lns.calls) calls.push_back(call_json(call, now));
    const auto mine = [&](const auto& entry) { return entry.connection == lns.name; };
    return {{"name", lns.name},
            {"role", "lns"},
            {"state", lns.listening ? "listening" : "down"},
            {"held", lns.held},
            {"listen", addresses_json(lns.listen)},
            {"tunnels", std::ranges::count_if(overview.tunnels, mine)},
            {"sessions", std::ranges::count_if(overview.sessions, mine)},
            {"users", lns.users},
            {"pool", {{"size", lns.pool_size}, {"used", lns.pool_used}}},
            {"why", why_json(lns.why, now)},
            {"calls", std::move(calls)},
            {"refusals", std::move(refusals)},
            {"history", history_json(lns.history, now)}};
}

json tunnel_json(const lifecycle::TunnelStatus& tunnel) {
    const l2tp::TunnelStatus& control = tunnel.control;
    json quirks = json::array();
    for (const l2tp::QuirkRow& row : l2tp::all_quirks()) {
        if (control.quirks.has(row.quirk)) quirks.push_back(row.name);
    }
    return {{"id", control.tunnel.value},
            {"peer_id", control.peer_tunnel.value},
            {"connection", tunnel.connection},
            {"state", name_of(control.state)},
            {"local", control.path.local.text()},
            {"remote", control.path.remote.text()},
            {"peer_host_name", control.peer_host_name},
            {"peer_vendor_name", control.peer_vendor_name},
            {"mark", tunnel.mark ? json(*tunnel.mark) : json(nullptr)},
            {"authenticated", control.authenticated},
            {"hiding", control.hiding},
            {"dscp", tunnel.dscp ? json(*tunnel.dscp) : json(nullptr)},
            {"dscp_agreed", control.dscp ? json(*control.dscp) : json(nullptr)},
            {"quirks", std::move(quirks)},
            {"sessions", control.sessions},
            {"unacknowledged", control.unacknowledged},
            {"retransmitted", control.retransmitted}};
}

// The call as L2TP knows it; what is told of it depends on the peer, hence by name.
json session_call_json(const std::optional<l2tp::SessionStatus>& control) {
    if (!control) return nullptr;
    json told = json::object();
    for (const l2tp::CallFact& fact : control->facts) told[std::string(fact.name)] = fact.text;
    const bool outgoing = control->kind == l2tp::SessionKind::outgoing_call;
    return {{"kind", outgoing ? "outgoing" : "incoming"},
            {"tx_bps", control->tx_speed},
            {"rx_bps", control->rx_speed},
            {"sequencing", control->sequencing},
            {"told", std::move(told)}};
}

json session_json(const SessionStatus& session) {
    json out = {{"tunnel", session.ids.tunnel.value},
                {"id", session.ids.session.value},
                {"peer_id", session.ids.peer_session.value},
                {"connection", session.connection},
                {"user", session.user},
                {"state", session.up ? "up" : "connecting"},
                {"phase", keel::name_of(session.phase)},
                {"interface", session.interface},
                {"local", session.up ? json(session.local.text()) : json(nullptr)},
                {"remote", session.up ? json(session.remote.text()) : json(nullptr)},
                {"mtu", session.mtu},
                {"call", session_call_json(session.control)},
                {"echo", {{"sent", session.echo.sent}, {"received", session.echo.received}}},
                {"age_ms", in_ms(session.age)}};
    const SessionCounters counters = session.counters.value_or(SessionCounters{});
    out.update({{"rx_packets", counters.rx_packets},
                {"rx_bytes", counters.rx_bytes},
                {"rx_errors", counters.rx_errors},
                {"tx_packets", counters.tx_packets},
                {"tx_bytes", counters.tx_bytes},
                {"tx_errors", counters.tx_errors}});
    return out;
}

json sa_counters_json(const std::optional<SaCounters>& counters) {
    if (!counters) return nullptr;
    return {{"packets", counters->packets},
            {"bytes", counters->bytes},
            {"replay_errors", counters->replay_errors},
            {"integrity_errors", counters->integrity_errors}};
}

json sa_json(const SaStatus& entry) {
    const ChildSa& sa = entry.sa;
    return {{"connection", sa.connection},
            {"mark", sa.mark},
            {"reqid", sa.reqid},
            {"ike_version", sa.ike_version},
            {"suite", sa.integrity.empty() ? sa.encryption : sa.encryption + "/" + sa.integrity},
            {"encap", sa.encap},
            {"local", sa.local.text()},
            {"remote", sa.remote.text()},
            {"remote_id", sa.remote_id},
            {"spi_in", fmt::format("{:08x}", sa.spi_in)},
            {"spi_out", fmt::format("{:08x}", sa.spi_out)},
            {"in", sa_counters_json(entry.in)},
            {"out", sa_counters_json(entry.out)}};
}

json daemon_json(const DaemonFacts& daemon, const l2tp::EndpointCounters& control) {
    return {{"pid", daemon.pid},
            {"cpu_seconds", daemon.cpu_seconds},
            {"uptime_ms", in_ms(daemon.uptime)},
            {"datagrams", {{"received", daemon.datagrams_received}, {"sent", daemon.datagrams_sent}}},
            {"control",
             {{"received", control.received},
              {"sent", control.sent},
              {"retransmitted", control.retransmitted},
              {"malformed", control.malformed},
              {"duplicates", control.duplicates},
              {"unknown_tunnel", control.unknown_tunnel},
              {"refused", control.refused}}}};
}

json kernel_json(const DaemonFacts& daemon) {
    json out = json::object();
    for (const auto& [name, can] : daemon.kernel) out[name] = can ? json(*can) : json(nullptr);
    return out;
}

json charon_json(const CharonStatus& charon) {
    if (charon.ready) return {{"state", "ready"}, {"version", charon.version}, {"why", nullptr}};
    return {{"state", "unavailable"},
            {"version", nullptr},
            {"why", charon.why ? json(charon.why->text()) : json(nullptr)}};
}

}  // namespace

json to_json(const DaemonFacts& daemon, const Overview& overview, Time now) {
    json connections = json::array();
    for (const LacStatus& lac : overview.lacs) connections.push_back(lac_json(lac, now));
    for (const LnsStatus& lns : overview.lnss) connections.push_back(lns_json(lns, overview, now));
    json tunnels = json::array();
    for (const auto& tunnel : overview.tunnels) tunnels.push_back(tunnel_json(tunnel));
    json sessions = json::array();
    for (const SessionStatus& session : overview.sessions) sessions.push_back(session_json(session));
    json sas = json::array();
    for (const SaStatus& sa : overview.sas) sas.push_back(sa_json(sa));
    json guard = nullptr;
    if (overview.guard) {
        guard = {{"cleartext_in", overview.guard->cleartext_in},
                 {"cleartext_out", overview.guard->cleartext_out},
                 {"foreign_in", overview.guard->foreign_in}};
    }
    return {{"version", daemon.version},
            {"host_name", overview.host_name},
            {"daemon", daemon_json(daemon, overview.control)},
            {"charon", charon_json(overview.charon)},
            {"kernel", kernel_json(daemon)},
            {"guard", std::move(guard)},
            {"connections", std::move(connections)},
            {"tunnels", std::move(tunnels)},
            {"sessions", std::move(sessions)},
            {"sas", std::move(sas)}};
}

}  // namespace keel::api
