// LogSetup: how the daemon logs to stderr: levels and format, by the command line before the configuration,
// and changed at run time by either another configuration or SetLog. Owner: main.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "config/config.hpp"

namespace keel {

class LogSetup {
public:
    // `arguments`: as --log-level has them, "debug" or "ppp=debug"; `format`: "text", "json" or empty.
    LogSetup(int fd, std::vector<std::string> arguments, std::string format);
    LogSetup(const LogSetup&) = delete;
    LogSetup& operator=(const LogSetup&) = delete;

    // What SetLog had set is set anew.
    void follow(const config::LogSettings& settings);

    [[nodiscard]] LogLevels& levels() { return levels_; }
    [[nodiscard]] Log& sink() { return stream_; }

    // Whether `argument` is a level, or an area's.
    [[nodiscard]] static bool is_level(std::string_view argument);

private:
    std::vector<std::string> arguments_;
    std::string format_;
    bool json_ = false;
    LogLevels levels_;
    StreamLog stream_;
};

}  // namespace keel
