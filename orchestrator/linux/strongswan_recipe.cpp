#include "linux/strongswan_recipe.hpp"

#include <fmt/format.h>

#include <utility>

namespace keel {
namespace {

using vici::List;
using vici::Message;

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return std::nullopt;
}

std::string address_or_any(const IpAddress& address) {
    return address.is_unspecified() ? "%any" : address.text();
}

// An initiator's charon asks for the secret by both identities. One that expected anybody would ask for
// "%any", which no secret owned by a server's address answers; owned by our own address instead, the secrets
// of two servers (or of a server and our own LNS) would be mixed up. So the server's address is the first
// guess.
std::string expected_id(const IpsecConnection& connection) {
    const bool address_is_id = connection.role == IpsecConnection::Role::initiator &&
                               connection.remote_id.empty() && connection.remote;
    return address_is_id ? connection.remote->text() : connection.remote_id;
}

Message make_child(const IpsecConnection& connection) {
    const bool responder = connection.role == IpsecConnection::Role::responder;
    Message child;
    child.add("mode", "transport")
        .add("policies", "no")
        .add("local_ts", List{connection.any_port ? "dynamic[17]" : "dynamic[17/1701]"})
        .add("remote_ts", List{responder ? "dynamic[17]" : "dynamic[17/1701]"})
        .add("mark_in", "%unique/0x00ffffff")
        .add("set_mark_in", "%same/0x00ffffff")
        .add("esp_proposals", connection.esp_proposals)
        .add("replay_window", "128");
    // The initiator renews; a responder that did too would cross with it, and clients behind a NAT may be out
    // of reach. Its SA ends if the peer has not renewed it. Without rand_time=0 charon takes a random part of
    // life_time off the rekey_time that is 0, and renews the SA every second.
    if (responder) {
        child.add("rekey_time", "0s").add("rand_time", "0s").add("life_time", "4h");
    } else {
        child.add("rekey_time", "1h");
    }
    return child;
}

Message make_settings(const IpsecConnection& connection, const IpAddress* local) {
    const bool responder = connection.role == IpsecConnection::Role::responder;
    Message settings;
    settings.add("version", std::to_string(static_cast<int>(connection.ike)));
    if (local) settings.add("local_addrs", List{address_or_any(*local)});
    // charon gives a peer to the connection that names its address. Of a server that we dial, that is the one
    // by which we dial; so ours names it too, and wins by its local address.
    List remote;
    for (const IpAddress& server : connection.also_dialled) remote.push_back(server.text());
    remote.push_back(connection.remote ? connection.remote->text() : "%any");
    settings.add("remote_addrs", std::move(remote))
        .add("proposals", connection.ike_proposals)
        .add("unique", "never")
        .add("fragmentation", "yes")
        .add("mobike", "no")
        .add("dpd_delay", "30s")
        .add("dpd_timeout", "150s")
        .add("rekey_time", responder ? "0s" : "4h");
    if (connection.force_encap) settings.add("encap", "yes");
    // Windows does not ask for our certificate in a way that charon understands for every CA.
    if (std::holds_alternative<CertificateAuth>(connection.auth)) settings.add("send_cert", "always");
    return settings;
}

// Who we are and whom we expect: the sections "local" and "remote" once for each peer that is admitted.
struct Sections {
    Message local, remote;
};

std::vector<Sections> psk_sections(const IpsecConnection& connection, const IpAddress* local) {
    Sections out;
    out.local.add("auth", "psk");
    if (!connection.local_id.empty()) {
        out.local.add("id", connection.local_id);
    } else if (local && !local->is_unspecified()) {
        out.local.add("id", local->text());
    }
    out.remote.add("auth", "psk");
    if (const std::string id = expected_id(connection); !id.empty()) out.remote.add("id", id);
    return {out};
}

std::string_view name_of(Revocation revocation) {
    switch (revocation) {
        case Revocation::relaxed: return "relaxed";
        case Revocation::ifuri: return "ifuri";
        case Revocation::strict: return "strict";
    }
    return "strict";
}

std::vector<Sections> certificate_sections(const IpsecConnection& connection, const CertificateAuth& auth,
                                           const Credentials& credentials) {
    List peers = auth.peers;
    if (connection.role == IpsecConnection::Role::initiator) peers = {connection.remote_id};
    if (peers.empty()) peers = {""};
    std::vector<Sections> out;
    for (const std::string& peer : peers) {
        Sections one;
        one.local.add("auth", "pubkey").add("certs", List{credentials.cert});
        if (!connection.local_id.empty()) one.local.add("id", connection.local_id);
        one.remote.add("auth", "pubkey")
            .add("cacerts", credentials.cacerts)
            .add("revocation", std::string(name_of(auth.revocation)));
        if (!peer.empty()) one.remote.add("id", peer);
        out.push_back(std::move(one));
    }
    return out;
}

// The identity of either side is its key: charon's default.
std::vector<Sections> key_sections(const Credentials& credentials) {
    std::vector<Sections> out;
    for (const std::string& key : credentials.pubkeys) {
        Sections one;
        one.local.add("auth", "pubkey").add("pubkeys", List{credentials.public_key});
        one.remote.add("auth", "pubkey").add("pubkeys", List{key});
        out.push_back(std::move(one));
    }
    return out;
}

std::vector<Sections> make_sections(const IpsecConnection& connection, const IpAddress* local,
                                    const Credentials& credentials) {
    if (const auto* auth = std::get_if<CertificateAuth>(&connection.auth)) {
        return certificate_sections(connection, *auth, credentials);
    }
    if (std::holds_alternative<PublicKeyAuth>(connection.auth)) return key_sections(credentials);
    return psk_sections(connection, local);
}

}  // namespace

std::string charon_name(std::string_view name, std::size_t index) {
    std::string out(kCharonPrefix);
    for (const char c : name) {
        if (is_plain(c)) {
            out += c;
        } else if (c == '/') {
            out += '.';
        } else {
            out += fmt::format("~{:02x}", static_cast<unsigned char>(c));
        }
    }
    if (index > 0) out += fmt::format("+{}", index + 1);
    return out;
}

std::optional<std::string> our_name(std::string_view charon_name) {
    if (!charon_name.starts_with(kCharonPrefix)) return std::nullopt;
    charon_name.remove_prefix(kCharonPrefix.size());
    charon_name = charon_name.substr(0, charon_name.find('+'));
    std::string out;
    for (std::size_t i = 0; i < charon_name.size(); ++i) {
        const char c = charon_name[i];
        if (is_plain(c)) {
            out += c;
        } else if (c == '.') {
            out += '/';
        } else {
            if (c != '~' || charon_name.size() - i < 3) return std::nullopt;
            const auto high = hex_digit(charon_name[i + 1]), low = hex_digit(charon_name[i + 2]);
            if (!high || !low) return std::nullopt;
            out += static_cast<char>(*high * 16 + *low);
            i += 2;
        }
    }
    // An administrator may have a connection "keel2tp" or "keel2tp-test".
    if (!out.starts_with("lns/") && !out.starts_with("lac/")) return std::nullopt;
    return out;
}

std::vector<CharonConnection> make_connections(const IpsecConnection& connection,
                                               const Credentials& credentials) {
    std::vector<CharonConnection> out;
    const std::size_t count = std::max<std::size_t>(connection.local.size(), 1);
    for (std::size_t i = 0; i < count; ++i) {
        const IpAddress* local = connection.local.empty() ? nullptr : &connection.local[i];
        for (Sections& sections : make_sections(connection, local, credentials)) {
            std::string name = charon_name(connection.name, out.size());
            Message settings = make_settings(connection, local);
            settings.add("local", std::move(sections.local)).add("remote", std::move(sections.remote));
            Message children;
            children.add(name, make_child(connection));
            settings.add("children", std::move(children));
            out.push_back({std::move(name), std::move(settings)});
        }
    }
    return out;
}

std::vector<CharonAuthority> make_authorities(const IpsecConnection& connection,
                                              const Credentials& credentials) {
    std::vector<CharonAuthority> out;
    for (const std::string& certificate : credentials.intermediates) {
        out.push_back({fmt::format("{}+ca{}", charon_name(connection.name), out.size() + 1), certificate});
    }
    return out;
}

std::vector<CharonSecret> make_secrets(const IpsecConnection& connection) {
    const auto* auth = std::get_if<PskAuth>(&connection.auth);
    if (!auth) return {};
    std::vector<CharonSecret> out;
    if (connection.role == IpsecConnection::Role::initiator) {
        List owners;
        if (connection.remote) owners.push_back(connection.remote->text());
        if (!connection.remote_id.empty()) owners.push_back(connection.remote_id);
        out.push_back({charon_name(connection.name), auth->psk, std::move(owners)});
        return out;
    }
    List shared;
    for (const IpAddress& address : connection.local) {
        const auto own = auth->by_address.find(address);
        if (own == auth->by_address.end()) {
            shared.push_back(address_or_any(address));
        } else {
            out.push_back({charon_name(connection.name, out.size()), own->second, List{address.text()}});
        }
    }
    if (!connection.local_id.empty()) shared.push_back(connection.local_id);
    if (!auth->psk.empty()) {
        out.push_back({charon_name(connection.name, out.size()), auth->psk, std::move(shared)});
    }
    return out;
}

std::optional<ChildSa> make_child_sa(const vici::IkeSa& ike, const vici::ChildSa& child) {
    const auto name = our_name(ike.name);
    const auto local = IpAddress::parse(ike.local_host);
    const auto remote = IpAddress::parse(ike.remote_host);
    if (!name || !local || !remote || child.mark_in == 0) return std::nullopt;
    ChildSa sa;
    sa.connection = *name;
    sa.mark = child.mark_in;
    sa.reqid = child.reqid;
    sa.ike_id = ike.uniqueid;
    sa.child_id = child.uniqueid;
    sa.ike_version = ike.version;
    sa.local = *local;
    sa.remote = {*remote, ike.remote_port};
    sa.remote_id = ike.remote_id;
    sa.spi_in = child.spi_in;
    sa.spi_out = child.spi_out;
    sa.encap = child.encap;
    sa.encryption = child.encr_alg;
    if (!child.encr_keysize.empty()) sa.encryption += "-" + child.encr_keysize;
    sa.integrity = child.integ_alg;
    return sa;
}

}  // namespace keel
