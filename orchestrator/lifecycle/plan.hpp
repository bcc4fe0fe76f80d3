// Plan: what a new configuration would change, and which sessions it would end.
//
// The rule: a session ends only where the new configuration would not have it: its user, its address, its
// listener, its server or its protection is gone or another. Everything else is in effect at once, or from
// the next session on.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/difference.hpp"
#include "lifecycle/datapath.hpp"

namespace keel::lifecycle {

// A session that would not be under the new configuration.
struct Objection {
    std::string object;  // the change that it comes from
    std::string why;     // "the user is gone"
};

// What a server's new configuration has against sessions that came under the old one.
class Objections {
public:
    Objections(const config::Lns& from, const config::Lns& to);
    [[nodiscard]] std::optional<Objection> to_session(const Tunnel& tunnel, const Session& session) const;

private:
    [[nodiscard]] std::optional<Objection> to_address(const std::string& user,
                                                      const IpAddress& address) const;

    const config::Lns& to_;
    bool begins_again_;
    bool another_address_;                             // of the server's own
    std::map<IpAddress, const std::string*> fixed_{};  // whose it is under the new one
};

struct EndedSession {
    LocalSessionId session;
    std::string connection, user, peer, why;
};

struct PlannedChange {
    config::Change change;
    std::vector<EndedSession> ends;
};

struct Plan {
    std::vector<PlannedChange> changes;
    std::optional<Error> obstacle;  // what keeps it from being applied

    [[nodiscard]] std::size_t ends() const;
};

[[nodiscard]] Plan make_plan(const config::Config& from, const config::Config& to, const Datapath& datapath);

}  // namespace keel::lifecycle
