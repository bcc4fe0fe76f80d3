#include "linux/pppd_spawn.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "linux/command.hpp"

namespace keel {
namespace {

constexpr int kWireFd = 3;
constexpr std::size_t kMostWords = 4096;
constexpr Duration kVersionPatience = seconds(20);
constexpr const char* kConfigDirectory = "/etc/ppp";

std::unexpected<Error> system_failure(const std::string& what) {
    return fail(ErrorCode::io, fmt::format("{}: {}", what, std::strerror(errno)));
}

// All that the child needs, made before the fork: afterwards only async-signal-safe calls are allowed.
struct ChildPlan {
    std::string pppd, run_directory;
    std::string user_options;      // ~/.ppprc where it exists
    std::vector<char*> arguments;  // null-terminated, not owned
    int null = -1, output = -1, wire = -1;
};

// strerror() is not on the list of what a forked child may call; this process has one thread, so it is safe.
[[noreturn]] void give_up(const char* what) {
    const int error = errno;
    const char* parts[] = {"cannot ", what, ": ", ::strerror(error), "\n"};
    for (const char* part : parts) (void)!::write(STDERR_FILENO, part, std::strlen(part));
    ::_exit(127);
}

// pppd as root reads /etc/ppp/options and ~/.ppprc whatever its arguments are, and 2.4.9 has the scripts'
// paths compiled in. In a mount namespace of its own it finds none of them, and leaves nothing in /run.
void hide_files(const ChildPlan& plan) {
    constexpr unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        give_up("make a mount namespace for pppd");
    if (::mount("tmpfs", kConfigDirectory, "tmpfs", flags, "mode=0755,size=64k") != 0)
        give_up("hide /etc/ppp from pppd");
    if (::mount("tmpfs", plan.run_directory.c_str(), "tmpfs", flags, "mode=0755,size=256k") != 0)
        give_up("hide /run from pppd");
    (void)::mkdir("/run/pppd", 0755);  // 2.5 keeps its database there
    if (!plan.user_options.empty() &&
        ::mount("/dev/null", plan.user_options.c_str(), nullptr, MS_BIND, nullptr) != 0)
        give_up("hide ~/.ppprc from pppd");
}

void reset_signals() {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) (void)::sigaction(number, &action, nullptr);
    sigset_t none;
    sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const ChildPlan& plan) {
    // The plan's descriptors are above the range that they are put into, see above_range().
    if (::dup2(plan.null, STDIN_FILENO) < 0 || ::dup2(plan.output, STDOUT_FILENO) < 0 ||
        ::dup2(plan.output, STDERR_FILENO) < 0 || ::dup2(plan.wire, kWireFd) < 0)
        ::_exit(127);
    (void)::syscall(SYS_close_range, kWireFd + 1, ~0U,
                    0);  // they are O_CLOEXEC; this is for libraries' slips
    (void)::chdir("/");
    ::umask(022);
    hide_files(plan);
    reset_signals();
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C";
    char* const environment[] = {path, language, nullptr};
    ::execve(plan.pppd.c_str(), plan.arguments.data(), environment);
    give_up("run pppd");
}

UniqueFd above_range(int fd) {
    return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, kWireFd + 1));
}

std::string user_options_path() {
    const passwd* const entry = ::getpwuid(::getuid());
    if (!entry || !entry->pw_dir) return {};
    const std::string path = std::string(entry->pw_dir) + "/.ppprc";
    return ::access(path.c_str(), F_OK) == 0 ? path : std::string{};
}

std::string run_directory() {
    std::array<char, PATH_MAX> resolved{};
    return ::realpath("/var/run", resolved.data()) ? resolved.data() : "/run";
}

// Signals stay blocked from before the fork until the child has its dispositions back, so that no handler of
// ours runs in it.
pid_t fork_with_signals_blocked(const ChildPlan& plan) {
    sigset_t all, before;
    sigfillset(&all);
    (void)::sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t pid = ::fork();
    if (pid == 0) run_child(plan);
    const int error = errno;
    (void)::sigprocmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return pid;
}

// The first match of "PREFIX<text>END" in a file, where END is a blank, a dot before the file's next NUL, or
// NUL.
std::optional<std::string> mark_in_file(const std::string& path, std::string_view prefix) {
    std::ifstream file(path, std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto at = all.find(prefix);
    if (at == std::string::npos) return std::nullopt;
    const auto start = at + prefix.size();
    return all.substr(start, std::min(all.find_first_of(std::string(" \0", 2), start), all.size()) - start);
}

struct Started {
    pid_t pid = -1;
    UniqueFd wire, output;
};

// Each argument its own entry; the child's descriptor 3 is the wire's other end.
Result<Started> start_pppd(const std::string& pppd, std::vector<std::string> arguments) {
    int pair[2], pipe[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return system_failure("cannot make a socket for pppd");
    UniqueFd ours(pair[0]), theirs(pair[1]);
    if (::pipe2(pipe, O_CLOEXEC) != 0) return system_failure("cannot make a pipe for pppd");
    UniqueFd output(pipe[0]), child_output(pipe[1]);
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null) return system_failure("cannot open /dev/null for pppd");
    const UniqueFd null_high = above_range(null.value()), output_high = above_range(child_output.value()),
                   wire_high = above_range(theirs.value());
    if (!null_high || !output_high || !wire_high)
        return system_failure("cannot prepare descriptors for pppd");
    ChildPlan plan{pppd,
                   run_directory(),
                   user_options_path(),
                   {},
                   null_high.value(),
                   output_high.value(),
                   wire_high.value()};
    for (auto& argument : arguments) plan.arguments.push_back(argument.data());
    plan.arguments.push_back(nullptr);
    const pid_t pid = fork_with_signals_blocked(plan);
    if (pid < 0) return system_failure("cannot fork for pppd");
    return Started{pid, std::move(ours), std::move(output)};
}

}  // namespace

std::string installed_pppd_plugin() {
    return KEEL_PPPD_PLUGIN;
}

Result<std::string> pppd_version(const std::string& pppd) {
    auto started = start_pppd(pppd, {pppd, "--version"});
    if (!started) return std::unexpected(started.error());
    const auto said = read_until_end(started->output.value(), kMostWords, kVersionPatience);
    (void)::kill(started->pid, SIGKILL);  // it has said what it had to say, or never will
    (void)::waitpid(started->pid, nullptr, 0);
    if (!said) return wrap(said.error(), fmt::format("{} --version", pppd));
    const std::string& text = *said;
    constexpr std::string_view prefix = "pppd version ";
    const auto at = text.find(prefix);
    if (at == std::string::npos)
        return fail(
            ErrorCode::unsupported,
            fmt::format("{} --version says no version but \"{}\"", pppd, text.substr(0, text.find('\n'))),
            "install pppd 2.4.9 or 2.5, and run as root");
    const auto start = at + prefix.size();
    return text.substr(start, text.find_first_of(" \r\n", start) - start);
}

std::optional<std::string> plugin_made_for(const std::string& plugin) {
    return mark_in_file(plugin, "keel2tp-plugin pppd=");
}

Status check_pppd_files(const PppdPaths& paths) {
    if (::access(paths.pppd.c_str(), X_OK) != 0)
        return fail(errno == EACCES ? ErrorCode::denied : ErrorCode::not_found,
                    fmt::format("cannot run pppd at {}: {}", paths.pppd, std::strerror(errno)),
                    "install the package ppp");
    if (paths.plugin.empty() || paths.plugin.front() != '/' || ::access(paths.plugin.c_str(), R_OK) != 0)
        return fail(ErrorCode::not_found, fmt::format("pppd's plugin is not at \"{}\"", paths.plugin),
                    "install keel2tp's plugin for this version of pppd");
    struct stat status {};
    if (::stat(kConfigDirectory, &status) != 0 || !S_ISDIR(status.st_mode))
        return fail(ErrorCode::not_found, "there is no directory /etc/ppp", "make it; it may be empty");
    if (::stat(paths.device.c_str(), &status) != 0)
        return fail(ErrorCode::unavailable, fmt::format("there is no device {}", paths.device),
                    "load the kernel's PPP (modprobe ppp_generic), or give the container that device");
    return {};
}

Status probe_pppd(const PppdPaths& paths) {
    if (auto status = check_pppd_files(paths); !status) return status;
    const auto version = pppd_version(paths.pppd);
    if (!version) return std::unexpected(version.error());
    const auto built_for = plugin_made_for(paths.plugin);
    if (!built_for)
        return fail(ErrorCode::unsupported, fmt::format("{} is not keel2tp's plugin", paths.plugin),
                    "install keel2tp's plugin for this version of pppd");
    if (*built_for != *version)
        return fail(ErrorCode::unsupported,
                    fmt::format("the plugin {} is for pppd {}, but {} is version {}", paths.plugin,
                                *built_for, paths.pppd, *version),
                    fmt::format("install keel2tp's plugin for pppd {}", *version));
    return {};
}

Result<SpawnedPppd> spawn_pppd(const PppdPaths& paths) {
    if (auto status = check_pppd_files(paths); !status) return std::unexpected(status.error());
    auto started =
        start_pppd(paths.pppd, {paths.pppd, "nodetach", "plugin", paths.plugin, "keel2tp-fd", "3"});
    if (!started) return std::unexpected(started.error());
    const pid_t pid = started->pid;
    // Our ends only: the flag belongs to the open file, and a socketpair's two ends are two.
    (void)::fcntl(started->wire.value(), F_SETFL, O_NONBLOCK);
    (void)::fcntl(started->output.value(), F_SETFL, O_NONBLOCK);
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) {
        const int error = errno;
        (void)::kill(pid, SIGKILL);
        (void)::waitpid(pid, nullptr, 0);
        errno = error;
        return system_failure("cannot watch pppd (pidfd_open)");
    }
    return SpawnedPppd{pid, std::move(pidfd), std::move(started->wire), std::move(started->output)};
}

}  // namespace keel
