// Calls of the daemon's control interface: varlink over a unix socket, one connection a call.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.hpp"

namespace keel::cli {

// What became of a call that did not work: for a person, and as the daemon said it.
struct CallFailure {
    Error error;
    std::string name;  // the varlink error's; empty: there was no answer
    nlohmann::json parameters = nlohmann::json::object();
};
template <class T>
using Answer = std::expected<T, CallFailure>;

inline constexpr std::chrono::seconds kPatience{10};
// For what is answered when connections have settled.
inline constexpr std::chrono::seconds kLongPatience{300};

class Client {
public:
    explicit Client(std::string socket_path) : path_(std::move(socket_path)) {}
    [[nodiscard]] const std::string& socket_path() const { return path_; }

    // `method` without the interface's name: "Show"; a name with a dot is taken as it is. The reply's
    // parameters.
    [[nodiscard]] Answer<nlohmann::json> call(const std::string& method,
                                              const nlohmann::json& parameters = nlohmann::json::object(),
                                              std::chrono::seconds patience = kPatience) const;

    // A call with "more": each reply's parameters go to `on_reply`, until it returns false, or something can
    // be read from `stop` (a descriptor; -1: none). The daemon's end is a failure.
    [[nodiscard]] Answer<void> stream(const std::string& method, const nlohmann::json& parameters,
                                      const std::function<bool(const nlohmann::json&)>& on_reply,
                                      int stop) const;

private:
    std::string path_;
};

}  // namespace keel::cli
