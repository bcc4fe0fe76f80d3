// The overview as JSON: what `keel2tp show --json` prints. Field names are part of the interface.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "lifecycle/status.hpp"

namespace keel::api {

// What the process knows of itself.
struct DaemonFacts {
    std::string version;
    std::int64_t pid = 0;
    double cpu_seconds = 0;  // user and system, since the start
    std::uint64_t datagrams_received =
        0;  // over all UDP sockets: control messages only, data never comes here
    std::uint64_t datagrams_sent = 0;
    Duration uptime{};
    // What IPsec wants of the kernel and whether that can do it, by name; none: it could not be tried.
    std::map<std::string, std::optional<bool>> kernel{};
};

[[nodiscard]] nlohmann::json to_json(const DaemonFacts& daemon, const lifecycle::Overview& overview,
                                     Time now);

}  // namespace keel::api
