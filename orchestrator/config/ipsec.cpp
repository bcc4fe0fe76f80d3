#include "config/ipsec.hpp"

#include <fmt/format.h>

#include <map>

#include "config/proposals.hpp"

namespace keel::config {
namespace {

std::string key_reference(Reader& reader, const Node& node) {
    const bool is_file = node.has("file");
    const std::string name = reader.text(node.at(is_file ? "file" : "credential"));
    return name.empty() || is_file ? name : "credential:" + name;
}

PskAuth psk_auth(Reader& reader, const Node& node, const Node& listen) {
    PskAuth auth;
    if (node.has("psk")) auth.psk = reader.secret(node.at("psk"));
    const Node by_address = node.at("psks");
    std::map<IpAddress, bool> listening;  // whether it has its key
    for (const Node& item : listen.items()) {
        if (const auto address = IpAddress::parse(item.string())) listening[*address] = false;
    }
    for (const auto& [name, entry] : by_address.members()) {
        const auto address = IpAddress::parse(name);
        if (!address || !listening.contains(*address)) {
            reader.fault_of_key(entry,
                                "is not one of the listening addresses: a PSK belongs to the address that "
                                "clients dial, not to a client");
        } else if (std::exchange(listening[*address], true)) {
            reader.fault_of_key(entry, "is the same address as another of this object");
        }
        Secret secret = reader.secret(entry);
        if (address) auth.by_address.emplace(*address, std::move(secret));
    }
    if (!node.has("psks")) return auth;
    for (const auto& [address, has_key] : listening) {
        if (!has_key) reader.fault(by_address, "misses the listening address " + address.text());
    }
    return auth;
}

CertificateAuth certificate_auth(Reader& reader, const Node& node) {
    CertificateAuth auth;
    auth.cacerts = reader.texts(node.at("cacerts"));
    auth.cert = reader.text(node.at("cert"));
    auth.private_key = key_reference(reader, node.at("private-key"));
    auth.peers = reader.texts(node.at("remote-ids"));
    auth.crls = reader.texts(node.at("crls"));
    const std::string revocation = node.at("revocation").string();
    auth.revocation = revocation == "strict"  ? Revocation::strict
                      : revocation == "ifuri" ? Revocation::ifuri
                                              : Revocation::relaxed;
    return auth;
}

// charon takes what is no distinguished name for an opaque key id, which would never match.
bool is_identity(std::string_view text) {
    if (text.find('=') == std::string_view::npos) return true;
    const char separator = text.starts_with('/') ? '/' : ',';
    if (separator == '/') text.remove_prefix(1);
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(separator));
        const auto equals = part.find('=');
        const auto key = part.substr(0, std::min(equals, part.size()));
        if (equals == std::string_view::npos || key.find_first_not_of(' ') == std::string_view::npos ||
            part.find('=', equals + 1) != std::string_view::npos) {
            return false;
        }
        text.remove_prefix(std::min(part.size() + 1, text.size()));
    }
    return true;
}

void check_identity(Reader& reader, const Node& node) {
    if (is_identity(node.string())) return;
    reader.fault(node,
                 "is not a distinguished name such as \"O=Example, CN=*\": each part must be key=value, "
                 "with commas between");
}

struct Choice {
    IpsecAuth auth;
    std::string key;  // of "ipsec", that it came from
};

// With several (the schema has told so) the first is read.
Choice authentication(Reader& reader, const Node& node, const Node& listen) {
    if (node.has("certificate")) return {certificate_auth(reader, node.at("certificate")), "certificate"};
    if (node.has("public-key")) {
        const Node chosen = node.at("public-key");
        PublicKeyAuth auth;
        auth.private_key = key_reference(reader, chosen.at("private-key"));
        auth.pubkeys = reader.texts(chosen.at("pubkeys"));
        return {std::move(auth), "public-key"};
    }
    return {psk_auth(reader, node, listen), node.has("psks") ? "psks" : "psk"};
}

IkeVersion ike_version(Reader& reader, const Node& node, Peer peer, bool raw_keys) {
    const nlohmann::json& told = node.at("ike").value;
    if (raw_keys) {
        if (told == 1) {
            reader.fault(node.at("ike"), "must be 2 with \"public-key\": in IKEv1 there are no raw keys");
        }
        return IkeVersion::v2;
    }
    if (told == 1) return IkeVersion::v1;
    if (told == 2) return IkeVersion::v2;
    return peer == Peer::client ? IkeVersion::any : IkeVersion::v1;
}

void choose_proposals(Reader& reader, const Node& node, Peer peer, Ipsec& ipsec) {
    const auto set = proposal_set(node.at("proposals").string()).value_or(ProposalSet::compatible);
    const auto role =
        peer == Peer::client ? IpsecConnection::Role::responder : IpsecConnection::Role::initiator;
    ipsec.ike_proposals =
        node.has("ike-proposals") ? reader.texts(node.at("ike-proposals")) : ike_proposals(set, ipsec.ike);
    ipsec.esp_proposals =
        node.has("esp-proposals") ? reader.texts(node.at("esp-proposals")) : esp_proposals(set, role);
}

void check_identities(Reader& reader, const Node& node, const std::string& choice, bool to_server) {
    const Node local = node.at("local-id"), remote = node.at("remote-id");
    check_identity(reader, local);
    check_identity(reader, remote);
    for (const Node& item : node.at("certificate").at("remote-ids").items()) check_identity(reader, item);
    for (const Node& id : {local, remote}) {
        if (choice == "public-key" && !id.string().empty()) {
            reader.fault(id, "has no meaning with \"public-key\": the identity is the key itself");
        }
    }
    if (choice == "psks" && !local.string().empty()) {
        reader.fault(local,
                     "cannot tell the PSKs apart: with \"psks\" our identity is the listening address");
    }
    if (to_server && choice == "public-key" && node.at(choice).at("pubkeys").items().size() > 1) {
        reader.fault(node.at(choice).at("pubkeys"), "must be one key: a client has one server");
    }
    if (to_server && choice == "certificate" && remote.string().empty()) {
        reader.fault(node,
                     "misses 'remote-id': with certificates it must be told which of all that the CA has "
                     "signed the server is, as the server tells it (a domain name, or its certificate's "
                     "subject such as \"O=Example, CN=vpn.example.net\")");
    }
}

}  // namespace

std::optional<Ipsec> parse_ipsec(Reader& reader, const Node& owner, Peer peer, const CredentialCheck& check) {
    const bool unprotected = owner.at("unprotected").boolean();
    if (!owner.has("ipsec")) {
        if (!unprotected) {
            reader.fault(owner,
                         "misses the property 'ipsec'; to run plain L2TP without encryption say "
                         "\"unprotected\": true");
        }
        return std::nullopt;
    }
    if (unprotected) reader.fault(owner.at("unprotected"), "contradicts 'ipsec': leave one of them out");
    const Node node = owner.at("ipsec");
    Choice choice = authentication(reader, node, owner.at("listen"));
    const bool raw_keys = std::holds_alternative<PublicKeyAuth>(choice.auth);
    const bool to_server = peer == Peer::server;
    Ipsec ipsec{
        .auth = std::move(choice.auth),
        .ike = ike_version(reader, node, peer, raw_keys),
        .local_id = reader.text(node.at("local-id")),
        .remote_id = to_server ? reader.text(node.at("remote-id")) : std::string(),
        .force_encap = to_server && node.at("force-encap").boolean(),
        .ike_proposals = {},
        .esp_proposals = {},
    };
    choose_proposals(reader, node, peer, ipsec);
    check_identities(reader, node, choice.key, to_server);
    if (check) {
        for (const CredentialFault& found : check(ipsec.auth)) {
            reader.fault(
                {node.value, node.pointer / choice.key / nlohmann::json::json_pointer("/" + found.field)},
                found.why.text());
        }
    }
    return ipsec;
}

void check_client_psks(Reader& reader, const Node& clients, const std::vector<Lac>& all) {
    struct Held {
        std::string name;
        Secret psk;
    };
    std::map<std::pair<std::string, std::string>, Held> by_identity;
    for (const Lac& lac : all) {
        const auto* auth = lac.ipsec ? std::get_if<PskAuth>(&lac.ipsec->auth) : nullptr;
        if (!auth) continue;
        const auto [held, fresh] =
            by_identity.try_emplace({lac.server, lac.ipsec->remote_id}, Held{lac.name, auth->psk});
        if (fresh || held->second.psk == auth->psk) continue;
        reader.fault(
            clients.at(lac.name.substr(4)).at("ipsec").at("psk"),
            fmt::format("{} dials the same server with another PSK: a PSK is looked up by the server's "
                        "identity, so that both need the same one, or servers with a 'remote-id' each",
                        held->second.name));
    }
}

}  // namespace keel::config
