#include "cli/explain.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>

#include "base/printable.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kNamesToList = 12;
constexpr const char* kOneVersion = "use keel2tp and keel2tpd of one version (keel2tp version shows both)";

// Letters replaced, missing, too many or swapped with their neighbour (optimal string alignment).
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> before, last, row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = std::exchange(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), row[j - 1] + 1, last[j] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row.back();
}

std::vector<std::string> texts_in(const json& parameters, const char* name) {
    std::vector<std::string> out;
    if (!parameters.contains(name) || !parameters[name].is_array()) return out;
    for (const json& entry : parameters[name]) out.push_back(text_of(entry));
    return out;
}

Error not_allowed(const std::string& group) {
    return {ErrorCode::denied, "keel2tpd does not let you do this",
            group.empty() ? "run keel2tp as root"
                          : "run keel2tp as root, or as a member of the group that control.admin-group names "
                            "(the socket's group may only look)"};
}

}  // namespace

std::string nearest(const std::string& name, const std::vector<std::string>& known) {
    std::string best;
    std::size_t least = std::max<std::size_t>(name.size() / 3, 1) + 1;
    for (const auto& candidate : known) {
        // "office" for "lns/offce": the role is not part of what was mistyped.
        const auto slash = candidate.find('/');
        auto far = distance(name, candidate);
        if (slash != std::string::npos && name.find('/') == std::string::npos)
            far = std::min(far, distance(name, candidate.substr(slash + 1)));
        if (far < least) {
            least = far;
            best = candidate;
        }
    }
    return best;
}

Error not_found(const std::string& kind, const std::string& name, const std::vector<std::string>& known) {
    const std::string message = fmt::format("there is no {} \"{}\"", kind, printable(name));
    if (known.empty()) return {ErrorCode::not_found, message, fmt::format("there is no {} at all now", kind)};
    if (const auto meant = nearest(name, known); !meant.empty())
        return {ErrorCode::not_found, message, fmt::format("did you mean \"{}\"?", printable(meant))};
    std::vector<std::string> shown(
        known.begin(), known.begin() + static_cast<std::ptrdiff_t>(std::min(known.size(), kNamesToList)));
    for (auto& entry : shown) entry = printable(entry);
    return {ErrorCode::not_found, message,
            fmt::format(
                "there {} {}{}", shown.size() == 1 ? "is" : "are", fmt::join(shown, ", "),
                known.size() > shown.size() ? fmt::format(" and {} more", known.size() - shown.size()) : "")};
}

Error no_permission(const std::string& socket_path, const std::string& group) {
    return {
        ErrorCode::denied, fmt::format("you may not use {}", socket_path),
        group.empty() || group == "root"
            ? "run keel2tp as root; control.read-group and control.admin-group in the configuration let "
              "others in"
            : fmt::format(
                  "run keel2tp as root, or as a member of the group {0} (usermod -aG {0} NAME, then log in "
                  "again)",
                  group)};
}

Error no_daemon(const std::string& socket_path, int error) {
    return {ErrorCode::unavailable,
            error == ENOENT || error == ECONNREFUSED
                ? fmt::format("keel2tpd does not run: nobody answers on {}", socket_path)
                : fmt::format("keel2tpd does not answer on {} ({})", socket_path, std::strerror(error)),
            "start it (systemctl start keel2tp), or name its socket with --control; keel2tp doctor says what "
            "keeps it from "
            "starting"};
}

Error explain(const std::string& name, const json& parameters, const std::string& group) {
    const auto is = [&name](std::string_view what) { return name == what; };
    if (is("org.varlink.service.PermissionDenied")) return not_allowed(group);
    if (is("org.keel2tp.NotFound"))
        return not_found(text_in(parameters, "kind"), text_in(parameters, "name"),
                         texts_in(parameters, "known"));
    if (is("org.keel2tp.Conflict"))
        return {ErrorCode::busy,
                fmt::format("the running configuration is not the one you started from: its hash is {} now",
                            text_in(parameters, "hash")),
                "someone changed it in between; look at it (keel2tp show config), put your change into it "
                "and apply that"};
    if (is("org.keel2tp.Refused")) {
        const auto remedy = text_in(parameters, "remedy");
        return {ErrorCode::denied, text_in(parameters, "message"), remedy == "-" ? std::string() : remedy};
    }
    if (is("org.keel2tp.InvalidConfiguration"))
        return {ErrorCode::invalid, "the configuration has faults", "mend them; nothing was changed"};
    if (is("org.varlink.service.MethodNotFound") || is("org.varlink.service.MethodNotImplemented"))
        return {ErrorCode::unsupported,
                fmt::format("this keel2tpd cannot do that ({})", text_in(parameters, "method")), kOneVersion};
    if (name.ends_with(".InvalidParameter"))
        return {ErrorCode::invalid,
                fmt::format("keel2tpd does not take this \"{}\"", text_in(parameters, "parameter")),
                kOneVersion};
    return {ErrorCode::invalid,
            fmt::format("keel2tpd refused: {} {}", printable(name), printable(parameters.dump())),
            kOneVersion};
}

std::string faults_text(const json& parameters, const std::string& file) {
    std::string out;
    std::size_t count = 0;
    for (const json& fault : parameters.value("faults", json::array())) {
        const auto pointer = text_in(fault, "pointer");
        std::string place = printable(file);
        for (const char* part : {"line", "column"}) {
            if (!fault.contains(part) || !fault[part].is_number_integer() || fault[part] < 1) break;
            place += ":" + fault[part].dump();
        }
        out += fmt::format("{}: {}{}\n", place, pointer == "-" ? std::string() : pointer + ": ",
                           text_in(fault, "message"));
        ++count;
    }
    return out + fmt::format("keel2tp: {} has {} fault{}; nothing was changed; mend {} and try again\n",
                             printable(file), count, count == 1 ? "" : "s", count == 1 ? "it" : "them");
}

}  // namespace keel::cli
