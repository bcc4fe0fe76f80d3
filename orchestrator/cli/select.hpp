// Which of the things that exist a command is about: names as they are typed, and filters. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace keel::cli {

struct Filter {
    std::vector<std::string> names;
    std::string user, connection, state;
    [[nodiscard]] bool empty() const {
        return names.empty() && user.empty() && connection.empty() && state.empty();
    }
};

[[nodiscard]] std::vector<std::string> connection_names(const nlohmann::json& overview);

// "office" -> "lns/office", unless there is a lac/office, too: that is an error, like a name that nobody has.
[[nodiscard]] Result<std::string> full_name(const std::string& typed, const std::vector<std::string>& known);

// The entries of overview[kind] (connections, tunnels, sessions, sas) or of Users' users that the filter
// wants, in their order. A name that no entry has is an error; what --user, --connection and --state leave
// may be nothing.
[[nodiscard]] Result<nlohmann::json> select(const std::string& kind, const nlohmann::json& entries,
                                            const Filter& filter, const nlohmann::json& overview);

}  // namespace keel::cli
