// How those who ask for events name them: by id, or a whole area at once.
#pragma once

#include <string_view>

namespace keel {

// The area that "session" and "session.*" mean; of an event's id: empty.
[[nodiscard]] std::string_view area_meant(std::string_view name);

// Whether it is an event's id, an area, or "AREA.*".
[[nodiscard]] bool names_events(std::string_view name);

}  // namespace keel
