// The stages in which a connection comes up, in order; also where one failed.
#pragma once

#include <string_view>

namespace keel::lifecycle {

// call: a client whose tunnel stands waits for the server's call.
enum class Stage { resolve, ike, esp, tunnel, call, session, ppp, routes, up };
[[nodiscard]] std::string_view name_of(Stage stage);

}  // namespace keel::lifecycle
