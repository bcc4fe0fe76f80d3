#include "doctor/ruleset_match.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace keel::doctor {
namespace {

using nlohmann::json;
using Packet = Ruleset::Packet;

Tri tri(bool yes) {
    return yes ? Tri::yes : Tri::no;
}
Tri both(Tri a, Tri b) {
    if (a == Tri::no || b == Tri::no) return Tri::no;
    return a == Tri::yes && b == Tri::yes ? Tri::yes : Tri::unknown;
}
Tri negated(Tri value) {
    return value == Tri::unknown ? value : tri(value == Tri::no);
}

std::string text(const json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_string()
               ? object[key].get<std::string>()
               : std::string();
}

// What a field of the packet is; each way of writing it that nft has.
struct Field {
    enum class Kind { unknown, absent, known } kind = Kind::unknown;
    std::vector<std::string> words{};
    std::optional<std::uint64_t> number{};
    std::optional<IpAddress> address{};
};
const Field kAbsent{.kind = Field::Kind::absent};

Field known(std::vector<std::string> words, std::optional<std::uint64_t> number = {}) {
    return {.kind = Field::Kind::known, .words = std::move(words), .number = number};
}

Field protocol_of(const Packet& packet) {
    switch (packet.protocol) {
        case Packet::Protocol::udp: return known({"udp"}, 17);
        case Packet::Protocol::esp: return known({"esp"}, 50);
        case Packet::Protocol::tcp: return known({"tcp"}, 6);
    }
    return {};
}

Field meta_field(const std::string& key, const Packet& packet) {
    if (key == "l4proto") return protocol_of(packet);
    if (key == "nfproto") return packet.v4 ? known({"ipv4"}, 2) : known({"ipv6"}, 10);
    if (key == "protocol") return packet.v4 ? known({"ip"}, 0x0800) : known({"ip6"}, 0x86dd);
    if (key == "secpath" || key == "ipsec")
        return known({packet.under_esp ? "true" : "false"}, packet.under_esp ? 1 : 0);
    if (key == "pkttype") return known({"host", "unicast"}, 0);
    if ((key == "iifname" || key == "iif") && !packet.interface.empty()) return known({packet.interface});
    return {};
}

Field payload_field(const std::string& protocol, const std::string& field, const Packet& packet) {
    if (protocol == "ip" || protocol == "ip6") {
        if ((protocol == "ip") != packet.v4) return kAbsent;
        if (field == "protocol" || field == "nexthdr") return protocol_of(packet);
        if (field == "daddr" && packet.to) {
            return {.kind = Field::Kind::known, .words = {packet.to->text()}, .address = packet.to};
        }
        return {};
    }
    const bool esp = packet.protocol == Packet::Protocol::esp;
    const bool own = protocol == protocol_of(packet).words.front();
    if (own || (protocol == "th" && !esp)) {
        if (field == "dport") return known({std::to_string(packet.to_port)}, packet.to_port);
        return {};
    }
    constexpr std::array kOthers{"udp",  "tcp",  "esp",    "ah",   "th",   "sctp",
                                 "dccp", "icmp", "icmpv6", "igmp", "comp", "udplite"};
    return std::ranges::count(kOthers, protocol) > 0 ? kAbsent : Field{};
}

Field field_of(const json& left, const Packet& packet) {
    if (!left.is_object()) return {};
    if (left.contains("meta")) {
        return meta_field(
            left["meta"].is_string() ? left["meta"].get<std::string>() : text(left["meta"], "key"), packet);
    }
    if (left.contains("payload")) {
        return payload_field(text(left["payload"], "protocol"), text(left["payload"], "field"), packet);
    }
    if (left.contains("ct") && text(left["ct"], "key") == "state") {
        return packet.established ? known({"established"}, 2) : known({"new"}, 8);
    }
    // What is addressed to this host; whether a source is spoofed is not known.
    if (left.contains("fib") && text(left["fib"], "result") == "type") {
        const json& flags = left["fib"].contains("flags") ? left["fib"]["flags"] : json();
        if (flags == "daddr" || flags == json::array({"daddr"})) return known({"local"}, 2);
    }
    return {};
}

Tri equals(const Field& field, const json& right);

Tri in_range(const Field& field, const json& range) {
    if (!range.is_array() || range.size() != 2) return Tri::unknown;
    if (field.number && range[0].is_number() && range[1].is_number()) {
        return tri(*field.number >= range[0].get<std::uint64_t>() &&
                   *field.number <= range[1].get<std::uint64_t>());
    }
    if (field.address && range[0].is_string() && range[1].is_string()) {
        const auto first = IpAddress::parse(range[0].get<std::string>());
        const auto last = IpAddress::parse(range[1].get<std::string>());
        if (first && last) return tri(*first <= *field.address && *field.address <= *last);
    }
    return Tri::unknown;
}

Tri in_prefix(const Field& field, const json& prefix) {
    const auto ip = IpAddress::parse(text(prefix, "addr"));
    if (!field.address || !ip || !prefix.contains("len") || !prefix["len"].is_number()) return Tri::unknown;
    const auto parsed = Prefix::parse(ip->text() + "/" + prefix["len"].dump());
    return parsed ? tri(parsed->contains(*field.address)) : Tri::unknown;
}

Tri is_one_of(const Field& field, const json& list) {
    Tri found = Tri::no;
    for (const json& item : list) {
        const Tri here = equals(field, item);
        if (here == Tri::yes) return Tri::yes;
        if (here == Tri::unknown) found = Tri::unknown;
    }
    return found;
}

Tri is_word(const Field& field, const std::string& word) {
    if (word.starts_with('@')) return Tri::unknown;  // a named set: its elements are not read
    if (word.ends_with('*')) {
        const auto begins = [&](const std::string& one) {
            return one.starts_with(word.substr(0, word.size() - 1));
        };
        return tri(std::ranges::any_of(field.words, begins));
    }
    return tri(std::ranges::count(field.words, word) > 0);
}

Tri equals(const Field& field, const json& right) {
    if (right.is_array()) return is_one_of(field, right);
    if (right.is_boolean()) return is_word(field, right.get<bool>() ? "true" : "false");
    if (right.is_number_unsigned())
        return field.number ? tri(*field.number == right.get<std::uint64_t>()) : Tri::unknown;
    if (right.is_string()) return is_word(field, right.get<std::string>());
    if (!right.is_object()) return Tri::unknown;
    if (right.contains("set")) return equals(field, right["set"]);
    if (right.contains("elem")) return equals(field, right["elem"].value("val", json()));
    if (right.contains("range")) return in_range(field, right["range"]);
    if (right.contains("prefix")) return in_prefix(field, right["prefix"]);
    return Tri::unknown;
}

Tri ordered(const Field& field, const std::string& op, const json& right) {
    if (!field.number || !right.is_number_unsigned()) return Tri::unknown;
    const auto left = *field.number, other = right.get<std::uint64_t>();
    if (op == "<") return tri(left < other);
    if (op == ">") return tri(left > other);
    if (op == "<=") return tri(left <= other);
    return op == ">=" ? tri(left >= other) : Tri::unknown;
}

Tri matches(const json& match, const Packet& packet) {
    if (!match.is_object() || !match.contains("left") || !match.contains("right")) return Tri::unknown;
    const Field field = field_of(match["left"], packet);
    if (field.kind == Field::Kind::absent) return Tri::no;
    if (field.kind == Field::Kind::unknown) return Tri::unknown;
    const std::string op = text(match, "op");
    if (op == "==" || op == "in") return equals(field, match["right"]);
    if (op == "!=") return negated(equals(field, match["right"]));
    return ordered(field, op, match["right"]);
}

// A verdict map: the verdict of the element that the key is in.
RuleOutcome mapped(const json& vmap, const Packet& packet) {
    const RuleOutcome uncertain{Tri::unknown, {{"unknown", nullptr}}};
    if (!vmap.is_object() || !vmap.contains("key") || !vmap.contains("data")) return uncertain;
    const Field field = field_of(vmap["key"], packet);
    if (field.kind == Field::Kind::absent) return {Tri::no, {}};
    const json& data = vmap["data"];
    if (field.kind == Field::Kind::unknown || !data.is_object() || !data.contains("set")) return uncertain;
    for (const json& element : data["set"]) {
        if (!element.is_array() || element.size() != 2) return uncertain;
        const Tri here = equals(field, element[0]);
        if (here == Tri::yes) return {Tri::yes, element[1]};
        if (here == Tri::unknown) return uncertain;
    }
    return {Tri::no, {}};
}

bool is_verdict(const std::string& name) {
    constexpr std::array kVerdicts{"accept", "drop", "reject", "return", "jump", "goto", "queue", "continue"};
    return std::ranges::count(kVerdicts, name) > 0;
}

// Statements that are true or false of a packet whatever is in it, or that only do something with it.
Tri passes(const std::string& name, const json& statement, const Packet& packet) {
    if (name == "match") return matches(statement, packet);
    if (name == "limit" || name == "ct count" || name == "quota") {
        return tri(!statement.is_object() || statement.value("inv", false) == false);  // well below the limit
    }
    return name == "xt" ? Tri::unknown : Tri::yes;
}

}  // namespace

RuleOutcome evaluate(const json& statements, const Packet& packet) {
    RuleOutcome outcome;
    bool foreign_at_end = false;
    for (const json& statement : statements) {
        if (!statement.is_object() || statement.empty()) continue;
        const std::string name = statement.begin().key();
        const json& value = statement.begin().value();
        foreign_at_end = name == "xt";
        if (is_verdict(name)) {
            outcome.verdict = statement;
        } else if (name == "vmap") {
            const RuleOutcome inner = mapped(value, packet);
            outcome = {both(outcome.applies, inner.applies), inner.verdict};
        } else {
            outcome.applies = both(outcome.applies, passes(name, value, packet));
        }
        if (outcome.applies == Tri::no) return outcome;
    }
    if (foreign_at_end && outcome.verdict.is_null())
        outcome.verdict = {{"unknown", nullptr}};  // a target of xtables
    return outcome;
}

}  // namespace keel::doctor
