// What charon's log lines mean: the only place where it says why a connection does not come up; pure. The
// texts are those of strongSwan 5.9 and 6.0. A line that no rule knows changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ports.hpp"
#include "vici/commands.hpp"

namespace keel {

struct Verdict {
    Error why;
    bool fatal = false;  // the attempt is dead, or as good as dead
};
// `established`: whether the IKE_SA was up already, so that a refusal concerns the CHILD_SA.
[[nodiscard]] std::optional<Verdict> judge_attempt(std::string_view line, bool established);
// "IKE_SA keel2tp-lac.branch[1] established between ...".
[[nodiscard]] bool tells_established(std::string_view line);
// Why an SA that was up ends: the peer's delete, or its silence.
[[nodiscard]] std::optional<std::string> judge_end(std::string_view line);

// Somebody loads or unloads connections or secrets, and may be about to unload ours. Our own doing is not
// meant. strongSwan 5.9 does not tell of unloaded connections, but of what is loaded and unloaded besides.
[[nodiscard]] bool tells_reconfiguration(const vici::LogLine& line);

// The responder's side: a peer that fails never gets a named IKE_SA, so lines are joined by charon's thread,
// which logs "received packet: from PEER to US" before what it makes of the packet.
class PeerFailures {
public:
    // A peer that failed against one of `ours` (IpsecRefused); the same peer and reason are told once a
    // minute.
    [[nodiscard]] std::optional<IpsecRefused> on_line(std::chrono::steady_clock::time_point now,
                                                      const vici::LogLine& line,
                                                      const std::set<IpAddress>& ours);

private:
    struct Packet {
        IpAddress peer, local;
        std::string offered;  // "received proposals: ..."
        std::string detail;   // why the peer's certificate is not trusted
        bool told = false;    // something of it was
    };
    std::map<std::uint32_t, Packet> by_thread_;
    std::map<std::string, std::chrono::steady_clock::time_point> told_;
};

}  // namespace keel
