// The JSON Schema at work: validates a document and fills in the defaults, which live in the schema alone.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "config/parse.hpp"

namespace keel::config {

// schemas/config.schema.json as it was at build time.
[[nodiscard]] nlohmann::json config_schema();

// Every fault of the document, innermost ones only; empty: valid.
[[nodiscard]] std::vector<Fault> validate(const nlohmann::json& schema, const nlohmann::json& document);

// Gives each absent property its default, depth first, through $ref, properties, additionalProperties and
// items.
void fill_defaults(const nlohmann::json& schema, nlohmann::json& document);

}  // namespace keel::config
