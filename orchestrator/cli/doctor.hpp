// keel2tp doctor: looks at this host and says what keeps keel2tp from working, with the remedy. Changes
// nothing.
#pragma once

#include <string>

namespace keel::cli {

struct DoctorOptions {
    std::string config = "/etc/keel2tp/keel2tp.json";  // as in the daemon's unit
    std::string control;                               // empty: as the configuration says
    bool json = false, verbose = false;
};

inline constexpr const char* kDoctorExitCodes =
    "Exit code: 0 nothing worse than a note, 1 a warning, 2 an error, 3 the doctor could not run.\n"
    "Run it as root: what only root can see is otherwise told as a note (...-unchecked). It changes nothing.";

// The exit code.
[[nodiscard]] int doctor(const DoctorOptions& options);

}  // namespace keel::cli
