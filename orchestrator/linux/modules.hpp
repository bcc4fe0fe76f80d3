// Kernel modules: whether a feature is there is found by trying it; here a missing one is loaded, and what
// cannot be loaded is explained (blacklisted in which file, not on this machine at all, or no right to).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace keel {

// Loads `name` and what it depends on, by modprobe (no shell). Success too when it is loaded or built in
// already.
[[nodiscard]] Status load_module(std::string_view name);

// What to do about a feature of module `name` that the kernel does not have: one sentence.
[[nodiscard]] std::string missing_module_remedy(std::string_view name);

// The file with an `install NAME /bin/false` or `blacklist NAME` line among modprobe's directories; empty:
// none.
[[nodiscard]] std::string blacklisting_file(std::string_view name);
// Whether one line of a modprobe.d file keeps `name` from being loaded. `-` and `_` are the same in module
// names.
[[nodiscard]] bool line_blocks_module(std::string_view line, std::string_view name);

// Tries everything that tunnels need (l2tp_netlink, l2tp_ppp, ppp; with_ipsec: xfrm_user, esp4), loads what
// is missing, and returns one Error for each thing that stays missing.
[[nodiscard]] std::vector<Error> check_kernel_features(bool with_ipsec);

}  // namespace keel
