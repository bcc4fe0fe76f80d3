#include "cli/doctor_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace keel::cli {
namespace {

using doctor::Finding;
using doctor::Severity;

constexpr std::array kWorstFirst{Severity::error, Severity::warning, Severity::note, Severity::ok};
constexpr int kSchema = 1;

// Names of processes, units and connections are others' words: they must not steer the terminal.
std::string clean(const std::string& text) {
    std::string out;
    for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return out;
}

std::size_t count(const std::vector<Finding>& findings, Severity severity) {
    return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

std::string entry(const Finding& finding) {
    std::string out = fmt::format("{:<9}{}", doctor::name(finding.severity), clean(finding.what));
    if (!finding.where.empty()) out += fmt::format(" ({})", clean(finding.where));
    out += fmt::format(" [{}]\n", finding.id);
    if (!finding.remedy.empty()) out += fmt::format("{:<9}-> {}\n", "", clean(finding.remedy));
    return out;
}

std::string plural(std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

std::string doctor_text(const std::vector<Finding>& findings, bool all) {
    std::string out;
    for (const Severity severity : kWorstFirst) {
        if (severity == Severity::ok && !all) continue;
        for (const Finding& finding : findings) {
            if (finding.severity == severity) out += entry(finding);
        }
    }
    if (!out.empty()) out += '\n';
    return out + fmt::format("{}, {}, {}; {} fine{}\n", plural(count(findings, Severity::error), "error"),
                             plural(count(findings, Severity::warning), "warning"),
                             plural(count(findings, Severity::note), "note"),
                             plural(count(findings, Severity::ok), "check"),
                             all ? "" : " (--verbose lists them)");
}

nlohmann::json doctor_json(const std::vector<Finding>& findings, const std::string& version,
                           const std::string& config_path, bool privileged) {
    nlohmann::json list = nlohmann::json::array(), counts = nlohmann::json::object();
    for (const Severity severity : kWorstFirst) {
        counts[std::string(doctor::name(severity))] = count(findings, severity);
        for (const Finding& finding : findings) {
            if (finding.severity != severity) continue;
            list.push_back({{"severity", doctor::name(severity)},
                            {"id", finding.id},
                            {"what", finding.what},
                            {"where", finding.where},
                            {"remedy", finding.remedy}});
        }
    }
    return {{"schema", kSchema},
            {"version", version},
            {"config", config_path},
            {"privileged", privileged},
            {"worst", doctor::name(doctor::worst(findings))},
            {"counts", std::move(counts)},
            {"findings", std::move(list)}};
}

}  // namespace keel::cli
