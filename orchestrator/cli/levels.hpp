// The log's levels and areas, as the control interface names them.
#pragma once

#include <string>
#include <vector>

namespace keel::cli {

inline const std::vector<std::string> kLogLevels{"error", "warning", "notice", "info", "debug"};
inline const std::vector<std::string> kLogAreas{"daemon",  "config", "connection", "ipsec",  "tunnel",
                                                "session", "call",   "ppp",        "kernel", "control"};

}  // namespace keel::cli
