#include "vici/commands_credentials.hpp"

#include <utility>

#include "vici/commands_daemon.hpp"
#include "vici/fields.hpp"

namespace vici {

using fields::list_or_empty;
using fields::octets;

Request make_load_cert(const Certificate& certificate) {
    Request request{.command = "load-cert"};
    request.arguments.add("type", certificate.type)
        .add("flag", certificate.flag)
        .add("data", octets(certificate.data));
    return request;
}

Request make_flush_certs(const std::string& type) {
    Request request{.command = "flush-certs"};
    request.arguments.add("type", type);
    return request;
}

Request make_list_certs(const ListCerts& filter) {
    Request request{.command = "list-certs", .stream = "list-cert"};
    request.arguments.add("type", filter.type).add("flag", filter.flag);
    if (!filter.subject.empty()) request.arguments.add("subject", filter.subject);
    return request;
}

ListedCert parse_cert(const Message& streamed) {
    return {.type = std::string(streamed.value("type")),
            .flag = std::string(streamed.value("flag")),
            .has_private_key = streamed.flag("has_privkey"),
            .data = std::string(streamed.value("data")),
            .subject = std::string(streamed.value("subject")),
            .not_before = std::string(streamed.value("not-before")),
            .not_after = std::string(streamed.value("not-after"))};
}

Request make_load_key(ByteView data, const std::string& type) {
    Request request{.command = "load-key", .secret = true};
    request.arguments.add("type", type).add("data", octets(data));
    return request;
}

Result<std::string> parse_load_key(const Message& reply) {
    if (Status done = outcome(reply); !done) return std::unexpected(done.error());
    if (reply.value("id").empty()) return fail(ErrorCode::malformed, "the answer to 'load-key' holds no id");
    return std::string(reply.value("id"));
}

Request make_unload_key(const std::string& id) {
    Request request{.command = "unload-key"};
    request.arguments.add("id", id);
    return request;
}

Request make_get_keys() {
    return {.command = "get-keys", .unbounded_reply = true};
}
List parse_get_keys(const Message& reply) {
    return list_or_empty(reply, "keys");
}

Request make_load_token(const TokenKey& key) {
    Request request{.command = "load-token", .secret = true};
    request.arguments.add("handle", key.handle);
    if (!key.slot.empty()) request.arguments.add("slot", key.slot);
    if (!key.module.empty()) request.arguments.add("module", key.module);
    if (!key.pin.empty()) request.arguments.add("pin", key.pin);
    return request;
}

Request make_load_shared(const SharedSecret& secret) {
    Request request{.command = "load-shared", .secret = true};
    request.arguments.add("id", secret.id).add("type", secret.type).add("data", octets(secret.data));
    if (!secret.owners.empty()) request.arguments.add("owners", secret.owners);
    return request;
}

Request make_unload_shared(const std::string& id) {
    Request request{.command = "unload-shared"};
    request.arguments.add("id", id);
    return request;
}

Request make_get_shared() {
    return {.command = "get-shared", .unbounded_reply = true};
}
List parse_get_shared(const Message& reply) {
    return list_or_empty(reply, "keys");
}

Request make_clear_creds() {
    return {.command = "clear-creds"};
}

Request make_load_authority(const Authority& authority) {
    Message section;
    section.add("cacert", octets(authority.ca_certificate));
    if (!authority.crl_uris.empty()) section.add("crl_uris", authority.crl_uris);
    if (!authority.ocsp_uris.empty()) section.add("ocsp_uris", authority.ocsp_uris);
    if (!authority.cert_uri_base.empty()) section.add("cert_uri_base", authority.cert_uri_base);
    Request request{.command = "load-authority"};
    request.arguments.add(authority.name, std::move(section));
    return request;
}

Request make_unload_authority(const std::string& name) {
    Request request{.command = "unload-authority"};
    request.arguments.add("name", name);
    return request;
}

Request make_get_authorities() {
    return {.command = "get-authorities", .unbounded_reply = true};
}
List parse_get_authorities(const Message& reply) {
    return list_or_empty(reply, "authorities");
}

Request make_list_authorities(const std::string& name) {
    Request request{.command = "list-authorities", .stream = "list-authority"};
    if (!name.empty()) request.arguments.add("name", name);
    return request;
}

std::vector<ListedAuthority> parse_authorities(const Message& streamed) {
    std::vector<ListedAuthority> out;
    fields::each_section(streamed, [&out](const std::string& name, const Message& section) {
        out.push_back({.name = name,
                       .ca_subject = std::string(section.value("cacert")),
                       .crl_uris = list_or_empty(section, "crl_uris"),
                       .ocsp_uris = list_or_empty(section, "ocsp_uris"),
                       .cert_uri_base = std::string(section.value("cert_uri_base"))});
    });
    return out;
}

}  // namespace vici
