// Starting pppd: fork, a private view of the file system in which pppd finds no file of its own, exec. And
// what can be known beforehand: whether pppd, the plugin and the kernel's side are there and fit together.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace keel {

struct PppdPaths {
    std::string pppd = "/usr/sbin/pppd";
    std::string plugin;  // absolute path of keel2tp.so
    std::string device = "/dev/ppp";
};

struct SpawnedPppd {
    pid_t pid = -1;  // not reaped: the caller does that when `pidfd` turns readable
    UniqueFd pidfd;
    UniqueFd wire;    // our end of the socketpair, non-blocking
    UniqueFd output;  // pppd's stdout and stderr, non-blocking
};

// Where the build installs the plugin.
[[nodiscard]] std::string installed_pppd_plugin();

// Whether the files are there and may be used. Cheap: no process is started.
[[nodiscard]] Status check_pppd_files(const PppdPaths& paths);

// What `pppd --version` says ("2.4.9"), of a pppd that finds no file of its own; killed after 20 s. Needs
// root.
[[nodiscard]] Result<std::string> pppd_version(const std::string& pppd);
// The version of pppd that the plugin in this file was built for; nothing when it is not ours.
[[nodiscard]] std::optional<std::string> plugin_made_for(const std::string& plugin);

// check_pppd_files(), and that pppd's version is the one that the plugin was built for: runs `pppd --version`
// and waits for it, so it is for start-up only.
[[nodiscard]] Status probe_pppd(const PppdPaths& paths);

// pppd finds /etc/ppp and /run empty (no options file, no scripts, no secrets, no shared database or pid
// file), its user's ~/.ppprc too, and has descriptors 0 to 3 only: /dev/null, the output pipe twice, the
// wire. What fails after the fork is one line in `output` and exit status 127.
[[nodiscard]] Result<SpawnedPppd> spawn_pppd(const PppdPaths& paths);

}  // namespace keel
