// Who may log in: judges what a peer showed (PAP, CHAP-MD5, MS-CHAPv2) against the configured users. Pure.
#pragma once

#include <map>
#include <string>

#include "config/config.hpp"
#include "ports.hpp"

namespace keel::lifecycle {

struct Judgement {
    const config::User* user = nullptr;  // null: refused
    std::string message;                 // for the peer, as LoginVerdict::message
    std::string reason;                  // refused: for the operator: "unknown user", "wrong password"
};

using Users = std::map<std::string, config::User, std::less<>>;

// A peer learns from the answer only that it was refused, not whether the user exists; the operator learns
// why. MS-CHAPv2: a "DOMAIN\" before the user's name is not part of it (RFC 2759 8.2).
[[nodiscard]] Judgement judge(const LoginRequest& request, const Users& users);

}  // namespace keel::lifecycle
