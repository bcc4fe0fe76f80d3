// Parameters: a call's parameters, taken by name and type. The first that is missing, of another type, or
// unknown is the fault; null stands for absent, as varlink has it.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace keel::api {

class Parameters {
public:
    explicit Parameters(const nlohmann::json& object) : object_(object) {}

    [[nodiscard]] std::string text(std::string_view name);
    [[nodiscard]] std::optional<std::string> maybe_text(std::string_view name);
    [[nodiscard]] std::optional<std::vector<std::string>> maybe_texts(std::string_view name);
    [[nodiscard]] std::optional<bool> maybe_flag(std::string_view name);
    // Within [0, `most`].
    [[nodiscard]] std::optional<std::uint64_t> maybe_number(
        std::string_view name, std::uint64_t most = std::numeric_limits<std::int64_t>::max());
    // For what is of the right type, and wrong all the same.
    void reject(std::string_view name);

    // After the last was taken: the name of the parameter that is at fault.
    [[nodiscard]] std::optional<std::string> fault();

private:
    [[nodiscard]] const nlohmann::json* take(std::string_view name);

    const nlohmann::json& object_;
    std::set<std::string, std::less<>> taken_;
    std::optional<std::string> fault_;
};

}  // namespace keel::api
