// Files that the configuration names: the configuration itself, and secrets by reference.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace keel {

// A whole text file, at most 16 MiB.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path);

// A secret's file; one newline at its end is not part of it. "credential:NAME" is the file NAME in
// $CREDENTIALS_DIRECTORY (systemd). At most 64 KiB; a file that others than its owner can read is refused.
[[nodiscard]] Result<Secret> read_secret_file(const std::string& reference);

// Where a reference leads: itself, or the file of "credential:NAME".
[[nodiscard]] Result<std::string> path_of_reference(const std::string& reference);

}  // namespace keel
