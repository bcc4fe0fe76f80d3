// bench_config [USERS [CONNECTIONS]]: what it costs to take in a large configuration, natively: parsed and
// checked, with faults, redacted, its secrets put back, compared, planned. Nothing is asserted about time.
#include <fmt/format.h>

#include <charconv>
#include <string>

#include "bench/figures.hpp"
#include "config/difference.hpp"
#include "config/parse.hpp"

using namespace keel;
using namespace keel::bench;

namespace {

// Half of the passwords stand in the document, half are references; `wrong` of them misspell the key.
std::string document(unsigned users, unsigned connections, unsigned wrong = 0) {
    std::string text = R"({
  "lns": {
    "office": {
      "listen": ["192.0.2.2"],
      "ipsec": { "psk": { "file": "/etc/keel2tp/office.psk" } },
      "ppp": { "local-address": "10.9.0.1", "pool": ["10.0.0.0/8"], "dns": ["10.9.0.1"] },
      "users": {)";
    for (unsigned i = 0; i < users; ++i) {
        text +=
            fmt::format("{}\n        \"user{}\": {{ \"{}\": {}, \"address\": \"10.{}.{}.{}\" }}",
                        i ? "," : "", i, i < wrong ? "pasword" : "password",
                        i % 2 ? fmt::format("\"secret of {}\"", i) : R"({ "file": "/etc/keel2tp/users" })",
                        100 + i / 65536, i / 256 % 256, i % 256);
    }
    text += "\n      }\n    }\n  },\n  \"lac\": {";
    for (unsigned i = 0; i < connections; ++i) {
        text += fmt::format(R"({}
    "branch{}": {{
      "server": "branch{}.example.net",
      "ipsec": {{ "psk": "psk of {}" }},
      "tunnel": {{ "secret": {{ "credential": "tunnel" }}, "dscp": "EF" }},
      "ppp": {{ "user": "hub", "password": "password of {}" }},
      "routes": ["10.9.{}.0/24"]
    }})",
                            i ? "," : "", i, i, i, i, i % 256);
    }
    return text + "\n  }\n}\n";
}

Result<Secret> read_secret(const std::string& path) {
    return Secret(path);
}

template <class Work>
void measure(const char* what, Work work) {
    const Taken taken = taken_by(work);
    fmt::print("{:<44}{:>10.1f}{:>10.1f}\n", what, taken.median_ms, taken.least_ms);
}

unsigned number(const char* text) {
    unsigned value = 0;
    std::from_chars(text, text + std::char_traits<char>::length(text), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    const unsigned users = argc > 1 ? number(argv[1]) : 10'000;
    const unsigned connections = argc > 2 ? number(argv[2]) : 1'000;
    const std::string good = document(users, connections);
    const std::string bad = document(users, connections, users);
    const double before = allocated_kib();
    const auto parsed = config::parse_document(good, read_secret);
    if (!parsed) {
        for (const auto& fault : parsed.error()) fmt::print("{}: {}\n", fault.pointer, fault.message);
        return 1;
    }
    const std::string hidden = config::redacted(parsed->document);
    fmt::print("{} users, {} connections: document {:.0f} KiB, held {:.0f} KiB\n\n", users, connections,
               static_cast<double>(good.size()) / 1024, allocated_kib() - before);
    fmt::print("{:<44}{:>10}{:>10}\n", "CPU time, ms", "median", "least");
    measure("parse and check", [&] { (void)config::parse_document(good, read_secret); });
    measure("parse and check, a fault in each user", [&] { (void)config::parse_document(bad, read_secret); });
    measure("redact", [&] { (void)config::redacted(parsed->document); });
    measure("parse and check, secrets put back",
            [&] { (void)config::parse_document(hidden, read_secret, {}, parsed->document); });
    const auto again = config::parse_document(good, read_secret);
    measure("compare with an equal one", [&] {
        if (parsed->config != again->config) fmt::print("differs\n");
    });
    auto other = again->config;
    for (auto& [name, user] : other.lns[0].users) user.password = Secret("another");
    for (auto& lac : other.lac) lac.routes.clear();
    measure("difference, each user and connection another", [&] {
        if (config::difference(parsed->config, other).size() != users + connections) fmt::print("wrong\n");
    });
    // All that a plan is, but for the sessions that are up.
    measure("plan: parse, check, difference", [&] {
        const auto next = config::parse_document(good, read_secret);
        (void)config::difference(other, next->config);
    });
    return 0;
}
