// Failure: a refusal as varlink words it: the error's qualified name and its parameters.
#pragma once

#include <expected>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace keel::api {

struct Failure {
    std::string error;
    nlohmann::json parameters = nlohmann::json::object();
};

// A reply's parameters, the whole object.
using Outcome = std::expected<nlohmann::json, Failure>;
using Answer = std::function<void(Outcome)>;  // called once, at once or later

[[nodiscard]] std::unexpected<Failure> refused(const Error& error);
[[nodiscard]] std::unexpected<Failure> not_found(std::string_view kind, std::string_view name,
                                                 const std::vector<std::string>& known);
[[nodiscard]] std::unexpected<Failure> conflict(std::string_view hash);
// `faults`: an array of {pointer, line, column, message}.
[[nodiscard]] std::unexpected<Failure> invalid_configuration(nlohmann::json faults);

// Varlink's own (org.varlink.service).
[[nodiscard]] std::unexpected<Failure> invalid_parameter(std::string_view parameter);
[[nodiscard]] std::unexpected<Failure> permission_denied();
[[nodiscard]] std::unexpected<Failure> expected_more();
[[nodiscard]] std::unexpected<Failure> interface_not_found(std::string_view interface);
[[nodiscard]] std::unexpected<Failure> method_not_found(std::string_view method);
[[nodiscard]] std::unexpected<Failure> method_not_implemented(std::string_view method);

}  // namespace keel::api
