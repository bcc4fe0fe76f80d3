// The recent control messages of a connection: as text, and as a pcap file that Wireshark reads. `messages`
// as schemas/org.keel2tp.varlink has Trace's.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.hpp"
#include "cli/terminal.hpp"

namespace keel::cli {

// Each message with its AVPs below it.
[[nodiscard]] std::string trace_text(const nlohmann::json& messages, const Terminal& terminal = {});

// A pcap file's octets (draft-ietf-opsawg-pcap, LINKTYPE_RAW): each message in the IP and UDP header that it
// had in clear, times in microseconds. Error: a message that has no octets or no addresses.
[[nodiscard]] Result<std::string> trace_pcap(const nlohmann::json& messages);

}  // namespace keel::cli
