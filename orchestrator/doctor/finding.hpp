// Finding: what the doctor says of one thing: how bad it is, what, where, and what to do about it.
// `id` is part of the interface for scripts: it names the cause, never changes its meaning, and may be said
// of several places (README.md lists all of them).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keel::doctor {

enum class Severity {
    ok,       // checked and fine
    note,     // worth knowing; or it could not be checked
    warning,  // works, but not for everybody, not for long, or not after the next boot
    error,    // keel2tpd, or one of its connections, cannot work like this
};

struct Finding {
    Severity severity = Severity::ok;
    std::string id;      // "port-1701-taken"
    std::string what;    // one sentence without a full stop
    std::string where;   // a file, a JSON pointer, a port, an interface; may be empty
    std::string remedy;  // one line; empty for what is fine
};

// Collects findings in the order of the checks.
class Report {
public:
    void ok(std::string id, std::string what, std::string where = {}) {
        findings_.push_back({Severity::ok, std::move(id), std::move(what), std::move(where), {}});
    }
    void note(std::string id, std::string what, std::string where, std::string remedy) {
        findings_.push_back(
            {Severity::note, std::move(id), std::move(what), std::move(where), std::move(remedy)});
    }
    void warning(std::string id, std::string what, std::string where, std::string remedy) {
        findings_.push_back(
            {Severity::warning, std::move(id), std::move(what), std::move(where), std::move(remedy)});
    }
    void error(std::string id, std::string what, std::string where, std::string remedy) {
        findings_.push_back(
            {Severity::error, std::move(id), std::move(what), std::move(where), std::move(remedy)});
    }
    [[nodiscard]] std::vector<Finding> take() { return std::move(findings_); }

private:
    std::vector<Finding> findings_;
};

// The exit code of `keel2tp doctor`: 0 nothing worse than a note, 1 a warning, 2 an error.
[[nodiscard]] int exit_code(const std::vector<Finding>& findings);
[[nodiscard]] Severity worst(const std::vector<Finding>& findings);
[[nodiscard]] std::string_view name(Severity severity);

}  // namespace keel::doctor
