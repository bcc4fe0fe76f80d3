#include "api/plan_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace keel::api {
namespace {

using config::Change;
using config::Effect;
using nlohmann::json;

bool concerns(const Change& change, std::string_view option) {
    return std::ranges::find(change.what, option) != change.what.end();
}

std::string note_of(const lifecycle::PlannedChange& entry) {
    const Change& change = entry.change;
    if (!entry.ends.empty()) {
        std::set<std::string> reasons;
        for (const auto& ended : entry.ends) reasons.insert(ended.why);
        return fmt::format("{}", fmt::join(reasons, "; "));
    }
    if (change.kind != Change::Kind::changed) return "";
    if (change.effect == Effect::again) return "it is ended and begun again";
    if (change.effect != Effect::next) return "";
    if (concerns(change, "password") || concerns(change, "ppp.password")) {
        return "from the next log-in on; a session that is up stays";
    }
    return "what is up keeps the old until it is made anew";
}

std::string effect_of(const lifecycle::PlannedChange& entry) {
    if (!entry.ends.empty() || entry.change.effect == Effect::again) return "drops";
    return std::string(config::name_of(entry.change.effect));
}

json session_json(const lifecycle::EndedSession& ended) {
    return {{"session", ended.session.value},
            {"user", ended.user},
            {"connection", ended.connection},
            {"peer", ended.peer}};
}

}  // namespace

json to_json(const lifecycle::Plan& plan) {
    json changes = json::array();
    for (const lifecycle::PlannedChange& entry : plan.changes) {
        json sessions = json::array();
        for (const auto& ended : entry.ends) sessions.push_back(session_json(ended));
        changes.push_back({{"object", entry.change.object},
                           {"change", config::name_of(entry.change.kind)},
                           {"what", entry.change.what},
                           {"effect", effect_of(entry)},
                           {"note", note_of(entry)},
                           {"sessions", std::move(sessions)}});
    }
    return {{"changes", std::move(changes)}, {"drops", plan.ends()}};
}

json to_json(const std::vector<config::Fault>& faults) {
    json out = json::array();
    for (const config::Fault& fault : faults) {
        const auto place = [](std::size_t at) { return at > 0 ? json(at) : json(nullptr); };
        out.push_back({{"pointer", fault.pointer},
                       {"line", place(fault.line)},
                       {"column", place(fault.column)},
                       {"message", fault.message}});
    }
    return out;
}

}  // namespace keel::api
