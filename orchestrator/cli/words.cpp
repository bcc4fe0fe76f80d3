#include "cli/words.hpp"

#include <fmt/format.h>

#include "base/printable.hpp"

namespace keel::cli {

using nlohmann::json;

std::string text_of(const json& value) {
    if (value.is_null()) return "-";
    const std::string text = value.is_string() ? value.get<std::string>()
                                               : value.dump(-1, ' ', false, json::error_handler_t::replace);
    return text.empty() ? "-" : printable(text);
}

std::string text_in(const json& object, const char* name) {
    if (!object.is_object()) return "-";
    const auto found = object.find(name);
    return found == object.end() ? "-" : text_of(*found);
}

std::string joined(const json& texts, std::string_view between) {
    std::string out;
    for (const json& part : texts) out += (out.empty() ? "" : std::string(between)) + text_of(part);
    return out;
}

std::string counted(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Colour colour_of(const json& state) {
    if (state == "up" || state == "listening" || state == "established" || state == "ready")
        return Colour::good;
    if (state == "down" || state == "failed") return Colour::bad;
    return Colour::busy;
}

std::string ago_text(const json& ms) {
    return ms.is_number() ? duration_text(ms.get<double>()) + " ago" : "-";
}

std::string why_text(const json& why) {
    const auto stage = text_in(why, "stage");
    std::string text = (stage == "-" ? std::string() : stage + " failed: ") + text_in(why, "message");
    if (const auto remedy = text_in(why, "remedy"); remedy != "-") text += "; " + remedy;
    return text;
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
