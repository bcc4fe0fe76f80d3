// The configuration and the files of its secrets, for the doctor.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "config/parse.hpp"
#include "linux/credentials.hpp"
#include "linux/doctor_gather.hpp"
#include "linux/files.hpp"
#include "linux/system.hpp"

namespace keel::doctor {
namespace {

constexpr std::string_view kCredential = "credential:";

// Others than the file's owner may rename in its directory; the sticky bit (as of /tmp) keeps them from it.
bool open_to_others(const std::string& path) {
    struct stat info {};
    const auto directory = std::filesystem::path(path).parent_path();
    if (::stat(directory.empty() ? "." : directory.c_str(), &info) != 0) return false;
    return (info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (info.st_mode & S_ISVTX) == 0;
}

void look_at(const Secret& secret, SecretFile& file) {
    const ByteView bytes = secret.reveal();
    file.size = bytes.size();
    if (bytes.empty()) return;
    file.carriage_return = bytes.back() == '\r';
    file.blank_at_end = bytes.back() == ' ' || bytes.back() == '\t';
}

// Reads secrets as the daemon would, and notes what is odd about their files. What only the daemon can read
// is taken for good, so that the rest of the configuration is judged all the same.
class Watcher {
public:
    [[nodiscard]] Result<Secret> read(const std::string& reference) {
        SecretFile file{.path = reference, .unreadable = std::nullopt};
        if (reference.starts_with(kCredential)) {
            file.unreadable =
                Error{ErrorCode::unsupported, "a credential of systemd is seen by the service alone",
                      "`systemctl show keel2tp -p LoadCredential` names its file"};
            return keep(std::move(file), Secret(std::string_view("a secret that is not seen from here")));
        }
        auto secret = read_secret_file(reference);
        if (!secret && secret.error().code == ErrorCode::denied && ::access(reference.c_str(), R_OK) != 0) {
            file.unreadable = secret.error();
            return keep(std::move(file), Secret(std::string_view("a secret that is not seen from here")));
        }
        struct stat info {};
        if (::stat(reference.c_str(), &info) == 0) file.mode = info.st_mode & 07777;
        file.directory_open_to_others = open_to_others(reference);
        if (secret) {
            look_at(*secret, file);
        } else {
            file.unreadable = secret.error();
        }
        return keep(std::move(file), std::move(secret));
    }
    [[nodiscard]] std::vector<SecretFile> take() { return std::move(files_); }

private:
    Result<Secret> keep(SecretFile file, Result<Secret> secret) {
        const bool known = std::ranges::count(files_, file.path, &SecretFile::path) > 0;
        if (!known) files_.push_back(std::move(file));
        return secret;
    }
    std::vector<SecretFile> files_;
};

CredentialFact::Kind kind_of(CredentialFinding::Kind kind) {
    switch (kind) {
        case CredentialFinding::Kind::fault: return CredentialFact::Kind::unusable;
        case CredentialFinding::Kind::time: return CredentialFact::Kind::not_now;
        case CredentialFinding::Kind::warning: return CredentialFact::Kind::odd;
    }
    return CredentialFact::Kind::unusable;
}

void look_at_credentials(const std::string& connection, const IpsecAuth& auth, ConfigFacts& facts) {
    if (std::holds_alternative<PskAuth>(auth)) return;
    const auto read = read_credentials(auth, credential_files(), calendar_now());
    for (const CredentialFinding& finding : read.findings) {
        facts.credentials.push_back(
            {connection, kind_of(finding.kind), finding.what.field, finding.what.why});
    }
    if (read.credentials.subject.empty()) return;
    facts.certificates.push_back({connection, read.credentials.subject, read.credentials.not_after});
}

}  // namespace

ConfigFacts gather_config(const std::string& path) {
    ConfigFacts facts;
    facts.path = path;
    const auto text = read_text_file(path);
    if (!text) {
        facts.unreadable = text.error();
        return facts;
    }
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) facts.mode = info.st_mode & 07777;
    facts.inline_secrets = config::inline_secrets(*text);
    Watcher watcher;
    auto config = config::parse(*text, [&](const std::string& reference) { return watcher.read(reference); });
    facts.secrets = watcher.take();
    if (config) {
        for (const auto& lns : config->lns) {
            if (lns.ipsec) look_at_credentials(lns.name, lns.ipsec->auth, facts);
        }
        for (const auto& lac : config->lac) {
            if (lac.ipsec) look_at_credentials(lac.name, lac.ipsec->auth, facts);
        }
        facts.config = std::move(*config);
    } else {
        facts.faults = std::move(config.error());
    }
    return facts;
}

}  // namespace keel::doctor
