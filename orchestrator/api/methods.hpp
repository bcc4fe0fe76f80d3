// The methods of org.keel2tp: name, who may call it, and how its parameters become a call of the House.
// Monitor is not among them: it streams, and Service does that.
#pragma once

#include <span>
#include <string_view>

#include "api/house.hpp"
#include "api/parameters.hpp"

namespace keel::api {

struct Method {
    std::string_view name;  // without its interface
    Access access = Access::admin;
    void (*call)(House& house, const Caller& caller, Parameters& parameters, Answer answer) = nullptr;
};

[[nodiscard]] std::span<const Method> methods();

}  // namespace keel::api
