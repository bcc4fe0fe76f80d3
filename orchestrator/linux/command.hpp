// Another program's words, with a deadline: for questions that only it can answer.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace keel {

// Runs argv[0] (a path, no shell) with an empty environment but PATH and LC_ALL=C; its standard output, 64
// KiB at most. timeout: it was killed at the deadline. unavailable: it could not be run, or ended with
// another code than 0.
[[nodiscard]] Result<std::string> run_command(const std::vector<std::string>& argv, Duration deadline);

// What can be read from a pipe until its end: at most `most` octets, until the deadline.
[[nodiscard]] Result<std::string> read_until_end(int fd, std::size_t most, Duration deadline);

}  // namespace keel
