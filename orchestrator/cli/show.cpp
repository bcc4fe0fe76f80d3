#include "cli/show.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "cli/table.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

std::string why_text(const json& why) {
    std::string text = fmt::format("{} failed: {}", text_of(why["stage"]), text_of(why["message"]));
    if (const auto remedy = text_of(why["remedy"]); remedy != "-") text += "; " + remedy;
    return text;
}

std::string lac_detail(const json& lac) {
    std::string detail;
    if (lac["state"] == "up") {
        std::vector<std::string> stages;
        for (const json& entry : lac["timeline"]) {
            stages.push_back(fmt::format("{} {:.0f} ms", text_of(entry["stage"]), entry["ms"].get<double>()));
        }
        return fmt::format("{}", fmt::join(stages, ", "));
    }
    if (lac["state"] == "ready") detail = "waits for the server's call";
    if (lac["state"] == "connecting") detail = "at " + text_of(lac["stage"]);
    if (lac["state"] == "waiting") {
        detail = fmt::format("next try in {}", duration_text(lac["retry_in_ms"].get<double>()));
    }
    if (!lac["why"].is_null()) {
        const auto attempts = lac["attempts"].get<unsigned>();
        detail += fmt::format("; {}{}", attempts > 1 ? fmt::format("try {}: ", attempts) : std::string(),
                              why_text(lac["why"]));
    }
    return detail;
}

std::string counted(const json& count, std::string_view what) {
    return fmt::format("{} {}{}", count.dump(), what, count == 1 ? "" : "s");
}

std::string lns_detail(const json& lns) {
    if (!lns["why"].is_null()) return why_text(lns["why"]);
    return fmt::format("{}, {}, {}, {} of {} addresses lent", counted(lns["tunnels"], "tunnel"),
                       counted(lns["sessions"], "session"), counted(lns["users"], "user"),
                       lns["pool"]["used"].dump(), lns["pool"]["size"].dump());
}

std::string joined(const json& texts) {
    std::vector<std::string> parts;
    for (const json& part : texts) parts.push_back(text_of(part));
    return fmt::format("{}", fmt::join(parts, ","));
}

std::string connections_text(const json& overview) {
    Table table({"CONNECTION", "STATE", "PEER", ""});
    for (const json& entry : overview["connections"]) {
        const bool lac = entry["role"] == "lac";
        std::string state = text_of(entry["state"]);
        if (lac && state == "up") state += " " + duration_text(entry["in_state_ms"].get<double>());
        table.add({text_of(entry["name"]), std::move(state),
                   lac ? text_of(entry["peer"].is_null() ? entry["server"] : entry["peer"])
                       : joined(entry["listen"]),
                   lac ? lac_detail(entry) : lns_detail(entry)});
    }
    return table.text();
}

std::string refusals_text(const json& overview) {
    Table table({"REFUSED BY", "AGO", "PEER", "USER", "STAGE", "WHY"});
    for (const json& entry : overview["connections"]) {
        if (!entry.contains("refusals")) continue;
        for (const json& refusal : entry["refusals"]) {
            table.add({text_of(entry["name"]), duration_text(refusal["ago_ms"].get<double>()),
                       text_of(refusal["peer"]), text_of(refusal["user"]), text_of(refusal["stage"]),
                       text_of(refusal["message"])});
        }
    }
    return table.empty() ? std::string() : table.text();
}

std::string call_detail(const json& call) {
    if (call["state"] == "no-tunnel") return "waits for the client's tunnel";
    if (call["state"] == "asked") return "the client was asked to call";
    if (call["state"] == "connected") return "the client has called, PPP begins";
    if (call["state"] == "up") return "session " + text_of(call["session"]);
    return fmt::format("next try in {}", duration_text(call["retry_in_ms"].get<double>()));
}

std::string calls_text(const json& overview) {
    Table table({"CALL OF", "NAME", "STATE", "LAC", "NUMBER", ""});
    for (const json& entry : overview["connections"]) {
        if (!entry.contains("calls")) continue;
        for (const json& call : entry["calls"]) {
            std::string detail = call_detail(call);
            if (!call["why"].is_null()) {
                const auto attempts = call["attempts"].get<unsigned>();
                detail +=
                    fmt::format("; {}{}", attempts > 1 ? fmt::format("try {}: ", attempts) : std::string(),
                                why_text(call["why"]));
            }
            table.add({text_of(entry["name"]), text_of(call["name"]), text_of(call["state"]),
                       text_of(call["lac"]), text_of(call["called_number"]), std::move(detail)});
        }
    }
    return table.empty() ? std::string() : table.text();
}

std::string tunnels_text(const json& overview) {
    Table table(
        {"TUNNEL", "PEER'S", "CONNECTION", "STATE", "REMOTE", "HOST NAME", "SA MARK", "DSCP", "QUIRKS"});
    for (const json& entry : overview["tunnels"]) {
        const std::string quirks = joined(entry["quirks"]);
        table.add({text_of(entry["id"]), text_of(entry["peer_id"]), text_of(entry["connection"]),
                   text_of(entry["state"]), text_of(entry["remote"]), text_of(entry["peer_host_name"]),
                   text_of(entry["mark"]), text_of(entry["dscp"]), quirks.empty() ? "-" : quirks});
    }
    return table.empty() ? std::string() : table.text();
}

std::string sessions_text(const json& overview) {
    Table table(
        {"SESSION", "PEER'S", "USER", "PPP", "INTERFACE", "LOCAL", "REMOTE", "MTU", "RECEIVED", "SENT"});
    for (const json& entry : overview["sessions"]) {
        table.add({text_of(entry["id"]), text_of(entry["peer_id"]), text_of(entry["user"]),
                   text_of(entry["phase"]), text_of(entry["interface"]), text_of(entry["local"]),
                   text_of(entry["remote"]), text_of(entry["mtu"]), bytes_text(entry["rx_bytes"]),
                   bytes_text(entry["tx_bytes"])});
    }
    return table.empty() ? std::string() : table.text();
}

// Empty for what every peer without a line of its own says.
std::string speed_text(const json& call) {
    constexpr double kNoLine = 1e9;
    const double tx = call["tx_bps"].get<double>(), rx = call["rx_bps"].get<double>();
    if (rx == 0 || (tx == kNoLine && rx == kNoLine)) return {};
    return tx == rx ? fmt::format("{:.0f} bit/s", tx)
                    : fmt::format("{:.0f} bit/s to the caller, {:.0f} from it", tx, rx);
}

std::string told_text(const json& overview) {
    Table table({"SESSION", "TOLD OF THE CALL", ""});
    for (const json& entry : overview["sessions"]) {
        if (entry["call"].is_null()) continue;
        for (const auto& [name, text] : entry["call"]["told"].items()) {
            std::string words = name;
            std::ranges::replace(words, '_', ' ');
            table.add({text_of(entry["id"]), std::move(words), text_of(text)});
        }
        if (const auto speed = speed_text(entry["call"]); !speed.empty())
            table.add({text_of(entry["id"]), "connect speed", speed});
    }
    return table.empty() ? std::string() : table.text();
}

std::string sas_text(const json& overview) {
    Table table(
        {"IPSEC", "IKE", "SUITE", "NAT-T", "REMOTE", "MARK", "SPI IN", "SPI OUT", "RECEIVED", "SENT"});
    const auto traffic = [](const json& counters) {
        return counters.is_null() ? std::string("-")
                                  : fmt::format("{} in {}", bytes_text(counters["bytes"]),
                                                counters["packets"].get<std::uint64_t>());
    };
    for (const json& entry : overview["sas"]) {
        table.add({text_of(entry["connection"]), "v" + text_of(entry["ike_version"]), text_of(entry["suite"]),
                   entry["encap"] == true ? "yes" : "no", text_of(entry["remote"]), text_of(entry["mark"]),
                   text_of(entry["spi_in"]), text_of(entry["spi_out"]), traffic(entry["in"]),
                   traffic(entry["out"])});
    }
    return table.empty() ? std::string() : table.text();
}

std::string header_text(const json& overview) {
    const json& daemon = overview["daemon"];
    const json& charon = overview["charon"];
    std::string out =
        fmt::format("keel2tpd {} on {}, up {}, {:.2f} s of CPU, {} control datagrams received and {} sent\n",
                    text_of(overview["version"]), text_of(overview["host_name"]),
                    duration_text(daemon["uptime_ms"].get<double>()), daemon["cpu_seconds"].get<double>(),
                    daemon["datagrams"]["received"].get<std::uint64_t>(),
                    daemon["datagrams"]["sent"].get<std::uint64_t>());
    out += charon["state"] == "ready" ? fmt::format("strongSwan {} ready\n", text_of(charon["version"]))
                                      : fmt::format("strongSwan unavailable: {}\n", text_of(charon["why"]));
    if (const json& guard = overview["guard"]; !guard.is_null()) {
        out += fmt::format(
            "guard dropped: {} received in clear, {} that would have left in clear, {} not L2TP\n",
            guard["cleartext_in"].get<std::uint64_t>(), guard["cleartext_out"].get<std::uint64_t>(),
            guard["foreign_in"].get<std::uint64_t>());
    }
    return out;
}

}  // namespace

std::string show_text(const json& overview) {
    std::string out = header_text(overview);
    for (const auto& part :
         {connections_text(overview), calls_text(overview), tunnels_text(overview), sessions_text(overview),
          told_text(overview), sas_text(overview), refusals_text(overview)}) {
        if (!part.empty()) out += "\n" + part;
    }
    return out;
}

}  // namespace keel::cli
