// From errno to an Error: the code is decided here once, the words are the caller's plus the kernel's own.
#pragma once

#include <string>

#include "base/result.hpp"

namespace keel {

// "what: No such device". Without `remedy`, the one that fits the code (a missing privilege) is put in.
[[nodiscard]] Error system_error(int error, const std::string& what, std::string remedy = {});
[[nodiscard]] inline std::unexpected<Error> system_fail(int error, const std::string& what,
                                                        std::string remedy = {}) {
    return std::unexpected(system_error(error, what, std::move(remedy)));
}

}  // namespace keel
