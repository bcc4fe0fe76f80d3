// Where a configuration holds secrets themselves instead of references to files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keel::doctor {

// JSON pointers of every "psk", "password" and "secret" that is a string; none in what is not JSON.
[[nodiscard]] std::vector<std::string> inline_secrets(std::string_view text);

}  // namespace keel::doctor
