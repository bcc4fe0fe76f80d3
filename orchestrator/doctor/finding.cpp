#include "doctor/finding.hpp"

#include <algorithm>

namespace keel::doctor {

Severity worst(const std::vector<Finding>& findings) {
    Severity out = Severity::ok;
    for (const Finding& finding : findings) out = std::max(out, finding.severity);
    return out;
}

int exit_code(const std::vector<Finding>& findings) {
    const Severity severity = worst(findings);
    if (severity == Severity::error) return 2;
    return severity == Severity::warning ? 1 : 0;
}

std::string_view name(Severity severity) {
    switch (severity) {
        case Severity::ok: return "ok";
        case Severity::note: return "note";
        case Severity::warning: return "warning";
        case Severity::error: return "error";
    }
    return {};
}

}  // namespace keel::doctor
