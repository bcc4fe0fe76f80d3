#include "cli/tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

const json kNone = json::array();

const json& list_in(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_array() ? *found : kNone;
}

bool has(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && !found->is_null();
}

Cell state_of(const json& entry) {
    return {text_in(entry, "state"), colour_of(entry.value("state", json()))};
}

std::string tries_text(const json& entry) {
    const auto attempts = entry["attempts"].get<unsigned>();
    return (attempts > 1 ? fmt::format("try {}: ", attempts) : std::string()) + why_text(entry["why"]);
}

std::string timeline_text(const json& lac) {
    std::vector<std::string> stages;
    for (const json& entry : list_in(lac, "timeline"))
        stages.push_back(fmt::format("{} {:.0f} ms", text_in(entry, "stage"), entry["ms"].get<double>()));
    return fmt::format("{}", fmt::join(stages, ", "));
}

bool is_held(const json& connection) {
    return connection.value("held", false);
}

std::string held_text(const json& connection) {
    return "taken down by hand; keel2tp up " + text_of(connection["name"]);
}

std::string lac_detail(const json& lac) {
    if (is_held(lac)) return held_text(lac);
    if (lac["state"] == "up") return timeline_text(lac);
    std::string detail;
    if (lac["state"] == "ready") detail = "waits for the server's call";
    if (lac["state"] == "connecting") detail = "at " + text_of(lac["stage"]);
    if (lac["state"] == "waiting")
        detail = fmt::format("next try in {}", duration_text(lac["retry_in_ms"].get<double>()));
    if (has(lac, "why")) detail += (detail.empty() ? "" : "; ") + tries_text(lac);
    return detail;
}

std::string lns_detail(const json& lns) {
    if (is_held(lns)) return held_text(lns);
    if (has(lns, "why")) return why_text(lns["why"]);
    const auto count = [&lns](const char* name) { return lns[name].get<std::uint64_t>(); };
    return fmt::format("{}, {}, {}, {} of {} addresses lent", counted(count("tunnels"), "tunnel"),
                       counted(count("sessions"), "session"), counted(count("users"), "user"),
                       lns["pool"]["used"].dump(), lns["pool"]["size"].dump());
}

std::string call_detail(const json& call) {
    std::string detail;
    if (call["state"] == "no-tunnel") {
        detail = "waits for the client's tunnel";
    } else if (call["state"] == "asked") {
        detail = "the client was asked to call";
    } else if (call["state"] == "connected") {
        detail = "the client has called, PPP begins";
    } else if (call["state"] == "up") {
        detail = "session " + text_of(call["session"]);
    } else {
        detail = fmt::format("next try in {}", duration_text(call["retry_in_ms"].get<double>()));
    }
    return has(call, "why") ? detail + "; " + tries_text(call) : detail;
}

// Empty for what every peer without a line of its own says.
std::string speed_text(const json& call) {
    constexpr double kNoLine = 1e9;
    const double tx = call["tx_bps"].get<double>(), rx = call["rx_bps"].get<double>();
    if (rx == 0 || (tx == kNoLine && rx == kNoLine)) return {};
    return tx == rx ? fmt::format("{:.0f} bit/s", tx)
                    : fmt::format("{:.0f} bit/s to the caller, {:.0f} from it", tx, rx);
}

std::string traffic_text(const json& counters) {
    return counters.is_null() ? std::string("-")
                              : fmt::format("{} in {}", bytes_text(counters["bytes"]),
                                            counters["packets"].get<std::uint64_t>());
}

}  // namespace

Table connections_table(const json& connections) {
    Table table({"CONNECTION", "STATE", {"PEER", 1}, prose("")});
    for (const json& entry : connections) {
        const bool lac = entry["role"] == "lac";
        Cell state = state_of(entry);
        if (lac && entry["state"] == "up")
            state.text += " " + duration_text(entry["in_state_ms"].get<double>());
        table.add(
            {text_of(entry["name"]),
             std::move(state),
             lac ? text_of(entry["peer"].is_null() ? entry["server"] : entry["peer"])
                 : joined(entry["listen"]),
             {lac ? lac_detail(entry) : lns_detail(entry), has(entry, "why") ? Colour::bad : Colour::none}});
    }
    return table;
}

Table refusals_table(const json& connections) {
    Table table({{"REFUSED BY", 2}, "AGO", {"PEER", 3}, "USER", {"STAGE", 4}, prose("WHY")});
    for (const json& entry : connections) {
        for (const json& refusal : list_in(entry, "refusals")) {
            table.add({text_of(entry["name"]), duration_text(refusal["ago_ms"].get<double>()),
                       text_of(refusal["peer"]), text_of(refusal["user"]), text_of(refusal["stage"]),
                       text_of(refusal["message"])});
        }
    }
    return table;
}

Table calls_table(const json& connections) {
    Table table({"CALL OF", "NAME", "STATE", {"LAC", 2}, {"NUMBER", 1}, prose("")});
    for (const json& entry : connections) {
        for (const json& call : list_in(entry, "calls")) {
            table.add({text_of(entry["name"]), text_of(call["name"]), state_of(call), text_of(call["lac"]),
                       text_of(call["called_number"]), call_detail(call)});
        }
    }
    return table;
}

Table pools_table(const json& connections) {
    Table table({"POOL OF", number("SIZE"), number("USED"), number("FREE"), number("PERCENT")});
    for (const json& entry : connections) {
        if (!has(entry, "pool")) continue;
        const auto size = entry["pool"]["size"].get<std::uint64_t>(),
                   used = entry["pool"]["used"].get<std::uint64_t>();
        const double share = size == 0 ? 0 : 100.0 * static_cast<double>(used) / static_cast<double>(size);
        constexpr double kAlmostFull = 90;
        table.add({text_of(entry["name"]),
                   fmt::format("{}", size),
                   fmt::format("{}", used),
                   fmt::format("{}", size - std::min(used, size)),
                   {fmt::format("{:.0f} %", share), share >= kAlmostFull ? Colour::bad : Colour::none}});
    }
    return table;
}

Table tunnels_table(const json& tunnels) {
    Table table({"TUNNEL",
                 {"PEER'S", 7},
                 {"CONNECTION", 2},
                 "STATE",
                 "REMOTE",
                 {"HOST NAME", 1},
                 {"SA MARK", 4},
                 {"DSCP", 6},
                 {"QUIRKS", 5}});
    for (const json& entry : tunnels) {
        const std::string quirks = joined(entry["quirks"]);
        table.add({text_of(entry["id"]), text_of(entry["peer_id"]), text_of(entry["connection"]),
                   state_of(entry), text_of(entry["remote"]), text_of(entry["peer_host_name"]),
                   text_of(entry["mark"]), text_of(entry["dscp"]), quirks.empty() ? "-" : quirks});
    }
    return table;
}

Table sessions_table(const json& sessions) {
    Table table({"SESSION",
                 {"PEER'S", 9},
                 {"USER", 1},
                 "PPP",
                 {"INTERFACE", 6},
                 {"LOCAL", 7},
                 "REMOTE",
                 {"MTU", 8},
                 number("RECEIVED", 4),
                 number("SENT", 5)});
    for (const json& entry : sessions) {
        table.add({text_of(entry["id"]),
                   text_of(entry["peer_id"]),
                   text_of(entry["user"]),
                   {text_of(entry["phase"]), colour_of(entry["state"])},
                   text_of(entry["interface"]),
                   text_of(entry["local"]),
                   text_of(entry["remote"]),
                   text_of(entry["mtu"]),
                   bytes_text(entry["rx_bytes"]),
                   bytes_text(entry["tx_bytes"])});
    }
    return table;
}

Table told_table(const json& sessions) {
    Table table({"SESSION", "TOLD OF THE CALL", prose("")});
    for (const json& entry : sessions) {
        if (!has(entry, "call")) continue;
        for (const auto& [name, text] : entry["call"]["told"].items()) {
            std::string words = name;
            std::ranges::replace(words, '_', ' ');
            table.add({text_of(entry["id"]), std::move(words), text_of(text)});
        }
        if (const auto speed = speed_text(entry["call"]); !speed.empty())
            table.add({text_of(entry["id"]), "connect speed", speed});
    }
    return table;
}

Table sas_table(const json& sas) {
    Table table({"IPSEC",
                 {"IKE", 6},
                 {"SUITE", 1},
                 {"NAT-T", 7},
                 "REMOTE",
                 {"MARK", 8},
                 {"SPI IN", 5},
                 {"SPI OUT", 4},
                 number("RECEIVED", 2),
                 number("SENT", 3)});
    for (const json& entry : sas) {
        table.add({text_of(entry["connection"]), "v" + text_of(entry["ike_version"]), text_of(entry["suite"]),
                   entry["encap"] == true ? "yes" : "no", text_of(entry["remote"]), text_of(entry["mark"]),
                   text_of(entry["spi_in"]), text_of(entry["spi_out"]), traffic_text(entry["in"]),
                   traffic_text(entry["out"])});
    }
    return table;
}

Table users_table(const json& users) {
    Table table({"USER", {"CONNECTION", 2}, "ONLINE", {"ADDRESS", 1}, {"FIXED", 3}, prose("LAST REFUSAL")});
    for (const json& user : users) {
        const bool online = has(user, "online");
        const json session = online ? user["online"] : json::object();
        std::string refused;
        if (has(user, "refusal")) {
            refused = fmt::format("{}: {}", ago_text(user["refusal"].value("ago_ms", json())),
                                  text_in(user["refusal"], "message"));
        }
        table.add({text_of(user["name"]), text_in(user, "connection"),
                   online
                       ? Cell(session.contains("since_ms") ? duration_text(session["since_ms"].get<double>())
                                                           : "yes",
                              Colour::good)
                       : Cell("no", Colour::dim),
                   text_in(session, "address"), text_in(user, "address"), refused});
    }
    return table;
}

}  // namespace keel::cli
