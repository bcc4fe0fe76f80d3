#include "api/event_json.hpp"

#include <fmt/chrono.h>

#include <ctime>

namespace keel::api {
using nlohmann::ordered_json;

std::string text_of(WallTime time) {
    const auto whole = std::chrono::floor<seconds>(time);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(whole.count())),
                       (time - whole).count());
}

ordered_json to_json(const Record& record, WallTime time) {
    ordered_json event = {{"time", text_of(time)},
                          {"level", name_of(record.level)},
                          {"id", record.id},
                          {"area", record.area()}};
    for (const Field& field : record.fields) {
        std::visit([&](const auto& value) { event.emplace(field.key, value); }, field.value);
    }
    return event;
}

std::string to_json_line(const Record& record, WallTime time) {
    return to_json(record, time).dump(-1, ' ', true, ordered_json::error_handler_t::replace);
}

}  // namespace keel::api
