#include "cli/plan.hpp"

#include <fmt/format.h>

#include "cli/table.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

Cell change_cell(const json& change) {
    const auto what = text_in(change, "change");
    return {what, what == "added" ? Colour::good : what == "removed" ? Colour::bad : Colour::busy};
}

Cell effect_cell(const json& change) {
    const auto effect = text_in(change, "effect");
    if (effect == "drops") {
        const auto sessions = change.value("sessions", json::array()).size();
        return {"drops " + counted(sessions, "session"), sessions > 0 ? Colour::bad : Colour::none};
    }
    return effect == "next" ? "from the next session" : effect;
}

Table changes_table(const json& changes) {
    Table table({"OBJECT", "CHANGE", {"WHAT", 1}, "EFFECT", prose("")});
    for (const json& change : changes) {
        const auto note = text_in(change, "note");
        table.add({text_in(change, "object"), change_cell(change),
                   joined(change.value("what", json::array()), ", "), effect_cell(change),
                   note == "-" ? std::string() : note});
    }
    return table;
}

Table dropped_table(const json& changes, bool done) {
    Table table({done ? "DROPPED" : "WOULD DROP", "USER", {"CONNECTION", 2}, {"PEER", 1}});
    for (const json& change : changes) {
        if (text_in(change, "effect") != "drops") continue;
        for (const json& session : change.value("sessions", json::array())) {
            table.add({"session " + text_in(session, "session"), text_in(session, "user"),
                       text_in(session, "connection"), text_in(session, "peer")});
        }
    }
    return table;
}

}  // namespace

std::string plan_text(const json& plan, bool done, const Terminal& terminal) {
    const json changes = plan.value("changes", json::array());
    if (changes.empty()) return done ? "nothing to change\n" : "nothing would change\n";
    std::string out = changes_table(changes).text(terminal);
    if (const auto dropped = dropped_table(changes, done); !dropped.empty())
        out += "\n" + dropped.text(terminal);
    const auto drops = plan.value("drops", std::uint64_t{0});
    return out + terminal.paint(drops > 0 ? Colour::bad : Colour::good,
                                fmt::format("\n{}; this {} {}\n", counted(changes.size(), "change"),
                                            done ? "dropped" : "drops", counted(drops, "session")));
}

int plan_exit_code(const json& plan) {
    return plan.value("changes", json::array()).empty() ? kPlanNothing : kPlanChanges;
}

}  // namespace keel::cli
