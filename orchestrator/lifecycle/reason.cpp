#include "lifecycle/reason.hpp"

#include <fmt/format.h>

#include "l2tp/result_codes.hpp"
#include "lifecycle/ppp_cause.hpp"

namespace keel::lifecycle {
namespace {

using Cause = l2tp::DownReason::Cause;

constexpr const char* kCheckPeer = "check that the peer runs L2TP, and the network between the two ends";
constexpr const char* kPeersLog = "the peer's log may tell why";
constexpr const char* kBroken =
    "see the messages by `keel2tp trace`; a quirk may help (\"tunnel\": {\"quirks\": …}), or the peer's "
    "vendor";

const char* stop_remedy(std::uint16_t result, std::uint16_t error) {
    switch (l2tp::StopResult{result}) {
        case l2tp::StopResult::clear: return kPeersLog;
        case l2tp::StopResult::general_error:
            return l2tp::GeneralError{error} == l2tp::GeneralError::resources
                       ? "the peer lacks resources: its log tells which"
                       : kPeersLog;
        case l2tp::StopResult::exists: return "the peer has this tunnel still; a later try ends that";
        case l2tp::StopResult::not_authorized: return "compare the tunnel's secret at both ends";
        case l2tp::StopResult::version: return "the peer does not speak L2TP version 2: ask its operator";
        case l2tp::StopResult::shutting_down: return "wait until the peer runs again, or ask its operator";
        case l2tp::StopResult::state_machine: return kBroken;
    }
    return kPeersLog;
}

const char* call_remedy(std::uint16_t result, std::uint16_t error) {
    switch (l2tp::CallResult{result}) {
        case l2tp::CallResult::general_error:
            return l2tp::GeneralError{error} == l2tp::GeneralError::resources
                       ? "the peer lacks resources: its log tells which"
                       : kPeersLog;
        case l2tp::CallResult::carrier_lost:
        case l2tp::CallResult::administrative: return kPeersLog;
        case l2tp::CallResult::no_facilities_now:
            return "a later try may do; the peer's log tells what it lacks";
        case l2tp::CallResult::no_facilities:
            return "the peer is not configured for such calls: ask its operator";
        case l2tp::CallResult::invalid_destination: return "compare the called number at both ends";
        case l2tp::CallResult::busy: return "the peer is in a call already: a later try may do";
        case l2tp::CallResult::no_carrier:
        case l2tp::CallResult::no_dial_tone:
        case l2tp::CallResult::too_slow:
        case l2tp::CallResult::no_framing: return "the peer's line failed: ask its operator";
    }
    return kPeersLog;
}

const char* remedy_of(const l2tp::DownReason& reason) {
    const bool call = reason.scope == l2tp::DownReason::Scope::session;
    switch (reason.cause) {
        case Cause::local:
        case Cause::tunnel_down: return "";
        case Cause::collision: return "none is needed: the peer's tunnel is kept";
        case Cause::timeout: return kCheckPeer;
        case Cause::protocol: return kBroken;
        case Cause::peer:
            return call ? call_remedy(reason.result, reason.error) : stop_remedy(reason.result, reason.error);
    }
    return "";
}

ErrorCode code_of(const l2tp::DownReason& reason) {
    switch (reason.cause) {
        case Cause::timeout: return ErrorCode::timeout;
        case Cause::protocol: return ErrorCode::invalid;
        case Cause::collision: return ErrorCode::exists;
        case Cause::local:
        case Cause::tunnel_down:
        case Cause::peer: break;
    }
    const bool call = reason.scope == l2tp::DownReason::Scope::session;
    const bool unauthorized = l2tp::StopResult{reason.result} == l2tp::StopResult::not_authorized;
    if (!call && unauthorized) return ErrorCode::denied;
    return ErrorCode::unavailable;
}

ErrorCode code_of(PppExited::Cause cause) {
    switch (cause) {
        case PppExited::Cause::auth_failed:
        case PppExited::Cause::auth_refused_peer: return ErrorCode::denied;
        case PppExited::Cause::auth_timeout:
        case PppExited::Cause::network_timeout:
        case PppExited::Cause::echo_lost:
        case PppExited::Cause::silent: return ErrorCode::timeout;
        case PppExited::Cause::auth_method:
        case PppExited::Cause::negotiation:
        case PppExited::Cause::no_network: return ErrorCode::unsupported;
        case PppExited::Cause::no_address: return ErrorCode::busy;
        case PppExited::Cause::error: return ErrorCode::internal;
        case PppExited::Cause::stopped:
        case PppExited::Cause::lost:
        case PppExited::Cause::peer_terminated: return ErrorCode::unavailable;
    }
    return ErrorCode::internal;
}

}  // namespace

Error error_of(const l2tp::DownReason& reason) {
    Error error{code_of(reason), reason.text(), remedy_for(reason.ppp), {}};
    if (error.remedy.empty()) error.remedy = remedy_of(reason);
    if (reason.cause == Cause::peer) {
        error.peer.result = reason.result;
        error.peer.error = reason.error;
    }
    if (!reason.ppp.empty()) error.peer.disconnect = reason.ppp.back().code;
    return error;
}

Error error_of(const l2tp::DownReason& reason, std::string_view farewell) {
    Error error = error_of(reason);
    const bool wordless = reason.message.empty() && reason.ppp.empty();
    if (wordless && !farewell.empty()) error.message += fmt::format("; before that {}", farewell);
    return error;
}

Error error_of(const PppExited& end, bool server) {
    std::string remedy = remedy_for(end.cause);
    if (server && end.cause == PppExited::Cause::peer_terminated) remedy.clear();  // as clients may
    return {code_of(end.cause), end.message, std::move(remedy), {}};
}

}  // namespace keel::lifecycle
