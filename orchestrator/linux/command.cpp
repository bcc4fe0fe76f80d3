#include "linux/command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "base/unique_fd.hpp"
#include "linux/errors.hpp"
#include "linux/system.hpp"

namespace keel {
namespace {

constexpr std::size_t kMost = 65536;

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return -1;
    }
    return status;
}

Result<pid_t> spawn(const std::vector<std::string>& argv, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.data()));
    words.push_back(nullptr);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C";
    char* const environment[] = {path, language, nullptr};
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, argv.front().c_str(), &actions, nullptr, words.data(), environment);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return fail(ErrorCode::unavailable, fmt::format("cannot run {}", argv.front()));
    return pid;
}

}  // namespace

Result<std::string> read_until_end(int fd, std::size_t most, Duration deadline) {
    const Time until = monotonic_now() + deadline;
    std::string text;
    std::array<char, 4096> part{};
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - monotonic_now()).count();
        pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&readable, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) return system_fail(errno, "a program's words cannot be read");
        if (ready == 0) return fail(ErrorCode::timeout, "no answer in time");
        const ssize_t got = ::read(fd, part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_fail(errno, "a program's words cannot be read");
        if (got == 0) return text;
        text.append(part.data(), std::min(static_cast<std::size_t>(got), most - text.size()));
    }
}

Result<std::string> run_command(const std::vector<std::string>& argv, Duration deadline) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_fail(errno, "no pipe");
    const UniqueFd out(ends[0]);
    UniqueFd in(ends[1]);
    const auto pid = spawn(argv, in.value());
    if (!pid) return std::unexpected(pid.error());
    in.reset();
    auto text = read_until_end(out.value(), kMost, deadline);
    if (!text) (void)::kill(*pid, SIGKILL);
    const int status = wait_for(*pid);
    if (!text) return wrap(text.error(), argv.front());
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return fail(ErrorCode::unavailable, fmt::format("{} failed", argv.front()));
    }
    return text;
}

}  // namespace keel
