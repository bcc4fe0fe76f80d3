// What the house looks like now, as plain values: api/ turns them into JSON, cli/ into tables.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "l2tp/endpoint.hpp"
#include "lifecycle/history.hpp"
#include "lifecycle/stage.hpp"
#include "ports.hpp"

namespace keel::lifecycle {

// Why something is down: the one reason that an operator needs.
struct Why {
    Stage stage = Stage::resolve;
    Error error;
    Time at;
};

struct StageDuration {
    Stage stage;
    Duration took;
};

// A peer that a server turned away.
struct Refusal {
    Time at;
    std::string peer;  // address and port; may be empty
    std::string user;  // as the peer said; may be empty
    Stage stage = Stage::tunnel;
    std::string message;
};

struct LacStatus {
    std::string name;
    // ready: waits for the server's call. down: by hand.
    enum class State { connecting, ready, up, waiting, stopping, down } state = State::waiting;
    Stage stage = Stage::resolve;
    std::string server;
    std::optional<IpAddress> peer;
    std::optional<Why> why;  // the last failure since it was last up
    Duration retry_in{};     // State::waiting
    unsigned attempts = 0;   // since it was last up
    std::vector<StageDuration> timeline;
    Duration in_state{};
    std::deque<Transition> history;  // the newest last
    bool held = false;               // down by hand
};
[[nodiscard]] constexpr std::string_view name_of(LacStatus::State state) {
    switch (state) {
        case LacStatus::State::connecting: return "connecting";
        case LacStatus::State::ready: return "ready";
        case LacStatus::State::up: return "up";
        case LacStatus::State::waiting: return "waiting";
        case LacStatus::State::stopping: return "stopping";
        case LacStatus::State::down: return "down";
    }
    return "";
}

// A call that a server has a client place.
struct CallStatus {
    std::string name;
    std::string lac;  // the client's host name
    std::string called_number;
    // asked: OCRQ is sent; connected: the client has answered, PPP is on its way; waiting: for the next try.
    enum class State { no_tunnel, asked, connected, up, waiting } state = State::no_tunnel;
    std::optional<LocalSessionId> session;
    std::optional<Why> why;  // of the last call's end, since it was last up
    Duration retry_in{};     // State::waiting
    unsigned attempts = 0;   // since it was last up
};

struct UserStatus {
    std::string name;
    std::string connection;
    std::optional<IpAddress> fixed;  // as configured
    std::optional<LocalSessionId> session = {};
    LocalTunnelId tunnel = {};  // of the session
    std::optional<IpAddress> address = {};
    Time since = {};                      // of the session
    std::optional<Refusal> refusal = {};  // the last one, while it is remembered
};

struct LnsStatus {
    std::string name;
    bool listening = false;
    std::vector<IpAddress> listen;
    std::optional<Why> why;  // of not listening; while listening: what is amiss all the same
    std::size_t users = 0;
    std::uint64_t pool_size = 0, pool_used = 0;
    std::deque<Refusal> refusals;  // the newest last
    std::vector<CallStatus> calls;
    std::deque<Transition> history;  // the newest last
    bool held = false;               // down by hand
};

struct SessionStatus {
    KernelSession ids;
    std::string connection;
    std::string user;
    PppPhase phase = PppPhase::starting;
    bool up = false;
    std::string interface;
    IpAddress local, remote;
    std::uint16_t mtu = 0;
    std::optional<SessionCounters> counters;
    EchoCounters echo;
    Duration age{};
    std::optional<l2tp::SessionStatus> control;
};

// Of all sessions of a connection, also of those that are gone.
struct Traffic {
    SessionCounters data;
    EchoCounters echo;
};

struct TunnelStatus {
    l2tp::TunnelStatus control;
    std::string connection;
    std::optional<std::uint32_t> mark;
    std::optional<std::uint8_t> dscp;  // marks what we send
};

struct SaStatus {
    ChildSa sa;
    std::optional<SaCounters> in, out;
};

struct CharonStatus {
    bool ready = false;
    std::string version;
    std::optional<Error> why;
};

struct Overview {
    std::string host_name;
    CharonStatus charon;
    std::optional<GuardCounters> guard;
    l2tp::EndpointCounters control;
    std::vector<LacStatus> lacs;
    std::vector<LnsStatus> lnss;
    std::vector<TunnelStatus> tunnels;
    std::vector<SessionStatus> sessions;
    std::vector<SaStatus> sas;
};

}  // namespace keel::lifecycle
