#include "linux/credentials.hpp"

#include <fmt/format.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <span>
#include <utility>

#include "linux/files.hpp"
#include "linux/x509.hpp"

namespace keel {
namespace {

using Kind = CredentialFinding::Kind;

class Collector {
public:
    Collector(const CredentialFiles& files, std::int64_t now, ReadCredentials& out)
        : files_(files), now_(now), out_(out) {}

    void collect(const CertificateAuth& auth);
    void collect(const PublicKeyAuth& auth);

private:
    void find(Kind kind, std::string field, std::string message, std::string remedy) {
        const auto code = kind == Kind::time ? ErrorCode::unavailable : ErrorCode::invalid;
        out_.findings.push_back({kind, {std::move(field), {code, std::move(message), std::move(remedy)}}});
    }
    std::optional<std::string> read(const std::string& field, const std::string& path);
    std::vector<x509::Cert> certs_of(const std::string& field, const std::string& path);
    void check_time(const std::string& field, const std::string& path, const X509& cert);
    void collect_cacerts(const std::vector<std::string>& paths);
    void collect_cert(const std::string& path);
    void collect_crls(const std::vector<std::string>& paths);
    void collect_key(const std::string& reference);
    void check_issuer(const std::string& path);
    void check_match(const CertificateAuth& auth);

    const CredentialFiles& files_;
    const std::int64_t now_;
    ReadCredentials& out_;
    std::vector<x509::Cert> cacerts_, chain_;  // chain_: ours first
    x509::Key key_;
};

std::optional<std::string> Collector::read(const std::string& field, const std::string& path) {
    auto text = files_.read(path);
    if (text) return std::move(*text);
    find(Kind::fault, field, text.error().message, text.error().remedy);
    return std::nullopt;
}

std::vector<x509::Cert> Collector::certs_of(const std::string& field, const std::string& path) {
    const auto text = read(field, path);
    if (!text) return {};
    auto certs = x509::parse_certs(*text);
    if (certs.empty()) {
        find(Kind::fault, field, path + " holds no certificate",
             "it must be PEM (-----BEGIN CERTIFICATE-----) or DER");
    }
    return certs;
}

void Collector::check_time(const std::string& field, const std::string& path, const X509& cert) {
    const std::int64_t from = x509::seconds_of(*X509_get0_notBefore(&cert));
    const std::int64_t until = x509::seconds_of(*X509_get0_notAfter(&cert));
    const std::string whose = x509::name_text(*X509_get_subject_name(&cert));
    if (now_ < from) {
        find(Kind::time, field,
             fmt::format("the certificate \"{}\" in {} is not valid before {}, and this host's clock says {}",
                         whose, path, date_text(from), date_text(now_)),
             "set the clock, or wait");
    } else if (now_ > until) {
        find(Kind::time, field,
             fmt::format("the certificate \"{}\" in {} expired on {}", whose, path, date_text(until)),
             "renew it; a new file is taken by itself");
    }
}

void Collector::collect_cacerts(const std::vector<std::string>& paths) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const std::string field = fmt::format("cacerts/{}", i);
        for (x509::Cert& cert : certs_of(field, paths[i])) {
            if (X509_check_ca(cert.get()) == 0) {
                find(Kind::fault, field,
                     fmt::format("\"{}\" in {} is not a CA's certificate (it has no CA:TRUE)",
                                 x509::name_text(*X509_get_subject_name(cert.get())), paths[i]),
                     "name the certificate of the CA that signs, not one that it has signed");
                continue;
            }
            check_time(field, paths[i], *cert);
            out_.credentials.cacerts.push_back(x509::der_of(*cert));
            cacerts_.push_back(std::move(cert));
        }
    }
}

void Collector::collect_cert(const std::string& path) {
    chain_ = certs_of("cert", path);
    if (chain_.empty()) return;
    Credentials& out = out_.credentials;
    out.cert = x509::der_of(*chain_.front());
    out.subject = x509::name_text(*X509_get_subject_name(chain_.front().get()));
    out.not_after = x509::seconds_of(*X509_get0_notAfter(chain_.front().get()));
    for (const x509::Cert& cert : chain_) check_time("cert", path, *cert);
    for (std::size_t i = 1; i < chain_.size(); ++i) {
        // A root that stands at the chain's end says nothing: the peer must have it anyway.
        if (X509_check_issued(chain_[i].get(), chain_[i].get()) != X509_V_OK) {
            out.intermediates.push_back(x509::der_of(*chain_[i]));
        }
    }
    check_issuer(path);
}

// Peers can verify us if they have our issuer. With none of its certificates in sight that may be so (a CA of
// their own), but mostly the intermediate was forgotten. What is above an intermediate is the peers' to have.
void Collector::check_issuer(const std::string& path) {
    X509* own = chain_.front().get();
    const auto issued_ours = [own](const x509::Cert& issuer) {
        return X509_check_issued(issuer.get(), own) == X509_V_OK;
    };
    if (std::ranges::any_of(chain_, issued_ours) || std::ranges::any_of(cacerts_, issued_ours)) return;
    find(Kind::warning, "cert",
         fmt::format(
             "the issuer \"{}\" of \"{}\" is neither in {} nor among cacerts: peers that do not have it "
             "cannot verify us",
             x509::name_text(*X509_get_issuer_name(own)), out_.credentials.subject, path),
         "append the intermediate certificate to the file (certbot: use fullchain.pem)");
}

void Collector::collect_crls(const std::vector<std::string>& paths) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const std::string field = fmt::format("crls/{}", i);
        const auto text = read(field, paths[i]);
        if (!text) continue;
        const auto crls = x509::parse_crls(*text);
        if (crls.empty()) find(Kind::fault, field, paths[i] + " holds no CRL", "it must be PEM or DER");
        for (const x509::Crl& crl : crls) {
            const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.get());
            if (next && x509::seconds_of(*next) < now_) {
                find(Kind::warning, field,
                     fmt::format("the CRL in {} should have been replaced on {}", paths[i],
                                 date_text(x509::seconds_of(*next))),
                     "fetch the CA's current one");
            }
            out_.credentials.crls.push_back(x509::der_of(*crl));
        }
    }
}

void Collector::collect_key(const std::string& reference) {
    const std::string field = "private-key";
    const auto secret = files_.read_secret(reference);
    if (!secret) return find(Kind::fault, field, secret.error().message, secret.error().remedy);
    x509::ParsedKey parsed = x509::parse_private_key(secret->reveal());
    if (!parsed.key && parsed.fault == x509::KeyFault::not_a_key) {
        // read_secret takes a last newline away, which in DER may be the key's own last octet.
        Bytes whole(secret->reveal().begin(), secret->reveal().end());
        whole.push_back('\n');
        parsed = x509::parse_private_key(whole);
        wipe(whole.data(), whole.size());
    }
    if (parsed.fault == x509::KeyFault::passphrase) {
        return find(Kind::fault, field,
                    reference + " is protected by a passphrase, and nobody is there to ask",
                    "openssl pkey -in OLD -out NEW; chmod 600 NEW");
    }
    if (!parsed.key) {
        return find(Kind::fault, field, reference + " holds no private key",
                    "it must be PEM (-----BEGIN PRIVATE KEY-----) or DER");
    }
    key_ = std::move(parsed.key);
    Credentials& out = out_.credentials;
    Bytes der = x509::private_der_of(*key_);
    out.private_key = Secret{ByteView(der)};
    wipe(der.data(), der.size());
    out.key_type = x509::key_type_of(*key_);
    out.public_key = x509::public_der_of(*key_);
}

void Collector::check_match(const CertificateAuth& auth) {
    if (!key_ || chain_.empty() || X509_check_private_key(chain_.front().get(), key_.get()) == 1) return;
    const bool later = std::any_of(chain_.begin() + 1, chain_.end(), [&](const x509::Cert& cert) {
        return X509_check_private_key(cert.get(), key_.get()) == 1;
    });
    find(Kind::fault, "private-key",
         fmt::format("{} is not the key of the certificate \"{}\" in {}", auth.private_key,
                     out_.credentials.subject, auth.cert),
         later ? "our own certificate must be the first in its file" : "name the two that belong together");
}

void Collector::collect(const CertificateAuth& auth) {
    collect_cacerts(auth.cacerts);
    collect_cert(auth.cert);
    collect_key(auth.private_key);
    check_match(auth);
    collect_crls(auth.crls);
}

void Collector::collect(const PublicKeyAuth& auth) {
    collect_key(auth.private_key);
    for (std::size_t i = 0; i < auth.pubkeys.size(); ++i) {
        const std::string field = fmt::format("pubkeys/{}", i);
        const auto text = read(field, auth.pubkeys[i]);
        if (!text) continue;
        const x509::Key key = x509::parse_public_key(*text);
        if (!key) {
            find(Kind::fault, field, auth.pubkeys[i] + " holds no public key",
                 "it must be PEM (-----BEGIN PUBLIC KEY-----) or DER: openssl pkey -in KEY -pubout");
            continue;
        }
        std::string der = x509::public_der_of(*key);
        if (der == out_.credentials.public_key) {
            find(Kind::fault, field, auth.pubkeys[i] + " is our own public key", "name the peer's");
        }
        out_.credentials.pubkeys.push_back(std::move(der));
    }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> files_of(const IpsecAuth& auth) {
    std::vector<std::pair<std::string, std::string>> files;
    const auto add = [&](const char* field, const std::vector<std::string>& paths) {
        for (const std::string& path : paths) files.emplace_back(field, path);
    };
    if (const auto* certificate = std::get_if<CertificateAuth>(&auth)) {
        add("cacerts", certificate->cacerts);
        add("crls", certificate->crls);
        add("cert", {certificate->cert});
        add("private-key", {certificate->private_key});
    } else if (const auto* keys = std::get_if<PublicKeyAuth>(&auth)) {
        add("pubkeys", keys->pubkeys);
        add("private-key", {keys->private_key});
    }
    return files;
}

bool Credentials::same_as(const Credentials& other) const {
    return cacerts == other.cacerts && crls == other.crls && cert == other.cert &&
           intermediates == other.intermediates && pubkeys == other.pubkeys &&
           private_key == other.private_key;
}

const Error* ReadCredentials::obstacle() const {
    const auto found = std::ranges::find_if(
        findings, [](const CredentialFinding& finding) { return finding.kind != Kind::warning; });
    return found == findings.end() ? nullptr : &found->what.why;
}

ReadCredentials read_credentials(const IpsecAuth& auth, const CredentialFiles& files, std::int64_t now) {
    ReadCredentials out;
    Collector collector(files, now, out);
    if (const auto* certificate = std::get_if<CertificateAuth>(&auth)) {
        collector.collect(*certificate);
    } else if (const auto* raw = std::get_if<PublicKeyAuth>(&auth)) {
        collector.collect(*raw);
    }
    return out;
}

CredentialFiles credential_files() {
    return {read_text_file, read_secret_file};
}

std::string stamp_of_files(const IpsecAuth& auth) {
    std::string stamp;
    for (const auto& [option, reference] : files_of(auth)) {
        const auto path = path_of_reference(reference);
        struct stat info {};
        if (!path || ::stat(path->c_str(), &info) != 0) {
            stamp += "-;";
            continue;
        }
        stamp += fmt::format("{}.{}.{}.{}.{}.{};", info.st_dev, info.st_ino, info.st_size,
                             info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_nsec);
    }
    return stamp;
}

std::string date_text(std::int64_t seconds_since_1970) {
    const std::time_t at = seconds_since_1970;
    std::tm parts{};
    char text[32] = {};
    if (!::gmtime_r(&at, &parts) || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts) == 0) {
        return "a time that is none";
    }
    return text;
}

}  // namespace keel
