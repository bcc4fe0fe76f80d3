// What a peer may say: every message of RFC 2661 and of the RFCs that add to it, well-formed, chosen by a few
// octets of a script.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "input.hpp"
#include "l2tp/auth.hpp"
#include "l2tp/message.hpp"
#include "tunnel_secret.hpp"

namespace keel::fuzz {

// Ids come from a small set, so that they collide.
struct Words {
    // `how`: bits 0-1 the peer's id, 2 the peer challenges, 3 it answers our challenge, 4 all is hidden, 5 it
    // asks for a DSCP, 6 it has no synchronous framing and cannot place calls, 7 window 1 and sequencing.
    explicit Words(std::uint8_t how)
        : peer_id(static_cast<std::uint16_t>(1 + (how & 3u))),
          challenges((how & 4u) != 0),
          answers((how & 8u) != 0),
          hidden((how & 16u) != 0),
          dscp((how & 32u) != 0),
          poor((how & 64u) != 0),
          strict((how & 128u) != 0) {}

    std::uint16_t peer_id;
    bool challenges, answers, hidden, dscp, poor, strict;
    std::optional<std::string> challenge = {};  // ours, if it is to be answered
    std::uint16_t session = 0;                  // whom a CSUN or an FSR speaks of

    [[nodiscard]] std::optional<Bytes> response(std::uint8_t type) const {
        if (!challenge) return std::nullopt;
        return l2tp::challenge_response(type, secret(), as_bytes(*challenge));
    }
};

template <class M>
M introduction(const Words& words) {
    M message;
    message.host_name = "peer";
    message.assigned_tunnel_id = words.peer_id;
    message.bearer_capabilities = words.poor ? 0 : l2tp::kDigitalBearer | l2tp::kAnalogBearer;
    message.framing_capabilities = words.poor ? l2tp::kAsyncFraming : l2tp::kSyncFraming;
    if (words.challenges) message.challenge = "challenge";
    if (words.dscp) message.control_connection_ds = std::uint16_t{0xB800};
    if (words.strict) message.receive_window_size = std::uint16_t{1};
    if constexpr (std::is_same_v<M, l2tp::Sccrq>) {
        if (words.dscp) message.tie_breaker = 1;
    }
    return message;
}

template <class M>
M call(const Words& words) {
    M message;
    message.assigned_session_id = words.peer_id;
    if (words.dscp) message.session_ds = std::uint16_t{0xB800};
    if constexpr (std::is_same_v<M, l2tp::Ocrq>) message.bearer_type = words.poor ? 4 : 0;
    return message;
}

template <class M>
M connected(const Words& words) {
    M message;
    message.tx_connect_speed = 64000;
    message.sequencing_required = words.strict;
    return message;
}

template <class M>
M about(const Words& words) {
    M message;
    if constexpr (std::is_same_v<M, l2tp::Csun> || std::is_same_v<M, l2tp::Csurq>) {
        message.speeds.push_back({words.session, 1000, 2000});
    } else {
        message.sessions.push_back({words.session, words.peer_id});
    }
    return message;
}

inline l2tp::Stopccn stopccn(const Words& words) {
    l2tp::Stopccn message;
    message.assigned_tunnel_id = words.peer_id;
    message.result.result = 6;
    return message;
}

inline l2tp::Cdn cdn(const Words& words) {
    l2tp::Cdn message;
    message.assigned_session_id = words.peer_id;
    message.result.result = 3;
    if (words.dscp) message.ppp_disconnect.emplace_back();
    return message;
}

inline constexpr std::uint8_t kKinds = 21;
inline constexpr std::uint8_t kTunnelKinds = 9;  // the first ones are of the tunnel, not of a session

inline l2tp::Message message_of(std::uint8_t kind, const Words& words) {
    using namespace l2tp;
    switch (kind % kKinds) {
        case 0: return introduction<Sccrq>(words);
        case 1: {
            auto message = introduction<Sccrp>(words);
            message.challenge_response = words.response(2);
            return message;
        }
        case 2: return Scccn{words.response(3)};
        case 3: return stopccn(words);
        case 4: return Hello{};
        case 5: return about<Fsq>(words);
        case 6: return about<Fsr>(words);
        case 7: return about<Csun>(words);
        case 8: return about<Csurq>(words);
        case 9: return call<Icrq>(words);
        case 10: return call<Icrp>(words);
        case 11: return connected<Iccn>(words);
        case 12: return call<Ocrq>(words);
        case 13: return call<Ocrp>(words);
        case 14: return connected<Occn>(words);
        case 15: return cdn(words);
        case 16: return Wen{};
        case 17: return Sli{words.poor ? std::nullopt : std::optional(Accm{}), {}, {}};
        case 18: return Mdmst{0x8001};
        case 19: return Zlb{};
        default: return Unknown{words.peer_id, words.strict};
    }
}

}  // namespace keel::fuzz
