// What went wrong with a call, in words for a person, each with what to do next. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace keel::cli {

// The known name that was probably meant; empty: none is near.
[[nodiscard]] std::string nearest(const std::string& name, const std::vector<std::string>& known);

// "no connection 'offce'", with the nearest one, or the known ones, as remedy.
[[nodiscard]] Error not_found(const std::string& kind, const std::string& name,
                              const std::vector<std::string>& known);

// `group` may use the socket; empty: only root may.
[[nodiscard]] Error no_permission(const std::string& socket_path, const std::string& group);

// connect() failed with `error`, an errno.
[[nodiscard]] Error no_daemon(const std::string& socket_path, int error);

// An error of the control interface (schemas/org.keel2tp.varlink) or of varlink itself. `group`: as above.
[[nodiscard]] Error explain(const std::string& name, const nlohmann::json& parameters,
                            const std::string& group);

// One line each: "office.json:12:5: /lns/office/users: ...", and a last one that counts them.
[[nodiscard]] std::string faults_text(const nlohmann::json& parameters, const std::string& file);

}  // namespace keel::cli
