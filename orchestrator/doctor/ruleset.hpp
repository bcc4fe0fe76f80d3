// The host's own firewall, as `nft -j list ruleset` tells it (iptables-nft is in it too), and what it does
// with one packet. A rule that asks for what is not known here (a set's elements, a match of xtables) is
// neither taken nor left: it makes the answer uncertain.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"

namespace keel::doctor {

class Ruleset {
public:
    // invalid when the text is not libnftables-json(5). Table inet keel2tp is left out: it is ours.
    [[nodiscard]] static Result<Ruleset> parse(std::string_view json);

    struct Packet {
        enum class Protocol { udp, esp, tcp };
        Protocol protocol = Protocol::udp;
        std::uint16_t to_port = 0;
        std::optional<IpAddress> to{};  // the address on this host
        std::string interface {};       // on which it comes; empty: not known
        bool under_esp = false;         // it came under an SA
        bool established = false;       // of a connection that conntrack knows
        bool v4 = true;
    };
    enum class Answer { accepted, may_be_dropped, dropped };
    struct Verdict {
        Answer answer = Answer::accepted;
        std::string chain;  // where it is dropped: "inet filter input"
    };

    // What the base chains of this hook ("prerouting", "input", "forward") do with the packet; the worst of
    // them.
    [[nodiscard]] Verdict judge(std::string_view hook, const Packet& packet) const;

    Ruleset();
    Ruleset(const Ruleset&);
    Ruleset(Ruleset&&) noexcept;
    Ruleset& operator=(const Ruleset&);
    Ruleset& operator=(Ruleset&&) noexcept;
    ~Ruleset();

private:
    struct Chain;
    class Walk;
    std::vector<Chain> chains_;
};

}  // namespace keel::doctor
