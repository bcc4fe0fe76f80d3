#include "lifecycle/ppp_cause.hpp"

#include <algorithm>

namespace keel::lifecycle {
namespace {

using Cause = PppExited::Cause;

// RFC 3145 3.
constexpr std::uint16_t kNoInformation = 0, kAdministrative = 1, kNormal = 3, kLcpTimeout = 5, kNoLcp = 6,
                        kEchoTimeout = 8, kAuthTimeout = 13, kAuthProtocol = 15, kAuthFailed = 16,
                        kNcpTimeout = 17, kNoNcp = 18, kNoAgreement = 19, kNoAddress = 20;
constexpr std::uint8_t kGlobal = 0, kAtPeer = 1, kAtLocal = 2;
constexpr std::uint16_t kLcp = 0xc021, kIpcp = 0x8021;

constexpr const char* kCheckLogin = "check the user's name and password at both ends";
constexpr const char* kCompareSettings = "compare the PPP settings (authentication, addresses) of both ends";
constexpr const char* kCheckNetwork = "check the network between the two ends";

struct Code {
    std::uint16_t code;
    std::uint16_t protocol;
    std::uint8_t direction;
};

Code code_of(const PppExited& end, bool server) {
    switch (end.cause) {
        case Cause::stopped: return {kAdministrative, 0, kGlobal};
        case Cause::peer_terminated: return {kNormal, 0, kAtPeer};
        // 3.3: at the peer: we judged it; here: it judged us.
        case Cause::auth_refused_peer: return {kAuthFailed, end.protocol, kAtPeer};
        case Cause::auth_failed: return {kAuthFailed, end.protocol, kAtLocal};
        case Cause::auth_timeout: return {kAuthTimeout, end.protocol, kGlobal};
        case Cause::auth_method: return {kAuthProtocol, end.protocol, kAtPeer};
        case Cause::echo_lost: return {kEchoTimeout, kLcp, kGlobal};
        case Cause::silent: return {kNoLcp, kLcp, kGlobal};
        case Cause::negotiation:
            if (end.protocol != kIpcp) return {kLcpTimeout, kLcp, kGlobal};
            // A server's Naks dictate the addresses; a client takes what it is given.
            return {kNoAgreement, kIpcp, server ? kAtLocal : kAtPeer};
        case Cause::network_timeout: return {kNcpTimeout, kIpcp, kGlobal};
        case Cause::no_network: return {kNoNcp, kIpcp, kGlobal};
        case Cause::no_address: return {kNoAddress, kIpcp, kAtLocal};
        case Cause::lost:
        case Cause::error: return {kNoInformation, 0, kGlobal};
    }
    return {kNoInformation, 0, kGlobal};
}

}  // namespace

std::vector<l2tp::PppDisconnect> disconnect_causes(const PppExited& end, bool server) {
    const Code code = code_of(end, server);
    if (code.code == kNoInformation) return {};
    return {{code.code, code.protocol, code.direction, end.message}};
}

bool tells_failure(const std::vector<l2tp::PppDisconnect>& causes) {
    return std::ranges::any_of(causes, [](const l2tp::PppDisconnect& cause) {
        return cause.code != kNoInformation && cause.code != kAdministrative && cause.code != kNormal;
    });
}

std::string_view name_of(PppExited::Cause cause) {
    switch (cause) {
        case Cause::stopped: return "stopped";
        case Cause::peer_terminated: return "peer-terminated";
        case Cause::auth_failed: return "auth-failed";
        case Cause::auth_refused_peer: return "auth-refused-peer";
        case Cause::auth_timeout: return "auth-timeout";
        case Cause::auth_method: return "auth-method";
        case Cause::echo_lost: return "echo-lost";
        case Cause::silent: return "silent";
        case Cause::negotiation: return "negotiation";
        case Cause::network_timeout: return "network-timeout";
        case Cause::no_network: return "no-network";
        case Cause::no_address: return "no-address";
        case Cause::lost: return "lost";
        case Cause::error: return "error";
    }
    return "error";
}

std::string remedy_for(PppExited::Cause cause) {
    switch (cause) {
        case Cause::auth_failed: return kCheckLogin;
        case Cause::auth_refused_peer:
        case Cause::auth_timeout:
        case Cause::auth_method:
        case Cause::negotiation:
        case Cause::network_timeout:
        case Cause::no_network: return kCompareSettings;
        case Cause::no_address: return "give the pool more addresses";
        case Cause::echo_lost:
        case Cause::silent: return kCheckNetwork;
        case Cause::peer_terminated: return "ask the server's operator, or read its log";
        case Cause::stopped: return {};
        case Cause::lost: return "somebody else may have deleted the kernel's session: see the kernel's log";
        case Cause::error: return "see pppd's words and the log of keel2tpd; `keel2tp doctor` looks at pppd";
    }
    return {};
}

std::string remedy_for(const std::vector<l2tp::PppDisconnect>& causes) {
    if (!tells_failure(causes)) return {};
    switch (causes.back().code) {
        case kAuthFailed: return kCheckLogin;
        case kNoLcp:
        case kEchoTimeout: return kCheckNetwork;
        default: return kCompareSettings;
    }
}

}  // namespace keel::lifecycle
