// Runs a command on a kernel that seems not to know a socket option: setsockopt() of it ends with
// ENOPROTOOPT. usage: refuse_sockopt LEVEL OPTION COMMAND [ARGUMENT…], both numbers; as root, because the
// filter stays on what the command starts, setuid programs included.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

int main(int count, char** arguments) {
    if (count < 4) {
        std::fprintf(stderr, "usage: refuse_sockopt LEVEL OPTION COMMAND [ARGUMENT...]\n");
        return 2;
    }
    const auto level = static_cast<unsigned>(std::strtoul(arguments[1], nullptr, 0));
    const auto option = static_cast<unsigned>(std::strtoul(arguments[2], nullptr, 0));
    // Of each argument the lower half, which is all of it: both are int. Little-endian.
    constexpr auto argument = [](unsigned index) {
        return static_cast<unsigned>(offsetof(seccomp_data, args) + 8 * index);
    };
    std::array<sock_filter, 8> code{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(1)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, level, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(2)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, option, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOPROTOOPT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{code.size(), code.data()};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        std::perror("refuse_sockopt: seccomp");
        return 2;
    }
    execvp(arguments[3], arguments + 3);
    std::perror(arguments[3]);
    return 127;
}
