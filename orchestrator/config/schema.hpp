// The JSON Schema as data: ways through it, and the defaults, which live in it alone.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace keel::config {

// schemas/config.schema.json as it was at build time.
[[nodiscard]] const nlohmann::json& config_schema();

// What a $ref ("#/...") of `node` names, or `node`. A broken one is our own bug and throws.
[[nodiscard]] const nlohmann::json& followed(const nlohmann::json& root, const nlohmann::json& node);

// The schema of `key` inside an object or array that `node` describes; null where it describes none.
[[nodiscard]] const nlohmann::json* child_schema(const nlohmann::json& root, const nlohmann::json& node,
                                                 const std::string& key);

// The schema, followed, of the place that `keys` lead to; null where it describes none.
[[nodiscard]] const nlohmann::json* schema_at(const nlohmann::json& root,
                                              const std::vector<std::string>& keys);

// Gives each absent property its default, depth first, through $ref, properties, additionalProperties and
// items.
void fill_defaults(const nlohmann::json& schema, nlohmann::json& document);

// The places of `document` that hold what the schema's definition "secret" describes.
[[nodiscard]] std::vector<nlohmann::json::json_pointer> secret_places(const nlohmann::json& schema,
                                                                      const nlohmann::json& document);

}  // namespace keel::config
