// What holds of config::parse whatever the text is; shared by the two configuration targets.
#pragma once

#include <string>

#include "config/parse.hpp"
#include "input.hpp"

namespace keel::fuzz {

inline Result<Secret> read_secret(const std::string& path) {
    if (path.find("missing") != std::string::npos)
        return fail(ErrorCode::not_found, "no such secret", "make one");
    return Secret(path);
}

// RFC 6901: empty, or "/" and tokens in which "~" is followed by 0 or 1.
inline bool is_pointer(const std::string& text) {
    if (!text.empty() && text[0] != '/') return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
            return false;
    }
    return true;
}

inline void check_faults(const std::vector<config::Fault>& faults) {
    require(!faults.empty(), "a refusal has a reason");
    for (const auto& fault : faults) {
        require(!fault.message.empty(), "a fault has words");
        require(is_pointer(fault.pointer), "a fault's place is a JSON pointer");
    }
}

inline void check_config(std::string_view text) {
    const auto parsed = config::parse(text, read_secret);
    if (!parsed) return check_faults(parsed.error());
    for (const auto& lns : parsed->lns) {
        require(lns.name.starts_with("lns/") && lns.name.size() > 4, "a server has a name");
        require(!lns.listen.empty() && !lns.pool.empty(), "a server has addresses");
        require(!lns.ipsec || !lns.ipsec->psk.empty(), "a server's key is not empty");
        require(lns.mtu <= 9000, "an MTU is as the schema has it");
    }
    for (const auto& lac : parsed->lac) {
        require(lac.name.starts_with("lac/") && lac.name.size() > 4, "a client has a name");
        require(!lac.server.empty(), "a client has a server");
        require(!lac.ipsec || !lac.ipsec->psk.empty(), "a client's key is not empty");
        require(lac.mtu <= 9000, "an MTU is as the schema has it");
    }
}

}  // namespace keel::fuzz
