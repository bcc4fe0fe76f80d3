#include "cli/words.hpp"

#include <fmt/format.h>

namespace keel::cli {

using nlohmann::json;

std::string text_of(const json& value) {
    if (value.is_null()) return "-";
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    // What peers told must not steer the terminal.
    std::string clean;
    for (const char c : text) clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return clean.empty() ? "-" : clean;
}

std::string duration_text(double ms) {
    if (ms < 1000) return fmt::format("{:.0f} ms", ms);
    const auto s = static_cast<long long>(ms / 1000);
    if (s < 120) return fmt::format("{} s", s);
    if (s < 7200) return fmt::format("{} min", s / 60);
    if (s < 172800) return fmt::format("{} h", s / 3600);
    return fmt::format("{} days", s / 86400);
}

std::string bytes_text(const json& value) {
    if (!value.is_number()) return "-";
    double size = value.get<double>();
    const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (size >= 1024 && unit + 1 < std::size(units)) {
        size /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f} B", size) : fmt::format("{:.1f} {}", size, units[unit]);
}

}  // namespace keel::cli
