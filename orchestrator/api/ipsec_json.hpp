// The IPsec view as JSON: what `keel2tp ipsec --json` prints. Field names are part of the interface.
#pragma once

#include <nlohmann/json.hpp>

#include "lifecycle/ipsec_history.hpp"
#include "lifecycle/ipsec_view.hpp"

namespace keel::api {

[[nodiscard]] nlohmann::json to_json(const lifecycle::IpsecView& view, const lifecycle::IpsecHistory& history,
                                     Time now);

}  // namespace keel::api
