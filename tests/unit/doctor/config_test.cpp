#include "healthy.hpp"

using namespace healthy;

TEST_CASE("a healthy host has nothing to be said about it, as a server and as a client") {
    for (const char* config : {kServer, kClient}) {
        const auto findings = examine(facts(config));
        for (const Finding& one : findings)
            CHECK_MESSAGE(one.severity == Severity::ok, one.id << ": " << one.what);
        CHECK(exit_code(findings) == 0);
    }
}

TEST_CASE("the exit code follows the worst") {
    const auto with = [](Severity severity) {
        return std::vector<Finding>{{severity, "id", "what", "", ""}, {}};
    };
    CHECK(exit_code({}) == 0);
    CHECK(exit_code(with(Severity::note)) == 0);
    CHECK(exit_code(with(Severity::warning)) == 1);
    CHECK(exit_code(with(Severity::error)) == 2);
}

TEST_CASE("no configuration, a faulty one, an empty one") {
    auto host = facts();
    host.config.config.reset();
    host.config.unreadable = Error{ErrorCode::not_found, "cannot open it", ""};
    only(host, "config-missing", Severity::error);

    host = facts();
    host.config.config.reset();
    host.config.faults = {{"/lns/office/listen/0", "is not an IP address"}};
    CHECK(has(only(host, "config-invalid", Severity::error).where, "/lns/office/listen/0"));

    host = facts();
    host.config.config = config_of("{}");
    only(host, "config-empty", Severity::note);
}

TEST_CASE("without root an unreadable configuration is not held against it") {
    auto host = facts();
    host.kernel.root = false;
    host.config.config.reset();
    host.config.unreadable = Error{ErrorCode::denied, "cannot open it", ""};
    host.pppd.plugin_there = false;  // where it is, the configuration says
    host.charon.charon = fail(ErrorCode::unavailable, "no such file");
    host.services.ports.clear();
    only(host, "pppd-unchecked", Severity::note);
    only(host, "charon-unchecked", Severity::note);
    CHECK(has(only(host, "config-unchecked", Severity::note).remedy, "as root"));
}

TEST_CASE("who may read and write the configuration") {
    auto host = facts();
    host.config.mode = 0644;
    CHECK(exit_code(examine(host)) == 0);
    host.config.inline_secrets = {"/lns/office/ipsec/psk"};
    only(host, "config-secret-readable", Severity::error);
    host = facts();
    host.config.mode = 0660;
    only(host, "config-writable", Severity::error);
}

TEST_CASE("files of secrets") {
    const auto with = [](auto spoil) {
        auto host = facts();
        SecretFile file;
        file.path = "/etc/keel2tp/psk";
        file.mode = 0600;
        spoil(file);
        host.config.secrets = {file};
        return host;
    };
    CHECK(exit_code(examine(with([](SecretFile&) {}))) == 0);
    only(with([](SecretFile& file) { file.mode = 0620; }), "secret-writable", Severity::warning);
    only(with([](SecretFile& file) { file.directory_open_to_others = true; }), "secret-directory",
         Severity::warning);
    only(with([](SecretFile& file) { file.carriage_return = true; }), "secret-carriage-return",
         Severity::error);
    only(with([](SecretFile& file) { file.blank_at_end = true; }), "secret-blank", Severity::warning);
    only(with([](SecretFile& file) {
             file.unreadable = Error{ErrorCode::unsupported, "a credential", "look"};
         }),
         "secret-unchecked", Severity::note);
}

TEST_CASE("a short PSK; what certificates' files lack; a certificate's end") {
    auto host = facts();
    std::get<PskAuth>(host.config.config->lns.front().ipsec->auth).psk = Secret(std::string_view("short"));
    const auto note = only(host, "psk-short", Severity::note);
    CHECK_FALSE(has(note.what + note.where + note.remedy, "\"short\""));

    host = facts();
    host.config.credentials = {
        {"lns/office", CredentialFact::Kind::not_now, "cert", {ErrorCode::invalid, "expired", "renew"}}};
    CHECK(only(host, "certificate-time", Severity::error).where == "lns/office: cert");
    host.config.credentials.front().kind = CredentialFact::Kind::unusable;
    only(host, "credential-unusable", Severity::error);
    host.config.credentials.front().kind = CredentialFact::Kind::odd;
    only(host, "credential-odd", Severity::warning);

    host = facts();
    host.config.certificates = {{"lns/office", "CN=vpn", host.clock.now + 3 * 86400}};
    CHECK(has(only(host, "certificate-expires", Severity::warning).what, "3 days"));
    host.config.certificates.front().not_after += 30 * 86400;
    only(host, "certificate", Severity::ok);
}
