// The document against the schema, each fault in words for a person.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "config/fault.hpp"

namespace keel::config {

// Every fault of the document, innermost ones only, without line and column; empty: it is as
// schemas/config.schema.json has it.
[[nodiscard]] std::vector<Fault> validate(const nlohmann::json& document);

// As another schema has it, which references only its own "#/...".
[[nodiscard]] std::vector<Fault> validate(const nlohmann::json& schema, const nlohmann::json& document);

}  // namespace keel::config
