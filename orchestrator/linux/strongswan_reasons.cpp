#include "linux/strongswan_reasons.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "config/proposals.hpp"
#include "linux/strongswan_recipe.hpp"

namespace keel {
namespace {

constexpr std::string_view kCheckPsk = "check that both ends have the same pre-shared key";
constexpr std::string_view kCheckPskOrId =
    "check that both ends have the same pre-shared key, or that the server trusts our certificate or key; "
    "that it "
    "admits our identity (local-id), and that remote-id is its own";
constexpr std::string_view kCheckIke =
    "set ike-proposals to one that the server accepts, and check that it accepts this IKE version and "
    "address";
constexpr std::string_view kCheckEsp = "set esp-proposals to one that the server accepts";
constexpr std::string_view kCheckReach =
    "check that the server is right and running, and that udp/500, udp/4500 and ESP pass every firewall "
    "between";
constexpr std::string_view kCheckTrust =
    "check that cacerts holds the CA of the server, that the server sends its intermediate certificates, and "
    "that it has not expired";
constexpr std::string_view kCheckLog = "look at the server's log";
constexpr std::string_view kCheckKernel =
    "check that the kernel has esp4 (modprobe esp4) and the algorithms of esp-proposals";

struct Rule {
    std::string_view part;  // of the line
    ErrorCode code;
    std::string_view meaning;
    std::string_view remedy;
    bool fatal;
};

// The first that fits; the particular before the general.
constexpr std::array kRules{
    Rule{"received AUTHENTICATION_FAILED", ErrorCode::denied,
         "the server refused our pre-shared key, certificate or identity", kCheckPskOrId, true},
    Rule{"subject certificate invalid", ErrorCode::denied, "the server's certificate is not valid now",
         "renew the server's certificate, or set this host's clock", false},
    Rule{"issuer certificate invalid", ErrorCode::denied,
         "a CA's certificate above the server's is not valid now",
         "renew it in cacerts, or set this host's clock", false},
    Rule{"no issuer certificate found for", ErrorCode::denied, "nobody vouches for the server's certificate",
         kCheckTrust, false},
    Rule{"certificate was revoked", ErrorCode::denied, "the server's certificate was revoked",
         "the server needs a new certificate", false},
    Rule{"no trusted ", ErrorCode::denied, "the server's certificate is not trusted", kCheckTrust, true},
    Rule{"no private key found for", ErrorCode::denied, "our private key is not that of our identity",
         "set local-id to the subject or to a subjectAltName of our certificate, or leave it out", true},
    Rule{"peer not authenticated by CA", ErrorCode::denied,
         "the server's certificate is of a CA that cacerts does not name", kCheckTrust, true},
    Rule{"received unsupported IKE version", ErrorCode::unsupported, "the server speaks another IKE version",
         "set ike to the server's version; a strongSwan of 6.1 or later may be built without IKEv1", false},
    Rule{"but MAC mismatched", ErrorCode::denied, "the pre-shared keys differ", kCheckPsk, true},
    Rule{"no shared key found for", ErrorCode::denied, "charon has no pre-shared key for these identities",
         "set remote-id to the server's identity", true},
    // IKEv1 main mode encrypts message 5 and the error about it with keys made from the PSK.
    Rule{"decryption failed?", ErrorCode::denied, "the pre-shared keys differ (IKEv1 cannot decrypt)",
         kCheckPsk, true},
    Rule{"could not decrypt payloads", ErrorCode::denied, "the pre-shared keys differ (IKEv1 cannot decrypt)",
         kCheckPsk, true},
    Rule{"calculated HASH does not match", ErrorCode::denied, "the pre-shared keys differ", kCheckPsk, true},
    Rule{"received NO_PROPOSAL_CHOSEN notify, no CHILD_SA", ErrorCode::unsupported,
         "the server accepts none of our ESP proposals", kCheckEsp, true},
    Rule{"received TS_UNACCEPTABLE", ErrorCode::unsupported,
         "the server refuses udp/1701 as traffic selector",
         "configure the server for L2TP over IPsec in transport mode (RFC 3193)", true},
    Rule{"received INVALID_ID_INFORMATION", ErrorCode::denied, "the server refuses our identity or udp/1701",
         "check local-id, and that the server is configured for L2TP over IPsec", true},
    Rule{"does not match to", ErrorCode::denied, "the server has another identity than expected",
         "set remote-id to the identity that the server tells", true},
    Rule{"constraint check failed", ErrorCode::denied, "the server has another identity than expected",
         "set remote-id to the identity that the server tells", true},
    Rule{"requested peer config", ErrorCode::denied, "the server does not fit the connection",
         "set remote-id to the identity that the server tells", false},
    Rule{"unable to install", ErrorCode::unsupported, "the kernel refused the SA", kCheckKernel, true},
    Rule{"unable to add SAD entry", ErrorCode::unsupported, "the kernel refused the SA", kCheckKernel, true},
    Rule{"giving up after", ErrorCode::timeout, "the server does not answer", kCheckReach, true},
    Rule{"peer not responding", ErrorCode::timeout, "the server does not answer", kCheckReach, true},
    Rule{"unable to resolve", ErrorCode::unavailable, "there is no way to the server", kCheckReach, true},
    // 11 s without an answer to the first message; charon itself would go on for 165 s. A peer that has
    // answered before is alive, and may be slow. Sequence 3 is main mode's message 5.
    Rule{"sending retransmit 2 of request message ID 0, seq 3", ErrorCode::denied,
         "the server fell silent when the pre-shared key was first used: most likely the keys differ",
         kCheckPsk, true},
    Rule{"sending retransmit 2 of request message ID 0, seq 1", ErrorCode::timeout,
         "the server does not answer", kCheckReach, true},
    Rule{"retransmit 2 of request with message ID 0", ErrorCode::timeout, "the server does not answer",
         kCheckReach, true},
    Rule{"retransmit 1 of request", ErrorCode::timeout, "the server does not answer", kCheckReach, false},
    Rule{"error notify", ErrorCode::denied, "the server refused", kCheckLog, true},
    Rule{"notify error", ErrorCode::denied, "the server refused", kCheckLog, true},
};

// The responder's own words for a peer's failure. Those of kDetails come before and say more.
constexpr std::array<std::string_view, 6> kDetails{
    "no issuer certificate found for", "subject certificate invalid", "issuer certificate invalid",
    "certificate was revoked",         "does not match to",           "certificate status is not available",
};
constexpr std::string_view kNoOther = "no alternative config found";
constexpr std::array kPeerRules{
    Rule{"peer not authenticated by CA",
         ErrorCode::denied,
         "its certificate is of another CA than cacerts names",
         {},
         true},
    Rule{"no trusted ", ErrorCode::denied, "its certificate is not trusted", {}, true},
    Rule{"no private key found for",
         ErrorCode::denied,
         "our private key is not that of our identity: local-id must be in our certificate",
         {},
         true},
    Rule{"sending INVALID_MAJOR_VERSION",
         ErrorCode::unsupported,
         "this strongSwan was built without the IKE version that it speaks",
         {},
         true},
    Rule{"but MAC mismatched", ErrorCode::denied, "the pre-shared keys differ", {}, true},
    Rule{"calculated HASH does not match", ErrorCode::denied, "the pre-shared keys differ", {}, true},
    // charon prefers a secret without owners to ours when it looks by the peer's address (IKEv1).
    Rule{"decryption failed?",
         ErrorCode::denied,
         "most likely the pre-shared keys differ, or a secret without id in swanctl.conf was taken for ours",
         {},
         true},
    Rule{"no shared key found for", ErrorCode::denied, "no pre-shared key for its identities", {}, true},
    Rule{"no proposal found", ErrorCode::unsupported, "none of its IKE proposals is allowed", {}, true},
    Rule{"received proposals unacceptable",
         ErrorCode::unsupported,
         "none of its IKE proposals is allowed",
         {},
         true},
    Rule{"no acceptable proposal found",
         ErrorCode::unsupported,
         "none of its ESP proposals is allowed",
         {},
         true},
    Rule{"no matching proposal found",
         ErrorCode::unsupported,
         "none of its ESP proposals is allowed",
         {},
         true},
    Rule{"no matching CHILD_SA config found",
         ErrorCode::unsupported,
         "it asks for something else than udp/1701",
         {},
         true},
    Rule{"unacceptable", ErrorCode::unsupported, "it asks for something that is not allowed", {}, true},
    Rule{"no matching peer config found", ErrorCode::denied, "no connection fits its identity", {}, true},
    Rule{kNoOther, ErrorCode::denied, "no connection fits its identity", {}, true},
    Rule{"no peer config found", ErrorCode::denied, "no connection fits its identity", {}, true},
    Rule{"no IKE config found", ErrorCode::denied, "no connection fits its address or IKE version", {}, true},
};

template <std::size_t N>
const Rule* match(const std::array<Rule, N>& rules, std::string_view line) {
    for (const Rule& rule : rules) {
        if (line.find(rule.part) != std::string_view::npos) return &rule;
    }
    return nullptr;
}

// "from 192.0.2.1[500]" -> the address.
std::optional<IpAddress> address_after(std::string_view line, std::string_view word) {
    const std::size_t at = line.find(word);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = line.substr(at + word.size());
    return IpAddress::parse(rest.substr(0, rest.find('[')));
}

// Which set would have let the peer in.
std::string admitting(std::string_view offered) {
    const auto set = config::admitting_set(offered);
    return set ? fmt::format("; the proposal set \"{}\" admits it", config::name_of(*set))
               : std::string("; no proposal set admits it");
}

// "received NO_PROPOSAL_CHOSEN error notify" -> the notify's name.
std::string notify_in(std::string_view line) {
    constexpr std::string_view kReceived = "received ";
    const std::size_t at = line.find(kReceived);
    if (at == std::string_view::npos || line.find("notify") == std::string_view::npos) return {};
    std::string_view name = line.substr(at + kReceived.size());
    name = name.substr(0, name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"));
    return std::string(name);
}

constexpr std::size_t kMaxTold = 256;
constexpr std::chrono::minutes kTellAgainAfter{1};
constexpr std::string_view kOffered = "received proposals: ";

}  // namespace

std::optional<Verdict> judge_attempt(std::string_view line, bool established) {
    if (line.find("received NO_PROPOSAL_CHOSEN") != std::string_view::npos &&
        line.find("no CHILD_SA") == std::string_view::npos) {
        const std::string_view meaning = established
                                             ? "the server accepts none of our ESP proposals"
                                             : "the server accepts none of our IKE proposals, or not us";
        return Verdict{{ErrorCode::unsupported,
                        fmt::format("{}: \"{}\"", meaning, line),
                        std::string(established ? kCheckEsp : kCheckIke),
                        {.notify = notify_in(line)}},
                       true};
    }
    const Rule* rule = match(kRules, line);
    if (!rule) return std::nullopt;
    return Verdict{{rule->code,
                    fmt::format("{}: \"{}\"", rule->meaning, line),
                    std::string(rule->remedy),
                    {.notify = notify_in(line)}},
                   rule->fatal};
}

bool tells_established(std::string_view line) {
    return line.starts_with("IKE_SA ") && line.find(" established between ") != std::string_view::npos;
}

std::optional<std::string> judge_end(std::string_view line) {
    for (const std::string_view part : {"received DELETE for", "giving up after", "DPD check timed out"}) {
        if (line.starts_with(part)) return std::string(line);
    }
    return std::nullopt;
}

bool tells_reconfiguration(const vici::LogLine& line) {
    if (line.group != "CFG" || !line.ike_name.empty()) return false;
    constexpr std::array words{"unloaded ", "removed ", "loaded ", "added ", "updated ", "replaced "};
    const std::string_view text = line.text;
    const auto starts = [text](std::string_view word) { return text.starts_with(word); };
    if (!std::ranges::any_of(words, starts)) return false;
    return text.starts_with("unloaded ") || text.starts_with("removed ") ||
           text.find(kCharonPrefix) == std::string_view::npos;
}

std::optional<IpsecRefused> PeerFailures::on_line(std::chrono::steady_clock::time_point now,
                                                  const vici::LogLine& line,
                                                  const std::set<IpAddress>& ours) {
    if (line.text.starts_with("received packet: from ")) {
        const auto peer = address_after(line.text, "from ");
        const auto local = address_after(line.text, " to ");
        // charon has a fixed and small number of threads; the cap only guards against its being otherwise.
        if (peer && local && by_thread_.size() < 4096)
            by_thread_[line.thread] = {*peer, *local, {}, {}, false};
        return std::nullopt;
    }
    const auto packet = by_thread_.find(line.thread);
    if (packet == by_thread_.end() || !ours.contains(packet->second.local)) return std::nullopt;
    if (line.text.starts_with(kOffered)) {
        packet->second.offered = line.text.substr(kOffered.size(), 512);
        return std::nullopt;
    }
    const Rule* rule = match(kPeerRules, line.text);
    if (!rule) {
        for (const std::string_view detail : kDetails) {
            if (line.text.find(detail) == std::string::npos) continue;
            packet->second.detail = line.text.substr(line.text.find_first_not_of(' '), 512);
        }
        return std::nullopt;
    }
    // charon's last word when it has found a fault already, which is the reason.
    if (std::exchange(packet->second.told, true) && rule->part == kNoOther) return std::nullopt;
    const std::string key = packet->second.peer.text() + std::string(rule->meaning);
    std::erase_if(told_, [now](const auto& told) { return now - told.second >= kTellAgainAfter; });
    if (told_.size() >= kMaxTold || !told_.emplace(key, now).second) return std::nullopt;
    std::string text = fmt::format("{}: \"{}\"", rule->meaning, line.text);
    if (rule->code == ErrorCode::unsupported && !packet->second.offered.empty()) {
        text += "; it offered " + packet->second.offered + admitting(packet->second.offered);
    }
    if (!packet->second.detail.empty()) text += fmt::format(" (\"{}\")", packet->second.detail);
    return IpsecRefused{packet->second.local, packet->second.peer, std::move(text)};
}

}  // namespace keel
