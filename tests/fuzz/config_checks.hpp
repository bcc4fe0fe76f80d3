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
        require(fault.line > 0 && fault.column > 0, "a fault has line and column");
    }
}

inline void check_ipsec(const config::Ipsec& ipsec) {
    require(!ipsec.ike_proposals.empty() && !ipsec.esp_proposals.empty(), "there is something to propose");
    if (const auto* psk = std::get_if<PskAuth>(&ipsec.auth)) {
        require(!psk->psk.empty() || !psk->by_address.empty(), "there is a PSK");
        for (const auto& [address, secret] : psk->by_address) require(!secret.empty(), "a PSK is not empty");
    } else if (const auto* certificate = std::get_if<CertificateAuth>(&ipsec.auth)) {
        require(!certificate->cacerts.empty() && certificate->cert.starts_with("/") &&
                    !certificate->private_key.empty(),
                "certificates are whole");
    } else if (const auto* raw = std::get_if<PublicKeyAuth>(&ipsec.auth)) {
        require(!raw->private_key.empty() && !raw->pubkeys.empty(), "raw keys are whole");
        require(ipsec.ike == IkeVersion::v2, "raw keys are of IKEv2");
    }
}

// What was shown without its secrets says the same when it comes back.
inline void check_redaction(const config::Parsed& parsed) {
    const auto again =
        config::parse_document(config::redacted(parsed.document), read_secret, {}, parsed.document);
    require(again.has_value(), "what was redacted can be applied again");
    require(again->config == parsed.config, "and says the same");
}

inline void check_config(std::string_view text) {
    const auto document = config::parse_document(text, read_secret);
    if (!document) return check_faults(document.error());
    require(document->document == text, "the document is the text");
    check_redaction(*document);
    const config::Config* parsed = &document->config;
    for (const auto& lns : parsed->lns) {
        require(lns.name.starts_with("lns/") && lns.name.size() > 4, "a server has a name");
        require(!lns.listen.empty() && !lns.pool.empty(), "a server has addresses");
        if (lns.ipsec) check_ipsec(*lns.ipsec);
        require(lns.mtu <= 9000, "an MTU is as the schema has it");
    }
    for (const auto& lac : parsed->lac) {
        require(lac.name.starts_with("lac/") && lac.name.size() > 4, "a client has a name");
        require(!lac.server.empty(), "a client has a server");
        if (lac.ipsec) check_ipsec(*lac.ipsec);
        require(lac.mtu <= 9000, "an MTU is as the schema has it");
    }
}

}  // namespace keel::fuzz
