#include "cli/ipsec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/table.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

std::string in_text(const json& ms) {
    if (ms.is_null()) return "never";
    const double left = ms.get<double>();
    return left <= 0 ? "now" : "in " + duration_text(left);
}

std::string since_text(const json& ms) {
    return ms.is_null() ? "never" : ago_text(ms);
}

std::string nat_text(const json& nat) {
    std::string out = nat["local"] == true ? (nat["remote"] == true ? "both ends" : "here")
                                           : (nat["remote"] == true ? "peer" : "no");
    if (nat["encap"] == true && out == "no") out = "forced";
    if (const auto moved = nat["moved"].get<std::uint64_t>(); moved > 0)
        out += fmt::format(", moved {} ({})", moved == 1 ? "once" : fmt::format("{} times", moved),
                           since_text(nat["moved_ago_ms"]));
    return out;
}

std::string name_of(const json& peer) {
    const std::string remote = text_of(peer["remote"]), id = text_of(peer["remote_id"]);
    return remote.starts_with(id + ":") || remote.starts_with("[" + id + "]:") || id == "-"
               ? remote
               : fmt::format("{} ({})", remote, id);
}

std::string peers_text(const json& ipsec, const Terminal& terminal) {
    Table table({"PEER",
                 {"CONNECTION", 2},
                 {"IKE", 6},
                 "STATE",
                 {"SUITE", 1},
                 {"REKEY", 3},
                 {"REAUTH", 5},
                 {"NAT", 4},
                 {"DOING", 7}});
    for (const json& peer : ipsec["peers"]) {
        std::string state = text_of(peer["state"]);
        if (!peer["established_ms"].is_null())
            state += " " + duration_text(peer["established_ms"].get<double>());
        std::string tasks;
        for (const json& task : peer["tasks"]) tasks += (tasks.empty() ? "" : ",") + text_of(task);
        table.add({name_of(peer), text_of(peer["connection"]), "v" + text_of(peer["ike_version"]),
                   std::move(state), text_of(peer["suite"]), in_text(peer["rekey_in_ms"]),
                   in_text(peer["reauth_in_ms"]), nat_text(peer["nat"]), tasks.empty() ? "-" : tasks});
    }
    return table.empty() ? "no peer has an IKE_SA with a connection of keel2tp\n" : table.text(terminal);
}

std::string traffic_text(const json& direction) {
    if (direction["bytes"].is_null()) return "-";
    std::string out =
        fmt::format("{} in {}", bytes_text(direction["bytes"]), direction["packets"].get<std::uint64_t>());
    if (!direction["idle_ms"].is_null()) out += ", " + since_text(direction["idle_ms"]);
    return out;
}

std::string errors_text(const json& sa) {
    const auto sum = [&sa](const char* name) {
        std::uint64_t count = 0;
        for (const char* direction : {"in", "out"}) {
            if (sa[direction][name].is_number()) count += sa[direction][name].get<std::uint64_t>();
        }
        return count;
    };
    const auto replayed = sum("replay_errors"), forged = sum("integrity_errors");
    if (replayed == 0 && forged == 0) return "none";
    return fmt::format("{} replayed, {} broken or forged", replayed, forged);
}

std::string sas_text(const json& ipsec, const Terminal& terminal) {
    Table table({"SA OF",
                 {"STATE", 7},
                 {"SUITE", 1},
                 {"SPI IN", 8},
                 {"SPI OUT", 8},
                 {"MARK", 9},
                 {"REKEY", 5},
                 {"DIES", 6},
                 {"RECEIVED", 2},
                 {"SENT", 3},
                 {"ERRORS", 4}});
    for (const json& peer : ipsec["peers"]) {
        for (const json& sa : peer["sas"]) {
            table.add({text_of(peer["remote"]), text_of(sa["state"]), text_of(sa["suite"]),
                       text_of(sa["spi_in"]), text_of(sa["spi_out"]), text_of(sa["mark"]),
                       in_text(sa["rekey_in_ms"]), in_text(sa["dies_in_ms"]), traffic_text(sa["in"]),
                       traffic_text(sa["out"]), errors_text(sa)});
        }
    }
    return table.empty() ? std::string() : "\n" + table.text(terminal);
}

std::string ikev1_text(const json& ikev1, const Terminal& terminal) {
    const std::string since = duration_text(ikev1["since_ms"].get<double>());
    const json& peers = ikev1["needed_by"];
    if (peers.empty()) {
        return fmt::format("\nIKEv1: no peer has needed it in the {} since keel2tpd was started\n", since);
    }
    const auto here =
        std::ranges::count_if(peers, [](const json& peer) { return peer["connected"] == true; });
    Table table(
        {"IKEV1 STILL NEEDED BY", {"ADDRESS", 1}, {"CONNECTION", 2}, {"LAST CAME", 4}, {"TIMES", 5}, ""});
    for (const json& peer : peers) {
        table.add({text_of(peer["identity"]), text_of(peer["address"]), text_of(peer["connection"]),
                   since_text(peer["last_ago_ms"]), text_of(peer["times"]),
                   peer["connected"] == true ? "connected" : ""});
    }
    std::string out = "\n" + table.text(terminal);
    if (const auto forgotten = ikev1["forgotten"].get<std::uint64_t>(); forgotten > 0)
        out += fmt::format("and by {} more, which came before these\n", forgotten);
    return out + fmt::format("{} of {} connected; seen in the {} since keel2tpd was started\n", here,
                             peers.size(), since);
}

}  // namespace

std::string ipsec_text(const json& ipsec, const Terminal& terminal) {
    const json& charon = ipsec["charon"];
    std::string out = charon["state"] == "ready"
                          ? fmt::format("strongSwan {} ready\n\n", text_of(charon["version"]))
                          : fmt::format("strongSwan unavailable: {}\n\n", text_of(charon["why"]));
    if (!ipsec["why"].is_null()) {
        out += fmt::format("the peers cannot be listed: {}\n", text_of(ipsec["why"]));
    } else {
        out += peers_text(ipsec, terminal) + sas_text(ipsec, terminal);
    }
    return out + ikev1_text(ipsec["ikev1"], terminal);
}

}  // namespace keel::cli
