#include "api/failure.hpp"

namespace keel::api {
namespace {

using nlohmann::json;

std::unexpected<Failure> failure(const char* error, json parameters = json::object()) {
    return std::unexpected(Failure{error, std::move(parameters)});
}

}  // namespace

std::unexpected<Failure> refused(const Error& error) {
    return failure("org.keel2tp.Refused", {{"message", error.message}, {"remedy", error.remedy}});
}

std::unexpected<Failure> not_found(std::string_view kind, std::string_view name,
                                   const std::vector<std::string>& known) {
    return failure("org.keel2tp.NotFound", {{"kind", kind}, {"name", name}, {"known", known}});
}

std::unexpected<Failure> conflict(std::string_view hash) {
    return failure("org.keel2tp.Conflict", {{"hash", hash}});
}

std::unexpected<Failure> invalid_configuration(json faults) {
    return failure("org.keel2tp.InvalidConfiguration", {{"faults", std::move(faults)}});
}

std::unexpected<Failure> invalid_parameter(std::string_view parameter) {
    return failure("org.varlink.service.InvalidParameter", {{"parameter", parameter}});
}

std::unexpected<Failure> permission_denied() {
    return failure("org.varlink.service.PermissionDenied");
}

std::unexpected<Failure> expected_more() {
    return failure("org.varlink.service.ExpectedMore");
}

std::unexpected<Failure> interface_not_found(std::string_view interface) {
    return failure("org.varlink.service.InterfaceNotFound", {{"interface", interface}});
}

std::unexpected<Failure> method_not_found(std::string_view method) {
    return failure("org.varlink.service.MethodNotFound", {{"method", method}});
}

std::unexpected<Failure> method_not_implemented(std::string_view method) {
    return failure("org.varlink.service.MethodNotImplemented", {{"method", method}});
}

}  // namespace keel::api
