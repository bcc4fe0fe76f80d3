#include "linux/modules.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <map>

#include "base/unique_fd.hpp"
#include "linux/errors.hpp"
#include "linux/l2tp_genl.hpp"
#include "linux/pppox.hpp"
#include "linux/proc.hpp"

namespace keel {
namespace {

std::string normal(std::string_view name) {
    std::string out(name);
    std::ranges::replace(out, '-', '_');
    return out;
}

std::string_view next_word(std::string_view& line) {
    const auto from = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(from);
    const auto to = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, to);
    line.remove_prefix(to);
    return word;
}

std::string kernel_release() {
    utsname name{};
    return uname(&name) == 0 ? name.release : "unknown";
}

bool lists_module(const std::string& file, std::string_view name) {
    return normal(read_small_file(file)).find("/" + normal(name) + ".ko") != std::string::npos;
}

constexpr const char* kCommandLine = "/proc/cmdline";

// "module_blacklist=a,b" among the words that the kernel was booted with.
bool command_line_blocks(std::string_view name, std::string_view key) {
    const std::string all = read_small_file(kCommandLine);
    std::string_view line = all;
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
        if (!word.starts_with(key)) continue;
        std::string_view list = word.substr(key.size());
        while (!list.empty()) {
            const auto end = std::min(list.find_first_of(",\n"), list.size());
            if (normal(list.substr(0, end)) == normal(name)) return true;
            list.remove_prefix(std::min(end + 1, list.size()));
        }
    }
    return false;
}

// A name in an earlier directory hides the same name in later ones.
std::vector<std::string> modprobe_files() {
    std::map<std::string, std::string> by_name;
    for (const char* directory : {"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
                                  "/usr/lib/modprobe.d", "/lib/modprobe.d"}) {
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
            if (entry.path().extension() != ".conf") continue;
            by_name.try_emplace(entry.path().filename().string(), entry.path().string());
        }
    }
    std::vector<std::string> out;
    for (auto& [name, path] : by_name) out.push_back(std::move(path));
    return out;
}

std::string read_all(int fd) {
    std::string out;
    std::array<char, 512> buffer;
    for (ssize_t got; (got = read(fd, buffer.data(), buffer.size())) > 0;) {
        if (out.size() < 4096) out.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return out.substr(0, out.find('\n'));
}

// The command's exit status, and the first line of what it said on standard error.
Result<std::pair<int, std::string>> run_modprobe(const std::string& name) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return system_fail(errno, "no pipe for modprobe");
    const UniqueFd out(ends[0]);
    UniqueFd in(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.value(), STDERR_FILENO);
    const std::array<std::string, 3> words{"modprobe", "--", name};
    std::array<char*, 4> argv{};
    std::ranges::transform(words, argv.begin(),
                           [](const std::string& word) { return const_cast<char*>(word.data()); });
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char* environment[] = {path, nullptr};
    pid_t pid = 0;
    int error = ENOENT;
    for (const char* program : {"/usr/sbin/modprobe", "/sbin/modprobe"}) {
        error = posix_spawn(&pid, program, &actions, nullptr, argv.data(), environment);
        if (error == 0) break;
    }
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return system_fail(error, "modprobe cannot be started", "install kmod");
    in.reset();
    const std::string said = read_all(out.value());
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return system_fail(errno, "modprobe was lost");
    }
    return std::pair(status, said);
}

Status try_socket(int family, int type, int protocol, const char* what) {
    const UniqueFd fd(socket(family, type | SOCK_CLOEXEC, protocol));
    if (!fd) return system_fail(errno, what);
    return {};
}

// Tries, loads the module on failure, tries again.
template <class Try>
Status ensure(Try attempt, const char* module, const char* what) {
    if (attempt()) return {};
    const Status loaded = load_module(module);
    const Status again = attempt();
    if (again) return {};
    Error error = loaded ? again.error() : loaded.error();
    if (error.remedy.empty()) error.remedy = missing_module_remedy(module);
    return wrap(std::move(error), what);
}

}  // namespace

LineBlocks line_blocks_module(std::string_view line, std::string_view name) {
    const std::string_view verb = next_word(line);
    if (verb != "blacklist" && verb != "install") return LineBlocks::no;
    if (normal(next_word(line)) != normal(name)) return LineBlocks::no;
    if (verb == "blacklist") return LineBlocks::by_alias;
    const std::string_view command = next_word(line);
    const bool nothing = command.ends_with("/false") || command.ends_with("/true") || command == ":";
    return nothing ? LineBlocks::always : LineBlocks::no;
}

std::optional<ModuleBlock> module_block(std::string_view name) {
    if (command_line_blocks(name, "module_blacklist=")) return ModuleBlock{kCommandLine, true};
    std::optional<ModuleBlock> found;
    for (const std::string& path : modprobe_files()) {
        const std::string all = read_small_file(path);
        std::string_view text = all;
        while (!text.empty()) {
            const auto end = std::min(text.find('\n'), text.size());
            const LineBlocks blocks = line_blocks_module(text.substr(0, end), name);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (blocks == LineBlocks::always) return ModuleBlock{path, true};
            if (blocks == LineBlocks::by_alias && !found) found = ModuleBlock{path, false};
        }
    }
    if (!found && command_line_blocks(name, "modprobe.blacklist=")) return ModuleBlock{kCommandLine, false};
    return found;
}

ModuleState module_state(std::string_view name) {
    std::error_code ignored;
    if (std::filesystem::exists("/sys/module/" + normal(name), ignored)) return ModuleState::present;
    const std::string directory = "/lib/modules/" + kernel_release();
    if (lists_module(directory + "/modules.builtin", name)) return ModuleState::present;
    const bool file = std::filesystem::exists(fmt::format("{}/{}.ko", directory, name), ignored);  // OpenWrt
    return file || lists_module(directory + "/modules.dep", name) ? ModuleState::loadable
                                                                  : ModuleState::missing;
}

std::string missing_module_remedy(std::string_view name) {
    if (const auto block = module_block(name)) {
        return fmt::format("{} keeps module {} from being loaded: remove that line", block->file, name);
    }
    if (module_state(name) != ModuleState::missing)
        return fmt::format("run `modprobe {}` as root and look at `dmesg`", name);
    return fmt::format(
        "kernel {} has no module {}: install the full kernel (Debian: linux-image-amd64 instead of the cloud "
        "kernel; Fedora: kernel-modules-extra; OpenWrt: kmod-l2tp kmod-pppol2tp kmod-ipsec4 kmod-nft-xfrm), "
        "then "
        "boot into it",
        kernel_release(), name);
}

Status load_module(std::string_view name) {
    const auto ran = run_modprobe(std::string(name));
    if (!ran) return std::unexpected(ran.error());
    if (WIFEXITED(ran->first) && WEXITSTATUS(ran->first) == 0) return {};
    const bool may = geteuid() == 0;
    return fail(may ? ErrorCode::unsupported : ErrorCode::denied,
                fmt::format("kernel module {} cannot be loaded: {}", name,
                            ran->second.empty() ? "modprobe failed" : ran->second),
                may ? missing_module_remedy(name) : "run as root, or load it at boot by /etc/modules-load.d");
}

std::vector<Error> check_kernel_features(bool with_ipsec) {
    std::vector<Error> missing;
    const auto note = [&missing](Status status) {
        if (!status) missing.push_back(std::move(status.error()));
    };
    const auto l2tp = []() -> Status {
        auto opened = L2tpGenl::open();
        if (!opened) return std::unexpected(std::move(opened.error()));
        return {};
    };
    note(ensure(l2tp, "l2tp_netlink", "no L2TP in the kernel"));
    note(ensure([] { return pppox_is_there(); }, "l2tp_ppp", "no PPP over L2TP in the kernel"));
    if (!with_ipsec) return missing;
    note(ensure([] { return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM, "no XFRM netlink"); }, "xfrm_user",
                "no IPsec in the kernel"));
    // ESP itself shows nowhere before its first SA. The kernel would load it then, but by an alias, which a
    // `blacklist` line makes void.
    if (module_state("esp4") != ModuleState::present) note(load_module("esp4"));
    return missing;
}

}  // namespace keel
