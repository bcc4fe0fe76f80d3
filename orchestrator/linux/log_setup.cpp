#include "linux/log_setup.hpp"

#include <cstdlib>

#include "api/event_json.hpp"
#include "linux/system.hpp"

namespace keel {
namespace {

// False: it is neither a level nor an area's.
bool set_level(LogLevels& levels, std::string_view text) {
    const auto equals = text.find('=');
    const bool of_area = equals != std::string_view::npos;
    const auto level = log_level_named(of_area ? text.substr(equals + 1) : text);
    if (!level || (of_area && !is_log_area(text.substr(0, equals)))) return false;
    if (of_area) {
        levels.set(text.substr(0, equals), level);
    } else {
        levels.set(*level);
    }
    return true;
}

// journald sets it for a service whose stderr it reads, and understands priorities.
bool journald_reads() {
    return std::getenv("JOURNAL_STREAM") != nullptr;
}

}  // namespace

LogSetup::LogSetup(int fd, std::vector<std::string> arguments, std::string format)
    : arguments_(std::move(arguments)),
      format_(std::move(format)),
      json_(format_ == "json"),
      stream_(fd, levels_, journald_reads(), [this](const Record& record) {
          return json_ ? api::to_json_line(record, wall_now()) : to_text(record);
      }) {
    for (const std::string& argument : arguments_) set_level(levels_, argument);
}

void LogSetup::follow(const config::LogSettings& settings) {
    levels_ = LogLevels(settings.level);
    for (const auto& [area, level] : settings.levels) levels_.set(area, level);
    for (const std::string& argument : arguments_) set_level(levels_, argument);
    json_ = format_.empty() ? settings.format == config::LogSettings::Format::json : format_ == "json";
}

bool LogSetup::is_level(std::string_view argument) {
    LogLevels levels;
    return set_level(levels, argument);
}

}  // namespace keel
