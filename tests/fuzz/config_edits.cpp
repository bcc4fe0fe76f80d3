// A configuration that was valid, after a script of edits: what the parser of JSON lets pass and the schema
// and the meaning have to judge. Values and keys come from the schema, from its edges and from the script
// itself.
#include <array>
#include <nlohmann/json.hpp>

#include "config_checks.hpp"
#include "input.hpp"

using keel::fuzz::Input;
using nlohmann::json;

namespace {

constexpr const char* kDocument = R"({
  "host-name": "gateway",
  "charon": {"vici": "/run/charon.vici"},
  "control": {"socket": "/run/keel2tp/control.sock"},
  "pppd": {"path": "/usr/sbin/pppd", "plugin": ""},
  "lns": {
    "office": {
      "listen": ["192.0.2.1", "2001:db8::1"], "ipsec": {"psk": {"file": "/psk"}, "ike": "any", "local-id": "gw"},
      "hello-interval": 60,
      "ppp": {"auth": ["mschapv2", "pap"], "local-address": "10.9.0.1", "pool": ["10.9.0.0/24"],
              "dns": ["10.9.0.1"], "mtu": 1400, "echo-interval": 30},
      "users": {"alice": {"password": "wonder", "address": "10.9.0.7"}, "bob": {"password": {"credential": "b"}}}},
    "plain": {"listen": ["192.0.2.9"], "unprotected": true,
              "ppp": {"auth": [], "local-address": "10.8.0.1", "pool": ["10.8.0.0/30"]}}},
  "lac": {
    "branch": {"server": "vpn.example.net", "hello-interval": 20, "routes": ["0.0.0.0/0"],
               "ipsec": {"psk": "x", "ike": 1, "remote-id": "r", "force-encap": true,
                         "esp-proposals": ["aes128gcm16"], "ike-proposals": ["aes256-sha256-modp2048"]},
               "ppp": {"user": "alice", "password": {"file": "/missing"}}}}
})";

const json& valid() {
    static const json document = json::parse(kDocument);
    return document;
}

// Edges of numbers, addresses, prefixes, names and types.
const json& values() {
    static const json list = json::parse(R"([null, true, false, 0, 1, -1, 2, 9000, 9001, 65535, 65536, 86400,
        2147483648, 9223372036854775807, -9223372036854775808, 18446744073709551615, 0.5, 1e308, -0.0, "", "any", "pap",
        "chap", "mschapv2", "0.0.0.0", "255.255.255.255", "192.0.2.1", "10.9.0.1", "::", "::1", "fe80::1%eth0",
        "::ffff:10.0.0.1", "10.9.0.0/24", "10.9.0.1/24", "0.0.0.0/0", "10.0.0.0/33", "10.0.0.0/-1", "::/0", "/0", "/",
        "/psk", "/missing", "a b", "\n", "\u0000", "~", "a/b~1", "\ud83d\ude00", [], [[]], [0], ["10.9.0.0/24"], {},
        {"file": "/x"}, {"credential": "x"}, {"file": "/x", "credential": "x"}, {"password": "x"}, {"": {}}])");
    return list;
}

constexpr std::array<const char*, 24> kKeys{
    "host-name",   "charon", "vici", "control", "socket",         "pppd", "lns",   "lac",      "listen",
    "ipsec",       "psk",    "ike",  "ppp",     "auth",           "pool", "users", "password", "server",
    "unprotected", "routes", "file", "address", "hello-interval", "mtu"};

// A string of the script's own, made whole UTF-8, as every string in a parsed document is.
std::string own_string(Input& input) {
    const keel::Bytes bytes = input.take(input.u8() & 31);
    const std::string text = json(keel::as_text(bytes)).dump(-1, ' ', false, json::error_handler_t::replace);
    return json::parse(text).get<std::string>();
}

json& choose(json& root, Input& input) {
    json* node = &root;
    while (!node->empty() && node->is_structured()) {
        const std::uint8_t choice = input.u8();
        if (choice == 0) break;
        auto at = node->begin();
        std::advance(at, static_cast<std::ptrdiff_t>((choice - 1u) % node->size()));
        node = &*at;
    }
    return *node;
}

void edit(json& root, Input& input) {
    json& node = choose(root, input);
    const std::uint8_t op = input.u8();
    const json value = (op & 8) != 0 ? json(own_string(input)) : values().at(input.u8() % values().size());
    switch (op & 7) {
        case 0:
        case 1: node = value; break;
        case 2: {
            const json copy = choose(root, input);
            node = copy;
            break;
        }
        case 3:
            if (node.is_object()) node[kKeys.at(input.u8() % kKeys.size())] = value;
            break;
        case 4:
            if (node.is_object() && value.is_string()) node[value.get<std::string>()] = choose(root, input);
            break;
        case 5:
            if (node.is_array()) node.push_back(value);
            break;
        case 6:
            if (node.is_structured() && !node.empty()) node.erase(node.begin());
            break;
        case 7:
            if (node.is_string()) node = node.get<std::string>() + own_string(input);
            break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    json document = valid();
    for (int edits = 0; edits < 16 && !input.empty(); ++edits) edit(document, input);
    const std::string text = document.dump();
    if (text.size() < 20000) keel::fuzz::check_config(text);
    return 0;
}
