#include "doctor/ruleset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "doctor/ruleset_match.hpp"

namespace keel::doctor {

using nlohmann::json;

struct Ruleset::Chain {
    std::string family, table, name, hook;  // hook: empty but for base chains of type filter
    bool drops = false;                     // by policy
    std::vector<json> rules;                // each the list of its statements
};

Ruleset::Ruleset() = default;
Ruleset::Ruleset(const Ruleset&) = default;
Ruleset::Ruleset(Ruleset&&) noexcept = default;
Ruleset& Ruleset::operator=(const Ruleset&) = default;
Ruleset& Ruleset::operator=(Ruleset&&) noexcept = default;
Ruleset::~Ruleset() = default;

namespace {

constexpr int kMaxJumps = 32;  // the kernel allows 16

std::string text(const json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_string()
               ? object[key].get<std::string>()
               : std::string();
}

bool is_ours(const json& entry) {
    return text(entry, "family") == "inet" && text(entry, "table") == "keel2tp";
}

bool concerns(const std::string& family, bool v4) {
    return family == "inet" || family == (v4 ? "ip" : "ip6");
}

}  // namespace

Result<Ruleset> Ruleset::parse(std::string_view source) {
    const auto invalid = [] {
        return fail(ErrorCode::invalid, "the firewall's rules are not told as libnftables-json(5) has it",
                    "look at `nft list ruleset`");
    };
    const json document = json::parse(source, nullptr, false);
    if (!document.is_object() || !document.contains("nftables") || !document["nftables"].is_array())
        return invalid();
    Ruleset out;
    for (const json& item : document["nftables"]) {
        if (!item.is_object() || !item.contains("chain") || is_ours(item["chain"])) continue;
        const json& chain = item["chain"];
        const bool filters = text(chain, "type") == "filter";
        out.chains_.push_back({text(chain, "family"),
                               text(chain, "table"),
                               text(chain, "name"),
                               filters ? text(chain, "hook") : std::string(),
                               text(chain, "policy") == "drop",
                               {}});
    }
    for (const json& item : document["nftables"]) {
        if (!item.is_object() || !item.contains("rule") || is_ours(item["rule"])) continue;
        const json& rule = item["rule"];
        const auto home = std::ranges::find_if(out.chains_, [&](const Chain& chain) {
            return chain.family == text(rule, "family") && chain.table == text(rule, "table") &&
                   chain.name == text(rule, "chain");
        });
        if (home == out.chains_.end() || !rule.contains("expr") || !rule["expr"].is_array()) return invalid();
        home->rules.push_back(rule["expr"]);
    }
    return out;
}

// One packet's way through a base chain, taking no rule that asks for something unknown; `maybe_accepted`
// tells that such a rule could have accepted it.
class Ruleset::Walk {
public:
    Walk(const std::vector<Chain>& chains, const Packet& packet) : chains_(chains), packet_(packet) {}

    enum class Flow { next, returned, accepted, dropped };
    [[nodiscard]] Flow through(const Chain& chain);
    [[nodiscard]] bool maybe_accepted() const { return maybe_accepted_; }

private:
    [[nodiscard]] Flow take(const Chain& chain, const json& verdict);
    [[nodiscard]] Flow enter(const Chain& from, const json& jump, bool comes_back);
    void consider(const Chain& chain, const json& verdict);

    const std::vector<Chain>& chains_;
    const Packet& packet_;
    int depth_ = 0;
    bool maybe_accepted_ = false;
};

Ruleset::Walk::Flow Ruleset::Walk::through(const Chain& chain) {
    for (const json& rule : chain.rules) {
        const RuleOutcome outcome = evaluate(rule, packet_);
        if (outcome.applies == Tri::no) continue;
        if (outcome.applies == Tri::unknown) {
            consider(chain, outcome.verdict);
            continue;
        }
        if (const Flow flow = take(chain, outcome.verdict); flow != Flow::next) return flow;
    }
    return Flow::next;
}

Ruleset::Walk::Flow Ruleset::Walk::take(const Chain& chain, const json& verdict) {
    if (!verdict.is_object()) return Flow::next;
    if (verdict.contains("accept")) return Flow::accepted;
    if (verdict.contains("drop") || verdict.contains("reject")) return Flow::dropped;
    if (verdict.contains("return")) return Flow::returned;
    if (verdict.contains("jump")) return enter(chain, verdict["jump"], true);
    if (verdict.contains("goto")) return enter(chain, verdict["goto"], false);
    if (verdict.contains("queue")) {
        maybe_accepted_ = true;  // a program decides
        return Flow::dropped;
    }
    return Flow::next;
}

Ruleset::Walk::Flow Ruleset::Walk::enter(const Chain& from, const json& jump, bool comes_back) {
    const std::string target = text(jump, "target");
    const auto chain = std::ranges::find_if(chains_, [&](const Chain& one) {
        return one.family == from.family && one.table == from.table && one.name == target;
    });
    if (chain == chains_.end() || depth_ >= kMaxJumps) return Flow::next;
    ++depth_;
    const Flow flow = through(*chain);
    --depth_;
    if (flow == Flow::accepted || flow == Flow::dropped) return flow;
    return comes_back ? Flow::next : Flow::returned;
}

void Ruleset::Walk::consider(const Chain& chain, const json& verdict) {
    if (!verdict.is_object()) return;
    Walk other(chains_, packet_);
    other.depth_ = depth_;
    if (verdict.contains("unknown") || verdict.contains("queue") ||
        other.take(chain, verdict) == Flow::accepted || other.maybe_accepted_) {
        maybe_accepted_ = true;
    }
}

Ruleset::Verdict Ruleset::judge(std::string_view hook, const Packet& packet) const {
    Verdict worst;
    for (const Chain& chain : chains_) {
        if (chain.hook != hook || !concerns(chain.family, packet.v4)) continue;
        Walk walk(chains_, packet);
        const auto flow = walk.through(chain);
        const bool by_policy = flow == Walk::Flow::next || flow == Walk::Flow::returned;
        if (flow == Walk::Flow::accepted || (by_policy && !chain.drops)) continue;
        const auto answer = walk.maybe_accepted() ? Answer::may_be_dropped : Answer::dropped;
        if (answer > worst.answer) {
            worst = {answer, fmt::format("{} {} {}", chain.family, chain.table, chain.name)};
        }
    }
    return worst;
}

}  // namespace keel::doctor
