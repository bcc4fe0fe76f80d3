// Secrets that stand in the document itself: blanked before it is shown, and taken from the running document
// where {"unchanged": true} stands for one. The schema says which places hold secrets.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace keel::config {

// Puts the running document's secret, or reference to one, in the place of each {"unchanged": true} of
// `document`; one for which the running document has none stays. Gives `text`, of which `document` was
// parsed, with the same exchanges and otherwise as it was.
[[nodiscard]] std::string restore_unchanged(std::string_view text, nlohmann::json& document,
                                            std::string_view running);

}  // namespace keel::config
