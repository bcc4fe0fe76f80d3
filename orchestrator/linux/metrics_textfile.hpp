// MetricsTextfile: the metrics as a file for node_exporter's textfile collector, every 15 seconds. The file
// appears whole or not at all.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"

namespace keel {

class MetricsTextfile {
public:
    static constexpr auto kInterval = std::chrono::seconds(15);

    MetricsTextfile(asio::io_context& loop, Log& log, std::function<std::string()> text)
        : timer_(loop), log_(log), text_(std::move(text)) {}

    // Writes at once, and then again and again; a failure is logged when it is news.
    void start(std::string path);
    // Removes the file: who reads it shall not take it for the present.
    void stop();

private:
    void write();

    asio::steady_timer timer_;
    Log& log_;
    std::function<std::string()> text_;
    std::string path_;
    std::string last_failure_;
};

// By a file beside it, of mode 644, that takes its name.
[[nodiscard]] Status replace_file(const std::string& path, const std::string& text);

}  // namespace keel
