// The overview for a person: a header line, a table for each kind of thing that exists, and for what is down
// one sentence that says why.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace keel::cli {

// `overview` as api::to_json makes it.
[[nodiscard]] std::string show_text(const nlohmann::json& overview);

}  // namespace keel::cli
