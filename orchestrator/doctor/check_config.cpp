// The configuration file and the files of its secrets.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/examine.hpp"

namespace keel::doctor {
namespace {

constexpr unsigned kReadByOthers = 04, kWrittenByGroup = 020, kWrittenByOthers = 02;

void check_config_file(const ConfigFacts& config, Report& report) {
    if (config.mode & (kWrittenByGroup | kWrittenByOthers)) {
        report.error("config-writable",
                     "others than its owner can change the configuration, and with it what runs as root",
                     config.path, fmt::format("chmod 600 {}", config.path));
    }
    if (!config.inline_secrets.empty() && (config.mode & kReadByOthers)) {
        report.error("config-secret-readable",
                     fmt::format("everybody can read the secret at {}", *config.inline_secrets.begin()),
                     config.path, fmt::format("chmod 600 {}, and change the secret", config.path));
    }
}

bool is_short(const Secret& psk) {
    constexpr std::size_t kShort = 16;  // random letters and digits: about 80 bits
    return !psk.empty() && psk.reveal().size() < kShort;
}

void check_psk(const config::Config& config, Report& report) {
    const auto look = [&](const auto& connection) {
        const auto* auth = connection.ipsec ? std::get_if<PskAuth>(&connection.ipsec->auth) : nullptr;
        if (!auth) return;
        const auto short_one = [](const auto& entry) { return is_short(entry.second); };
        if (!is_short(auth->psk) && std::ranges::none_of(auth->by_address, short_one)) return;
        report.note("psk-short", "the pre-shared key has fewer than 16 characters", connection.name,
                    "take a long random one: `openssl rand -base64 24`");
    };
    std::ranges::for_each(config.lns, look);
    std::ranges::for_each(config.lac, look);
}

void check_credential(const CredentialFact& credential, Report& report) {
    const std::string where = fmt::format("{}: {}", credential.connection, credential.field);
    switch (credential.kind) {
        case CredentialFact::Kind::unusable:
            if (credential.why.code == ErrorCode::denied)
                return note_unchecked(report, "credential", credential.why);
            return report.error("credential-unusable", credential.why.message, where, credential.why.remedy);
        case CredentialFact::Kind::not_now:
            return report.error("certificate-time", credential.why.message, where, credential.why.remedy);
        case CredentialFact::Kind::odd:
            return report.warning("credential-odd", credential.why.message, where, credential.why.remedy);
    }
}

void check_expiry(const CertificateFact& certificate, std::int64_t now, Report& report) {
    constexpr std::int64_t kDay = 86400, kSoon = 14 * kDay;
    const std::int64_t left = certificate.not_after - now;
    if (certificate.not_after == 0 || left < 0) return;  // expired: a finding of its own
    if (left < kSoon) {
        report.warning(
            "certificate-expires",
            fmt::format("the certificate of {} expires in {} days", certificate.subject, left / kDay),
            certificate.connection, "renew it; keel2tpd takes the new file up by itself");
    } else {
        report.ok("certificate",
                  fmt::format("the certificate of {} is good for {} days", certificate.subject, left / kDay),
                  certificate.connection);
    }
}

void check_content(const SecretFile& file, Report& report) {
    if (file.carriage_return) {
        report.error("secret-carriage-return",
                     "the secret ends in a carriage return, which is then part of it", file.path,
                     fmt::format("`sed -i 's/\\r$//' {}`", file.path));
    } else if (file.blank_at_end) {
        report.warning("secret-blank", "the secret ends in a blank, which is part of it", file.path,
                       "remove the blank unless it is meant");
    }
}

void check_secret(const SecretFile& file, Report& report) {
    if (file.unreadable) {
        if (file.unreadable->code == ErrorCode::denied) note_unchecked(report, "secret", *file.unreadable);
        if (file.unreadable->code == ErrorCode::unsupported) {
            report.note("secret-unchecked", file.unreadable->message, file.path, file.unreadable->remedy);
        }
        return;  // what else keeps a file from being read is a fault of the configuration
    }
    if (file.mode & (kWrittenByGroup | kWrittenByOthers)) {
        report.warning("secret-writable", "others than its owner can change this secret", file.path,
                       fmt::format("chmod 600 {}", file.path));
    }
    if (file.directory_open_to_others) {
        report.warning("secret-directory", "others can put another file in the place of this secret",
                       file.path, "let only root write in that directory");
    }
    check_content(file, report);
}

}  // namespace

void check_config(const Facts& facts, Report& report) {
    const ConfigFacts& config = facts.config;
    if (config.unreadable) {
        if (config_is_hidden(facts)) return note_unchecked(report, "config", *config.unreadable);
        return report.error("config-missing", config.unreadable->message, config.path,
                            "write it (README.md has a first one), or name another with --config");
    }
    check_config_file(config, report);
    for (const config::Fault& fault : config.faults) {
        report.error("config-invalid", fault.message,
                     fmt::format("{}:{}:{}: {}", config.path, fault.line, fault.column,
                                 fault.pointer.empty() ? "(whole file)" : fault.pointer),
                     "correct it; `keel2tpd --check --config FILE` tells the same");
    }
    if (!config.config) return;
    if (config.config->lns.empty() && config.config->lac.empty()) {
        report.note("config-empty", "the configuration has neither a server nor a client", config.path,
                    "add an entry to \"lns\" or \"lac\"");
    } else {
        report.ok("config",
                  fmt::format("valid: {} lns, {} lac", config.config->lns.size(), config.config->lac.size()),
                  config.path);
    }
    check_psk(*config.config, report);
}

void check_secrets(const Facts& facts, Report& report) {
    for (const SecretFile& file : facts.config.secrets) check_secret(file, report);
    for (const CredentialFact& one : facts.config.credentials) check_credential(one, report);
    for (const CertificateFact& one : facts.config.certificates) check_expiry(one, facts.clock.now, report);
}

}  // namespace keel::doctor
