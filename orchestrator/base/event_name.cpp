#include "base/event_name.hpp"

#include <algorithm>

#include "base/event_ids.hpp"
#include "base/log.hpp"

namespace keel {

std::string_view area_meant(std::string_view name) {
    if (name.ends_with(".*")) name.remove_suffix(2);
    return name.contains('.') ? std::string_view() : name;
}

bool names_events(std::string_view name) {
    return std::ranges::find(kEventIds, name) != kEventIds.end() || is_log_area(area_meant(name));
}

}  // namespace keel
