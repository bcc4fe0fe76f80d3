// Strongswan's certificates and keys: read, checked, loaded, read again when their files change, and taken
// out of charon again as far as charon lets one.
#include <algorithm>
#include <chrono>
#include <utility>

#include "linux/strongswan_impl.hpp"
#include "linux/system.hpp"

namespace keel {
namespace {

constexpr std::chrono::seconds kLookAtFiles{5};
constexpr std::int64_t kSoonDays = 14, kDay = 86400;

bool has_files(const IpsecConnection& spec) {
    return !std::holds_alternative<PskAuth>(spec.auth);
}

}  // namespace

// Reads the files. Nothing: what is in `declared.credentials` may be used, though perhaps not as new as the
// files; then `kept_old` says why.
std::optional<Error> Strongswan::Impl::read_files(Declared& declared) {
    declared.kept_old.reset();
    if (!has_files(declared.spec)) return std::nullopt;
    declared.stamp = stamp_of_files(declared.spec.auth);
    ReadCredentials read = read_credentials(declared.spec.auth, credential_files(), calendar_now());
    for (const CredentialFinding& finding : read.findings) {
        if (finding.kind == CredentialFinding::Kind::warning) {
            note(declared, "credentials=" + finding.what.field, finding.what.why);
        }
    }
    if (const Error* obstacle = read.obstacle()) {
        if (!declared.credentials) return *obstacle;
        declared.kept_old =
            Error{obstacle->code, "the new files are not taken: " + obstacle->message, obstacle->remedy};
        log_.error("ipsec.credentials-kept", {{"connection", declared.spec.name}, {"why", obstacle->text()}});
        return std::nullopt;
    }
    declared.credentials = std::move(read.credentials);
    return std::nullopt;
}

// To the log, once per connection and text.
void Strongswan::Impl::note(Declared& declared, const std::string& what, const Error& why) {
    if (!declared.warned.insert(why.message).second) return;
    log_.warning("ipsec.credentials-doubtful",
                 {{"connection", declared.spec.name}, {"what", what}, {"why", why.text()}});
}

// ---- what the files' change brings

void Strongswan::Impl::watch_files() {
    const auto now = std::chrono::steady_clock::now();
    if (now < look_at_files_) return;
    look_at_files_ = now + kLookAtFiles;
    for (auto& [name, declared] : declared_) {
        if (!has_files(declared.spec) || declared.retired) continue;
        const std::string stamp = stamp_of_files(declared.spec.auth);
        // Twice the same: who writes certificate and key one after the other has finished.
        const bool settled = std::exchange(declared.seen_stamp, stamp) == stamp;
        const bool changed = stamp != declared.stamp && settled;
        // A certificate that is not valid yet may be so now.
        const bool by_time = declared.refusal && declared.refusal->code == ErrorCode::unavailable;
        if (changed || by_time) take_new_files(declared);
        tell_of_expiry(declared);
    }
}

void Strongswan::Impl::reload_credentials() {
    for (auto& [name, declared] : declared_) {
        if (has_files(declared.spec) && !declared.retired) take_new_files(declared);
    }
}

void Strongswan::Impl::take_new_files(Declared& declared) {
    const auto before = declared.credentials;
    const bool refused = declared.refusal.has_value();
    if (const auto obstacle = read_files(declared)) {
        if (!refused || declared.refusal->message != obstacle->message) {
            declared.refusal = *obstacle;
            tell(IpsecFailed{declared.spec.name, *obstacle});
        }
        return;
    }
    if (declared.kept_old) return tell(IpsecLoaded{declared.spec.name, declared.kept_old});
    if (before && before->same_as(*declared.credentials) && !refused) {
        log_.info("ipsec.credentials-same", {{"connection", declared.spec.name}});
        return;
    }
    log_.notice("ipsec.credentials-read", {{"connection", declared.spec.name},
                                           {"subject", declared.credentials->subject},
                                           {"until", date_text(declared.credentials->not_after)}});
    if (can_send()) send_load(declared);
}

void Strongswan::Impl::tell_of_expiry(Declared& declared) {
    if (!declared.credentials || declared.credentials->not_after == 0) return;
    const std::int64_t now = calendar_now();
    const std::int64_t left = declared.credentials->not_after - now;
    if (left > kSoonDays * kDay || now - declared.expiry_told < kDay) return;
    declared.expiry_told = now;
    const std::string until = date_text(declared.credentials->not_after);
    if (left < 0) {
        log_.error("ipsec.certificate-expired", {{"connection", declared.spec.name},
                                                 {"until", until},
                                                 {"why", "our certificate has expired; renew it"}});
    } else {
        log_.warning("ipsec.certificate-expires", {{"connection", declared.spec.name},
                                                   {"until", until},
                                                   {"why", "our certificate is about to expire; renew it"}});
    }
}

// ---- in charon

// Answers are awaited by `answered`, as many as this returns.
std::size_t Strongswan::Impl::send_credentials(Declared& declared, const ViciLink::Done& answered) {
    const std::string name = declared.spec.name;
    if (!has_files(declared.spec)) return 0;
    const Credentials& credentials = *declared.credentials;
    std::size_t count = 1;
    request(vici::make_load_key(credentials.private_key.reveal(), credentials.key_type),
            [this, name, serial = declared.serial, answered](const vici::Result<vici::Reply>& reply) {
                Declared* loaded = find(name);
                if (loaded && loaded->serial == serial && reply) {
                    if (auto id = vici::parse_load_key(reply->message)) note_key(*loaded, std::move(*id));
                }
                answered(reply);
            });
    std::vector<std::string> authorities;
    for (const CharonAuthority& authority : make_authorities(declared.spec, credentials)) {
        // charon counts each load of a name and never comes back to none: first away with it.
        request(vici::make_unload_authority(authority.name));
        request(vici::make_load_authority({authority.name, as_bytes(authority.certificate)}), answered);
        authorities.push_back(authority.name);
        ++count;
    }
    for (const std::string& name_before : std::exchange(declared.authorities, authorities)) {
        if (std::ranges::count(authorities, name_before) == 0) {
            request(vici::make_unload_authority(name_before));
        }
    }
    for (const std::string& crl : credentials.crls) {
        request(vici::make_load_cert({.type = "X509_CRL", .data = as_bytes(crl)}), answered);
        ++count;
    }
    for (const auto* list :
         {&credentials.cacerts, &credentials.crls, &credentials.intermediates, &credentials.pubkeys}) {
        certificates_.insert(list->begin(), list->end());
    }
    if (!credentials.cert.empty()) certificates_.insert(credentials.cert);
    if (std::holds_alternative<PublicKeyAuth>(declared.spec.auth))
        certificates_.insert(credentials.public_key);
    return count;
}

// A client may have to show its old certificate once more: IKEv1 reauthenticates by the connection that the
// IKE_SA was made from. So a client's old keys go when nothing of it is up.
void Strongswan::Impl::note_key(Declared& declared, std::string id) {
    if (declared.keys.empty() || declared.keys.back() != id) {
        std::erase(declared.keys, id);
        declared.keys.push_back(std::move(id));
    }
    const bool needed =
        declared.spec.role == IpsecConnection::Role::initiator && sas_.find_of(declared.spec.name);
    if (needed) return;
    std::vector<std::string> old(declared.keys.begin(), declared.keys.end() - 1);
    declared.keys.erase(declared.keys.begin(), declared.keys.end() - 1);
    for (const std::string& key : old) release_key(key);
}

// Unless another connection of ours, or somebody else, has it too.
void Strongswan::Impl::release_key(const std::string& id) {
    if (foreign_keys_.contains(id)) return;
    for (const auto& [name, declared] : declared_) {
        if (std::ranges::count(declared.keys, id) > 0) return;
    }
    if (can_send()) request(vici::make_unload_key(id));
}

// A new run of charon has nothing of ours.
void Strongswan::Impl::forget_generation() {
    for (auto& [name, declared] : declared_) declared.keys.clear();
    foreign_keys_.clear();
    certificates_.clear();
    keys_known_ = false;
}

// What is there before anything is loaded. Keys have no names: one that is there already is somebody else's,
// unless connections of an earlier run of ours are left over, for then it died before it could clear up.
void Strongswan::Impl::clean_up_credentials() {
    auto leftover = std::make_shared<bool>(false);
    request(vici::make_get_conns(), [this, leftover](const vici::Result<vici::Reply>& reply) {
        if (!reply || keys_known_) return;
        *leftover = std::ranges::any_of(vici::parse_get_conns(reply->message),
                                        [](const std::string& conn) { return our_name(conn).has_value(); });
    });
    request(vici::make_get_keys(), [this, leftover](const vici::Result<vici::Reply>& reply) {
        if (!reply || keys_known_) return;
        keys_known_ = true;
        if (*leftover) return;
        for (std::string& key : vici::parse_get_keys(reply->message)) foreign_keys_.insert(std::move(key));
    });
    request(vici::make_get_authorities(), [this](const vici::Result<vici::Reply>& reply) {
        if (!reply) return;
        for (const std::string& authority : vici::parse_get_authorities(reply->message)) {
            const auto ours = our_name(authority);
            if (ours && !find(*ours)) request(vici::make_unload_authority(authority));
        }
    });
}

// charon cannot unload a certificate, only forget everything that anybody loaded. So it is told to when what
// it has is ours alone: no connection, key, secret or authority, and no certificate but ours.
void Strongswan::Impl::forget_certificates() {
    if (certificates_.empty() || !can_send()) return;
    auto others = std::make_shared<bool>(false);
    const auto none = [others](vici::List (*parse)(const vici::Message&)) {
        return [others, parse](const vici::Result<vici::Reply>& reply) {
            *others = *others || !reply || !parse(reply->message).empty();
        };
    };
    request(vici::make_get_conns(), none(vici::parse_get_conns));
    request(vici::make_get_keys(), none(vici::parse_get_keys));
    request(vici::make_get_shared(), none(vici::parse_get_shared));
    request(vici::make_get_authorities(), none(vici::parse_get_authorities));
    request(vici::make_flush_certs());  // what peers sent along and charon remembers
    commands_->register_event("list-cert", std::chrono::seconds(5), {});
    request(vici::make_list_certs(), [this, others](const vici::Result<vici::Reply>& reply) {
        if (!reply) return;
        for (const vici::Message& message : reply->streamed) {
            *others = *others || !certificates_.contains(vici::parse_cert(message).data);
        }
        if (*others) {
            log_.info(
                "ipsec.certificates-stay",
                {{"why",
                  "strongSwan keeps our certificates until it is restarted: it has others' beside them"}});
        } else if (can_send()) {
            request(vici::make_clear_creds());
        }
        certificates_.clear();
    });
}

}  // namespace keel
