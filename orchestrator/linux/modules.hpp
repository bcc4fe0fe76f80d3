// Kernel modules: whether a feature is there is found by trying it; here a missing one is loaded, and what
// cannot be loaded is explained (blacklisted in which file, not on this machine at all, or no right to).
#pragma once

#include <optional>
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

enum class ModuleState { present, loadable, missing };  // present: loaded, or built in
// By reading alone: nothing is loaded.
[[nodiscard]] ModuleState module_state(std::string_view name);

// What keeps a module from being loaded. `refused`: even by its name (`install NAME /bin/false`, the kernel's
// module_blacklist=); otherwise only when the kernel asks for it by an alias (`blacklist NAME`).
struct ModuleBlock {
    std::string file;
    bool refused = false;
};
// Among modprobe's directories, where a file hides those of the same name in later ones (modprobe.d(5)), and
// on the kernel's command line.
[[nodiscard]] std::optional<ModuleBlock> module_block(std::string_view name);
// How one line of a modprobe.d file keeps `name` from being loaded. `-` and `_` are the same in module names.
enum class LineBlocks { no, by_alias, always };
[[nodiscard]] LineBlocks line_blocks_module(std::string_view line, std::string_view name);

// Tries everything that tunnels need (l2tp_netlink, l2tp_ppp, ppp; with_ipsec: xfrm_user, esp4), loads what
// is missing, and returns one Error for each thing that stays missing.
[[nodiscard]] std::vector<Error> check_kernel_features(bool with_ipsec);

}  // namespace keel
