// What a peer tells of a call beside what L2TP itself needs, in words for an operator: numbers, the line,
// what the LAC and the caller did in PPP before us. Nothing acts on it, and no password, challenge or
// response is in it.
#pragma once

#include <string>
#include <vector>

#include "l2tp/message.hpp"

namespace keel::l2tp {

// Those of an ICRQ, OCRQ, OCRP, ICCN, OCCN, WEN, SLI or MDMST (RFC 2661, 3301, 3437, 3573, 5515).
[[nodiscard]] std::vector<CallFact> facts_of(const Message& message);

// LCP's configuration options (RFC 1661 6) in words: "MRU 1492, authentication PAP, magic number".
[[nodiscard]] std::string lcp_options_text(ByteView options);

}  // namespace keel::l2tp
