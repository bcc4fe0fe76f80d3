#include "cli/show.hpp"

#include <fmt/format.h>

#include "cli/tables.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

std::string header_text(const json& overview, const Terminal& terminal) {
    const json& daemon = overview["daemon"];
    const json& charon = overview["charon"];
    std::string out = terminal.paragraph(
        fmt::format("keel2tpd {} on {}, up {}, {:.2f} s of CPU, {} control datagrams received and {} sent",
                    text_of(overview["version"]), text_of(overview["host_name"]),
                    duration_text(daemon["uptime_ms"].get<double>()), daemon["cpu_seconds"].get<double>(),
                    daemon["datagrams"]["received"].get<std::uint64_t>(),
                    daemon["datagrams"]["sent"].get<std::uint64_t>()));
    out += terminal.paragraph(charon["state"] == "ready"
                                  ? fmt::format("strongSwan {} ready", text_of(charon["version"]))
                                  : fmt::format("strongSwan unavailable: {}", text_of(charon["why"])));
    if (const json& guard = overview["guard"]; !guard.is_null()) {
        out += terminal.paragraph(fmt::format(
            "guard dropped: {} received in clear, {} that would have left in clear, {} not L2TP",
            guard["cleartext_in"].get<std::uint64_t>(), guard["cleartext_out"].get<std::uint64_t>(),
            guard["foreign_in"].get<std::uint64_t>()));
    }
    return out;
}

// Lines "name   value", for one thing.
class Sheet {
public:
    explicit Sheet(const Terminal& terminal) : terminal_(terminal) {}
    void line(std::string_view name, const std::string& value, Colour colour = Colour::none) {
        if (value.empty() || value == "-") return;
        const std::size_t room = terminal_.columns > kIndent ? terminal_.columns - kIndent : 0;
        const auto lines = room == 0 ? std::vector<std::string>{value} : wrapped(value, room);
        for (std::size_t n = 0; n < lines.size(); ++n)
            out_ += fmt::format("{:<{}}{}\n", n == 0 ? name : "", kIndent, terminal_.paint(colour, lines[n]));
    }
    void table(std::string_view title, const Table& table) {
        if (!table.empty()) out_ += fmt::format("\n{}{}", title, table.text(terminal_));
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    static constexpr std::size_t kIndent = 14;
    const Terminal& terminal_;
    std::string out_;
};

json of_connection(const json& entries, const json& name) {
    json out = json::array();
    for (const json& entry : entries)
        if (entry["connection"] == name) out.push_back(entry);
    return out;
}

void add_why(Sheet& sheet, const json& why) {
    if (!why.is_object()) return;
    sheet.line("why",
               fmt::format("{}, {} failed: {}", ago_text(why.value("ago_ms", json())), text_in(why, "stage"),
                           text_in(why, "message")),
               Colour::bad);
    sheet.line("notify", text_in(why, "notify"));
    sheet.line("result code", text_in(why, "result_code"));
    sheet.line("error code", text_in(why, "error_code"));
    sheet.line("PPP's code", text_in(why, "disconnect_code"));
    sheet.line("what to do", text_in(why, "remedy"), Colour::strong);
}

Table timeline_table(const json& connection) {
    Table table({"STAGE", number("TOOK"), number("AFTER")});
    double after = 0;
    for (const json& entry : connection.value("timeline", json::array())) {
        after += entry["ms"].get<double>();
        table.add({text_in(entry, "stage"), fmt::format("{:.0f} ms", entry["ms"].get<double>()),
                   fmt::format("{:.0f} ms", after)});
    }
    return table;
}

Table history_table(const json& connection) {
    Table table({"WHEN", "STATE", "STAGE", prose("WHY")});
    for (const json& entry : connection.value("history", json::array())) {
        const json why = entry.value("why", json());
        const auto count = entry.value("count", 1U);
        const std::string times = count > 1 ? fmt::format("{} times since {}: ", count,
                                                          ago_text(entry.value("first_ago_ms", json())))
                                            : "";
        table.add({ago_text(entry.value("ago_ms", json())),
                   {text_in(entry, "state"), colour_of(entry.value("state", json()))},
                   text_in(entry, "stage"),
                   {times + (why.is_object() ? why_text(why) : std::string()), Colour::bad}});
    }
    return table;
}

}  // namespace

std::string show_text(const json& overview, const Terminal& terminal) {
    std::string out =
        header_text(overview, terminal) + "\n" + connections_table(overview["connections"]).text(terminal);
    for (const auto& table : {calls_table(overview["connections"]), tunnels_table(overview["tunnels"]),
                              sessions_table(overview["sessions"]), told_table(overview["sessions"]),
                              sas_table(overview["sas"]), refusals_table(overview["connections"])}) {
        if (!table.empty()) out += "\n" + table.text(terminal);
    }
    return out;
}

std::string connection_text(const json& connection, const json& overview, const Terminal& terminal) {
    Sheet sheet(terminal);
    sheet.line("connection", text_in(connection, "name"), Colour::strong);
    std::string state = text_in(connection, "state");
    if (connection.contains("in_state_ms"))
        state += ", for " + duration_text(connection["in_state_ms"].get<double>());
    sheet.line("state", state, colour_of(connection["state"]));
    if (connection["state"] == "connecting") sheet.line("stage", text_in(connection, "stage"));
    sheet.line("server", text_in(connection, "server"));
    sheet.line("peer", text_in(connection, "peer"));
    if (connection.contains("listen")) sheet.line("listens on", joined(connection["listen"], ", "));
    if (connection["state"] == "waiting")
        sheet.line("next try", "in " + duration_text(connection["retry_in_ms"].get<double>()));
    if (connection.value("attempts", 0U) > 1) sheet.line("tries", text_in(connection, "attempts"));
    add_why(sheet, connection.value("why", json()));
    const json& name = connection["name"];
    const json alone = json::array({connection});
    const json sessions = of_connection(overview["sessions"], name);
    sheet.table("", timeline_table(connection));
    sheet.table("", pools_table(alone));
    sheet.table("", calls_table(alone));
    sheet.table("", tunnels_table(of_connection(overview["tunnels"], name)));
    sheet.table("", sessions_table(sessions));
    sheet.table("", told_table(sessions));
    sheet.table("", sas_table(of_connection(overview["sas"], name)));
    sheet.table("", refusals_table(alone));
    sheet.table("", history_table(connection));
    return sheet.take();
}

std::string config_text(const json& answer, const Terminal& terminal) {
    std::string out = fmt::format("hash      {}\n", text_in(answer, "hash"));
    out += "saved     " +
           (answer.value("saved", false)
                ? std::string("yes: a restart brings this configuration back\n")
                : terminal.paint(Colour::busy,
                                 "no: a restart brings the saved one back; keel2tp save keeps this one") +
                      "\n");
    if (const json left = answer.value("confirm_in_ms", json()); left.is_number()) {
        out += "confirm   " +
               terminal.paint(Colour::bad, fmt::format("within {}, or it is rolled back: keel2tp confirm",
                                                       duration_text(left.get<double>()))) +
               "\n";
    }
    if (const json before = answer.value("previous", json()); before.is_number())
        out += fmt::format("rollback  {}\n",
                           before == 0 ? "nothing to go back to"
                                       : fmt::format("{} to go back to",
                                                     counted(before.get<std::uint64_t>(), "configuration")));

    const auto document = answer.value("config", json::object());
    // ASCII only: what could steer the terminal is escaped, and it stays a document.
    return out + "\n" + document.dump(2, ' ', true) + "\n";
}

}  // namespace keel::cli
