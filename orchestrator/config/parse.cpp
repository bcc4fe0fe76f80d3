#include "config/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "config/ipsec.hpp"
#include "config/positions.hpp"
#include "config/reader.hpp"
#include "config/schema.hpp"
#include "config/secrets.hpp"
#include "config/validate.hpp"

namespace keel::config {
namespace {

using nlohmann::json;

// nlohmann: "[json...] parse error at line 1, column 9: syntax error while parsing value - unexpected '}';
// expected
// ...; last read: '...'". What was last read may be part of a secret.
std::string in_short(std::string_view what) {
    const auto dash = what.find(" - ");
    if (dash == std::string_view::npos) return "a fault of syntax";
    std::string_view told = what.substr(dash + 3);
    const auto last_read = told.find("; last read: '");
    std::string_view expected;
    if (const auto at = told.rfind("; expected "); at != std::string_view::npos) expected = told.substr(at);
    told = told.substr(0, std::min({last_read, told.find("; expected "), told.size()}));
    return std::string(told) + std::string(expected);
}

std::optional<LogLevel> level_of(std::string_view name) {
    for (const LogLevel level :
         {LogLevel::error, LogLevel::warning, LogLevel::notice, LogLevel::info, LogLevel::debug}) {
        if (name_of(level) == name) return level;
    }
    return std::nullopt;
}

// RFC 2474, 2597, 3246, 5865, 8622. Nothing for what the schema has refused.
std::optional<std::uint8_t> dscp_of(const json& value) {
    if (value.is_number_integer()) return static_cast<std::uint8_t>(value.get<std::int64_t>() & 0x3f);
    const std::string name = value.is_string() ? value.get<std::string>() : std::string();
    const auto digit = [&](std::size_t at) { return name.size() > at ? name[at] - '0' : 0; };
    if (name == "EF") return 46;
    if (name == "VA") return 44;
    if (name == "LE") return 1;
    if (name.starts_with("CS")) return static_cast<std::uint8_t>(digit(2) * 8);
    if (name.starts_with("AF")) return static_cast<std::uint8_t>(digit(2) * 8 + digit(3) * 2);
    return std::nullopt;
}

class Parser : public Reader {
public:
    Parser(const SecretReader& read_secret, const CredentialCheck& check, bool has_running)
        : Reader(read_secret, has_running), check_(check) {}

    Config config(const Node& root);

private:
    std::vector<IpAddress> listening_addresses(const Node& node) {
        std::vector<IpAddress> out;
        for (const Node& item : node.items()) {
            out.push_back(address(item));
            if (out.back().is_unspecified() && IpAddress::parse(item.string())) {
                fault(
                    item,
                    "must be one address of this host, not a wildcard: the PSK and the answers belong to it");
            }
        }
        return out;
    }
    // PPP carries IPv4 only as yet; IPv6CP is not negotiated.
    IpAddress v4_address(const Node& node) {
        const auto parsed = address(node);
        if (!parsed.is_v4()) fault(node, "must be an IPv4 address");
        return parsed;
    }
    std::vector<Prefix> prefixes(const Node& node) {
        std::vector<Prefix> out;
        for (const Node& item : node.items()) {
            const auto parsed = Prefix::parse(item.string());
            if (!item.value.is_string()) continue;
            if (!parsed) {
                fault(item, "is not a prefix such as 10.9.0.0/24 (host bits must be zero)");
            } else if (!parsed->ip.is_v4()) {
                fault(item, "must be an IPv4 prefix");
            } else {
                out.push_back(*parsed);
            }
        }
        return out;
    }
    // What is beyond a year the schema has refused; here it must only fit a Duration.
    static Duration in_seconds(const Node& node) {
        return seconds(std::clamp<std::int64_t>(node.integer(), 0, 366 * 86400));
    }
    static std::uint32_t bits_per_second(const Node& node) {
        return static_cast<std::uint32_t>(std::clamp<std::int64_t>(node.integer(), 0, 0xffffffff));
    }
    static std::uint16_t octets(const Node& node) { return static_cast<std::uint16_t>(node.integer()); }

    Control control(const Node& node);
    LogSettings log(const Node& node);
    Metrics metrics(const Node& node);
    Tunnel tunnel(const Node& node);
    Lns lns(const Node& node, const std::string& name);
    Lac lac(const Node& node, const std::string& name);
    std::vector<AuthMethod> auth(const Node& node);
    Call call(const Node& node, const std::string& name);
    void check_users(const Node& node, const Lns& lns);
    void check_listeners(const Node& root, const std::vector<Lns>& all);

    const CredentialCheck& check_;
};

Control Parser::control(const Node& node) {
    return {.socket = text(node.at("socket")),
            .read_group = text(node.at("read-group")),
            .admin_group = text(node.at("admin-group"))};
}

LogSettings Parser::log(const Node& node) {
    LogSettings log{
        .format = node.at("format").value == "json" ? LogSettings::Format::json : LogSettings::Format::text,
        .level = level_of(node.at("level").string()).value_or(LogLevel::info),
        .levels = {},
    };
    for (const auto& [area, level] : node.at("levels").members()) {
        if (const auto known = level_of(level.string())) log.levels.emplace(area, *known);
    }
    return log;
}

Metrics Parser::metrics(const Node& node) {
    Metrics metrics{.listen = std::nullopt, .textfile = text(node.at("textfile"))};
    if (!node.has("listen")) return metrics;
    metrics.listen = SocketAddress::parse(node.at("listen").string());
    if (!metrics.listen && node.at("listen").value.is_string()) {
        fault(node.at("listen"), "is not an address and port such as \"127.0.0.1:9465\" or \"[::1]:9465\"");
    }
    return metrics;
}

Tunnel Parser::tunnel(const Node& node) {
    const auto dscp = node.has("dscp") ? dscp_of(node.at("dscp").value) : std::nullopt;
    Tunnel tunnel{
        .secret = node.has("secret") ? secret(node.at("secret")) : Secret(),
        .hide = node.at("hide").boolean(),
        .dscp = dscp,
        .sequencing = node.at("sequencing").boolean(),
        .retransmit_initial = node.at("retransmit-initial").fractional_seconds(),
        .retransmit_limit = static_cast<unsigned>(node.at("retransmit-limit").integer()),
        .quirks = texts(node.at("quirks")),
    };
    if (tunnel.hide && !node.has("secret")) {
        fault(node.at("hide"), "needs a tunnel secret to hide by: add \"secret\" beside it");
    }
    const auto has = [&](const char* quirk) { return std::ranges::count(tunnel.quirks, quirk) > 0; };
    if (has("source-port-1701") && has("source-port-any")) {
        fault(node.at("quirks"), "'source-port-1701' and 'source-port-any' exclude each other");
    }
    return tunnel;
}

std::vector<AuthMethod> Parser::auth(const Node& node) {
    std::vector<AuthMethod> methods;
    for (const Node& item : node.items()) {
        methods.push_back(item.value == "pap"    ? AuthMethod::pap
                          : item.value == "chap" ? AuthMethod::chap_md5
                                                 : AuthMethod::mschap_v2);
    }
    return methods;
}

Call Parser::call(const Node& node, const std::string& name) {
    const json& bearer = node.at("bearer").value;
    Call call{
        .name = name,
        .lac = text(node.at("lac")),
        .called_number = text(node.at("called-number")),
        .sub_address = text(node.at("sub-address")),
        .minimum_bps = bits_per_second(node.at("minimum-bps")),
        .maximum_bps = bits_per_second(node.at("maximum-bps")),
        .bearer = bearer == "digital"  ? Call::Bearer::digital
                  : bearer == "analog" ? Call::Bearer::analog
                                       : Call::Bearer::any,
    };
    if (call.minimum_bps > call.maximum_bps) {
        fault(node.at("minimum-bps"), "is more than 'maximum-bps'");
    }
    return call;
}

Lns Parser::lns(const Node& node, const std::string& name) {
    const Node ppp = node.at("ppp");
    Lns lns{
        .name = "lns/" + name,
        .listen = listening_addresses(node.at("listen")),
        .ipsec = parse_ipsec(*this, node, Peer::client, check_),
        .hello_interval = in_seconds(node.at("hello-interval")),
        .tunnel = tunnel(node.at("tunnel")),
        .auth = auth(ppp.at("auth")),
        .local_address = v4_address(ppp.at("local-address")),
        .pool = prefixes(ppp.at("pool")),
        .dns = {},
        .mtu = octets(ppp.at("mtu")),
        .echo_interval = in_seconds(ppp.at("echo-interval")),
        .users = {},
        .calls = {},
    };
    for (const Node& item : ppp.at("dns").items()) lns.dns.push_back(v4_address(item));
    for (const auto& [user, entry] : node.at("users").members()) {
        if (has_control_characters(user))
            fault_of_key(entry, "a user's name must not contain control characters");
        User parsed{.password = secret(entry.at("password")), .address = std::nullopt};
        if (!entry.at("address").string().empty()) {
            parsed.address = v4_address(entry.at("address"));
        }
        lns.users.emplace(user, std::move(parsed));
    }
    check_users(node, lns);
    for (const auto& [entry, details] : node.at("calls").members()) lns.calls.push_back(call(details, entry));
    return lns;
}

void Parser::check_users(const Node& node, const Lns& lns) {
    if (node.at("users").value.is_object() && lns.users.empty() && !lns.auth.empty()) {
        fault(node.at("users"), "nobody could log in: name a user, or let everybody in by \"auth\": []");
    }
    std::map<IpAddress, std::string> taken{{lns.local_address, "the server's own local-address"}};
    for (const auto& [name, user] : lns.users) {
        if (!user.address) continue;
        const auto [held, fresh] = taken.try_emplace(*user.address, "the address of user '" + name + "'");
        if (!fresh) fault(node.at("users").at(name).at("address"), "is already " + held->second);
    }
}

Lac Parser::lac(const Node& node, const std::string& name) {
    const Node ppp = node.at("ppp");
    const bool waits = node.at("call").value == "outgoing";
    if (!waits && !node.at("numbers").items().empty()) {
        fault(node.at("numbers"), "has no meaning but with \"call\": \"outgoing\"");
    }
    return Lac{
        .name = "lac/" + name,
        .server = text(node.at("server")),
        .ipsec = parse_ipsec(*this, node, Peer::server, check_),
        .hello_interval = in_seconds(node.at("hello-interval")),
        .tunnel = tunnel(node.at("tunnel")),
        .user = text(ppp.at("user")),
        .password = secret(ppp.at("password")),
        .mtu = octets(ppp.at("mtu")),
        .echo_interval = in_seconds(ppp.at("echo-interval")),
        .routes = prefixes(node.at("routes")),
        .waits_for_call = waits,
        .numbers = texts(node.at("numbers")),
    };
}

void Parser::check_listeners(const Node& root, const std::vector<Lns>& all) {
    std::map<IpAddress, std::string> taken;
    for (const Lns& lns : all) {
        const Node listen = root.at("lns").at(lns.name.substr(4)).at("listen");
        for (std::size_t i = 0; i < lns.listen.size(); ++i) {
            const auto [held, fresh] = taken.try_emplace(lns.listen[i], lns.name);
            if (!fresh) fault(listen.items()[i], "is already listened on by " + held->second);
        }
    }
}

Config Parser::config(const Node& root) {
    Config config{
        .host_name = text(root.at("host-name")),
        .vici_socket = text(root.at("charon").at("vici")),
        .control = control(root.at("control")),
        .log = log(root.at("log")),
        .metrics = metrics(root.at("metrics")),
        .pppd = text(root.at("pppd").at("path")),
        .plugin = text(root.at("pppd").at("plugin")),
        .lns = {},
        .lac = {},
    };
    for (const auto& [name, node] : root.at("lns").members()) config.lns.push_back(lns(node, name));
    for (const auto& [name, node] : root.at("lac").members()) config.lac.push_back(lac(node, name));
    check_listeners(root, config.lns);
    check_client_psks(*this, root.at("lac"), config.lac);
    return config;
}

// The JSON value of a text; else what keeps it from being one, or from being taken for one.
std::expected<json, std::vector<Fault>> read_json(std::string_view text) {
    Fault fault;
    std::optional<std::size_t> offset = too_deep(text);
    if (offset) {
        fault.message = fmt::format("is nested too deep: more than {} levels", kMaxDepth);
    } else {
        try {
            json document = json::parse(text);
            auto repeated = repeated_keys(text);
            if (repeated.empty()) return document;
            return std::unexpected(std::move(repeated));
        } catch (const json::parse_error& error) {
            offset = error.byte > 0 ? error.byte - 1 : 0;
            fault.message = "is not JSON: " + in_short(error.what());
        } catch (const json::out_of_range&) {  // the only one that parsing throws beside
            offset = number_too_large(text);
            fault.message = "is a number that is too large";
        }
    }
    put_position(text, offset.value_or(0), fault);
    return std::unexpected(std::vector{std::move(fault)});
}

}  // namespace

std::expected<Parsed, std::vector<Fault>> parse_document(std::string_view text,
                                                         const SecretReader& read_secret,
                                                         const CredentialCheck& check,
                                                         std::optional<std::string_view> running) {
    auto read = read_json(text);
    if (!read) return std::unexpected(std::move(read.error()));
    json& document = *read;
    Parsed parsed{.config = {},
                  .document = running ? restore_unchanged(text, document, *running) : std::string(text)};
    const json& schema = config_schema();
    auto faults = validate(document);
    fill_defaults(schema, document);
    Parser parser(read_secret, check, running.has_value());
    parsed.config = parser.config({document, json::json_pointer()});
    std::ranges::move(parser.take_faults(), std::back_inserter(faults));
    if (faults.empty()) return parsed;
    put_positions(text, faults);
    std::ranges::stable_sort(
        faults, {}, [](const Fault& fault) { return std::tie(fault.line, fault.column, fault.pointer); });
    return std::unexpected(std::move(faults));
}

std::expected<Config, std::vector<Fault>> parse(std::string_view text, const SecretReader& read_secret,
                                                const CredentialCheck& check) {
    auto parsed = parse_document(text, read_secret, check);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    return std::move(parsed->config);
}

}  // namespace keel::config
