#include "metrics/families.hpp"

#include <array>
#include <utility>

namespace keel::metrics {
namespace {

using namespace lifecycle;

void write_build(Exposition& out, const Sources& from) {
    out.family("keel2tp_build_info", Kind::gauge, "The running keel2tpd; always 1.");
    out.sample({{"version", from.process.version}}, std::uint64_t{1});
}

// ---- connections

void write_connections(Exposition& out, const Overview& overview) {
    out.family(
        "keel2tp_connection_up", Kind::gauge,
        "1 while a client has its session, or waits for the server's call, and while a server listens.");
    for (const LacStatus& lac : overview.lacs) {
        const bool up = lac.state == LacStatus::State::up || lac.state == LacStatus::State::ready;
        out.sample({{"connection", lac.name}, {"role", "lac"}}, std::uint64_t{up});
    }
    for (const LnsStatus& lns : overview.lnss)
        out.sample({{"connection", lns.name}, {"role", "lns"}}, std::uint64_t{lns.listening});

    using State = LacStatus::State;
    constexpr std::array states{State::connecting, State::ready,    State::up,
                                State::waiting,    State::stopping, State::down};
    out.family("keel2tp_client_state", Kind::gauge, "1 for the state that a client is in, 0 for the others.");
    for (const LacStatus& lac : overview.lacs) {
        for (const State state : states)
            out.sample({{"connection", lac.name}, {"state", name_of(state)}},
                       std::uint64_t{state == lac.state});
    }
    out.family("keel2tp_server_users", Kind::gauge, "Users that are configured for a server.");
    for (const LnsStatus& lns : overview.lnss)
        out.sample({{"connection", lns.name}}, std::uint64_t{lns.users});
    out.family("keel2tp_pool_addresses", Kind::gauge, "Addresses of a server's pool.");
    for (const LnsStatus& lns : overview.lnss) out.sample({{"connection", lns.name}}, lns.pool_size);
    out.family("keel2tp_pool_addresses_used", Kind::gauge, "Addresses of a server's pool that are lent.");
    for (const LnsStatus& lns : overview.lnss) out.sample({{"connection", lns.name}}, lns.pool_used);
}

// By connection and by one of two states, with zeroes, so that every series is there from the start.
template <class Entries, class IsUp>
void write_by_state(Exposition& out, const Overview& overview, const Entries& entries, const IsUp& is_up) {
    std::map<std::string_view, std::pair<std::uint64_t, std::uint64_t>> counts;
    for (const LacStatus& lac : overview.lacs) counts[lac.name];
    for (const LnsStatus& lns : overview.lnss) counts[lns.name];
    for (const auto& entry : entries) {
        auto& [up, coming] = counts[entry.connection];
        ++(is_up(entry) ? up : coming);
    }
    for (const auto& [connection, count] : counts) {
        out.sample({{"connection", connection}, {"state", "up"}}, count.first);
        out.sample({{"connection", connection}, {"state", "connecting"}}, count.second);
    }
}

void write_sessions(Exposition& out, const Overview& overview) {
    out.family("keel2tp_sessions", Kind::gauge, "Sessions, by whether PPP runs on them.");
    write_by_state(out, overview, overview.sessions, [](const auto& session) { return session.up; });
    out.family("keel2tp_tunnels", Kind::gauge, "Tunnels, by whether they are established.");
    write_by_state(out, overview, overview.tunnels,
                   [](const auto& tunnel) { return tunnel.control.state == l2tp::TunnelState::established; });
}

struct TrafficFamily {
    std::string_view name, help;
    std::uint64_t (*value)(const Traffic&);
};
constexpr std::array kTraffic{
    TrafficFamily{"keel2tp_receive_bytes_total", "Octets of PPP received in data messages.",
                  [](const Traffic& sum) { return sum.data.rx_bytes; }},
    TrafficFamily{"keel2tp_receive_packets_total", "Data messages received.",
                  [](const Traffic& sum) { return sum.data.rx_packets; }},
    TrafficFamily{"keel2tp_receive_errors_total", "Data messages received and dropped.",
                  [](const Traffic& sum) { return sum.data.rx_errors; }},
    TrafficFamily{"keel2tp_receive_out_of_sequence_total",
                  "Data messages that came out of sequence and were dropped.",
                  [](const Traffic& sum) { return sum.data.rx_out_of_sequence; }},
    TrafficFamily{"keel2tp_transmit_bytes_total", "Octets of PPP sent in data messages.",
                  [](const Traffic& sum) { return sum.data.tx_bytes; }},
    TrafficFamily{"keel2tp_transmit_packets_total", "Data messages sent.",
                  [](const Traffic& sum) { return sum.data.tx_packets; }},
    TrafficFamily{"keel2tp_transmit_errors_total", "Data messages that could not be sent.",
                  [](const Traffic& sum) { return sum.data.tx_errors; }},
    TrafficFamily{"keel2tp_lcp_echo_requests_total", "LCP Echo-Requests sent.",
                  [](const Traffic& sum) { return sum.echo.sent; }},
    TrafficFamily{"keel2tp_lcp_echo_replies_total", "LCP Echo-Requests that were answered.",
                  [](const Traffic& sum) { return sum.echo.received; }},
};

void write_traffic(Exposition& out, const Sources& from) {
    const auto value_of = [&](const std::string& name, const auto& field) {
        const auto found = from.traffic.find(name);
        return field(found == from.traffic.end() ? Traffic{} : found->second);
    };
    for (const TrafficFamily& family : kTraffic) {
        out.family(family.name, Kind::counter, family.help);
        for (const LacStatus& lac : from.overview.lacs)
            out.sample({{"connection", lac.name}}, value_of(lac.name, family.value));
        for (const LnsStatus& lns : from.overview.lnss)
            out.sample({{"connection", lns.name}}, value_of(lns.name, family.value));
    }
}

// ---- what has happened

void write_failures(Exposition& out, const Collector& collector) {
    const auto each = [&](const std::map<Collector::Failure, std::uint64_t>& counts) {
        for (const auto& [what, count] : counts)
            out.sample({{"connection", what.connection}, {"stage", what.stage}, {"cause", what.cause}},
                       count);
    };
    out.family("keel2tp_connection_failures_total", Kind::counter,
               "Clients' tries that failed and sessions that were lost, by stage and cause.");
    each(collector.failures());
    out.family("keel2tp_refusals_total", Kind::counter,
               "Peers that a server turned away, by stage and cause, as far as they are told.");
    each(collector.refusals());
    out.family("keel2tp_connection_losses_total", Kind::counter, "How often a client's session was lost.");
    for (const auto& [connection, count] : collector.losses())
        out.sample({{"connection", connection}}, count);
    out.family("keel2tp_sessions_started_total", Kind::counter, "Sessions that came up.");
    for (const auto& [connection, count] : collector.starts())
        out.sample({{"connection", connection}}, count);
    out.family("keel2tp_log_messages_total", Kind::counter,
               "Messages of the log, by level (error to notice).");
    for (const auto& [level, count] : collector.messages()) out.sample({{"level", level}}, count);
}

void write_setups(Exposition& out, const Collector& collector) {
    out.family(
        "keel2tp_setup_duration_seconds", Kind::histogram,
        "How long a stage of a set-up that succeeded took: IKE with its SA (clients), L2TP (clients: tunnel "
        "and session; servers: the tunnel), LCP, authentication, IPCP.");
    for (const auto& [stage, histogram] : collector.setups()) {
        const std::array<Label, 1> labels{Label{"stage", stage}};
        histogram.write(out, labels);
    }
}

// ---- control messages, guard, charon, pppd

void write_control(Exposition& out, const l2tp::EndpointCounters& control) {
    const auto one = [&](std::string_view name, std::string_view help, std::uint64_t value) {
        out.family(name, Kind::counter, help);
        out.sample({}, value);
    };
    one("keel2tp_control_messages_received_total", "L2TP control messages received.", control.received);
    one("keel2tp_control_messages_sent_total", "L2TP control messages sent.", control.sent);
    one("keel2tp_control_messages_retransmitted_total", "L2TP control messages sent again.",
        control.retransmitted);
    one("keel2tp_control_messages_duplicate_total", "L2TP control messages received again.",
        control.duplicates);
    out.family("keel2tp_control_messages_dropped_total", Kind::counter,
               "L2TP control messages that were not taken, by reason.");
    out.sample({{"reason", "malformed"}}, control.malformed);
    out.sample({{"reason", "unknown-tunnel"}}, control.unknown_tunnel);
    out.sample({{"reason", "refused"}}, control.refused);
}

void write_guard(Exposition& out, const GuardCounters& guard) {
    out.family("keel2tp_guard_dropped_packets_total", Kind::counter,
               "Packets that the guard dropped: L2TP in clear that came in or was about to leave, and what "
               "else came "
               "inside an SA.");
    out.sample({{"kind", "cleartext-in"}}, guard.cleartext_in);
    out.sample({{"kind", "cleartext-out"}}, guard.cleartext_out);
    out.sample({{"kind", "foreign-in"}}, guard.foreign_in);
}

void write_charon(Exposition& out, const Sources& from) {
    const Overview& overview = from.overview;
    out.family("keel2tp_charon_up", Kind::gauge, "1 while strongSwan's charon answers.");
    out.sample({}, std::uint64_t{overview.charon.ready});
    if (overview.charon.ready) {
        out.family("keel2tp_charon_info", Kind::gauge, "The charon that answers; always 1.");
        out.sample({{"version", overview.charon.version}}, std::uint64_t{1});
    }
    out.family("keel2tp_charon_losses_total", Kind::counter, "How often charon was lost.");
    out.sample({}, from.collector.charon_losses());
    out.family("keel2tp_ipsec_sas", Kind::gauge, "CHILD_SAs that are up.");
    std::map<std::string_view, std::uint64_t> sas;
    for (const LacStatus& lac : overview.lacs) sas[lac.name];
    for (const LnsStatus& lns : overview.lnss) sas[lns.name];
    for (const SaStatus& entry : overview.sas) ++sas[entry.sa.connection];
    for (const auto& [connection, count] : sas) out.sample({{"connection", connection}}, count);
}

void write_pppd(Exposition& out, const Sources& from) {
    out.family("keel2tp_pppd_processes", Kind::gauge, "pppds that run.");
    out.sample({}, from.process.pppds);
    out.family("keel2tp_pppd_exits_total", Kind::counter, "Ends of PPP, by cause.");
    for (const auto& [cause, count] : from.collector.pppd_ends()) out.sample({{"cause", cause}}, count);
}

// Prometheus' own names for what every process has.
void write_process(Exposition& out, const ProcessFacts& process) {
    const auto one = [&](std::string_view name, Kind kind, std::string_view help, auto value) {
        out.family(name, kind, help);
        out.sample({}, value);
    };
    one("keel2tp_datagrams_received_total", Kind::counter, "UDP datagrams that the daemon read.",
        process.datagrams_received);
    one("keel2tp_datagrams_sent_total", Kind::counter, "UDP datagrams that the daemon sent.",
        process.datagrams_sent);
    one("process_cpu_seconds_total", Kind::counter, "User and system CPU time spent.", process.cpu_seconds);
    one("process_start_time_seconds", Kind::gauge, "When the process started, since 1970.",
        process.start_time);
    one("process_resident_memory_bytes", Kind::gauge, "Resident memory.", process.resident_bytes);
    one("process_virtual_memory_bytes", Kind::gauge, "Virtual memory.", process.virtual_bytes);
    one("process_open_fds", Kind::gauge, "Open file descriptors.", process.open_fds);
    one("process_max_fds", Kind::gauge, "How many file descriptors may be open.", process.max_fds);
}

}  // namespace

std::string exposition(const Sources& sources) {
    Exposition out;
    write_build(out, sources);
    write_connections(out, sources.overview);
    write_sessions(out, sources.overview);
    write_traffic(out, sources);
    write_failures(out, sources.collector);
    write_setups(out, sources.collector);
    write_control(out, sources.overview.control);
    if (sources.overview.guard) write_guard(out, *sources.overview.guard);
    write_charon(out, sources);
    write_pppd(out, sources);
    write_process(out, sources.process);
    return out.take();
}

}  // namespace keel::metrics
