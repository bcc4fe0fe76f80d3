// The kernel, pppd, the clock and the entropy, for the doctor.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include "linux/doctor_gather.hpp"
#include "linux/modules.hpp"
#include "linux/pppd_spawn.hpp"
#include "linux/proc.hpp"
#include "linux/sockopt.hpp"
#include "linux/system.hpp"

namespace keel::doctor {
namespace {

constexpr int kCapNetAdmin = 12;

struct Wanted {
    const char* name;
    const char* use;
    bool by_name;  // keel2tpd asks modprobe for it, or it comes with one that it asks for
    bool for_ipsec;
    const char* symbol;  // a function of it
};
constexpr std::array kWanted{
    Wanted{"l2tp_core", "L2TP", true, false, "l2tp_tunnel_register"},
    Wanted{"l2tp_netlink", "L2TP tunnels", true, false, "l2tp_nl_register_ops"},
    Wanted{"l2tp_ppp", "PPP over L2TP", true, false, "pppol2tp_connect"},
    Wanted{"pppox", "PPP sockets", true, false, "register_pppox_proto"},
    Wanted{"ppp_generic", "PPP", true, false, "ppp_register_channel"},
    Wanted{"xfrm_user", "IPsec", true, true, "xfrm_netlink_rcv"},
    Wanted{"esp4", "ESP", true, true, "esp_input"},
    Wanted{"nfnetlink", "the guard's nftables", true, true, "nfnetlink_send"},
    Wanted{"nf_tables", "the guard's nftables", false, true, "nft_register_expr"},
    Wanted{"nft_xfrm", "the guard's rule for what came under ESP", false, true, "nft_xfrm_get_eval"},
};
constexpr Wanted kEsp6{"esp6", "ESP over IPv6", false, true, "esp6_input"};

// A kernel without a list of what is built into it (none was installed with it) still lists its functions.
class BuiltIn {
public:
    explicit BuiltIn(const std::string& release) {
        if (!std::filesystem::exists("/lib/modules/" + release + "/modules.builtin")) {
            symbols_ = read_small_file("/proc/kallsyms");
        }
    }
    [[nodiscard]] bool has(std::string_view symbol) const {
        return symbols_.find(fmt::format(" {}\n", symbol)) != std::string::npos;
    }

private:
    std::string symbols_;
};

ModuleFact look_at(const Wanted& wanted, const BuiltIn& built_in) {
    ModuleFact fact{
        .name = wanted.name, .use = wanted.use, .by_name = wanted.by_name, .for_ipsec = wanted.for_ipsec};
    switch (module_state(wanted.name)) {
        case ModuleState::present: fact.state = ModuleFact::State::present; break;
        case ModuleState::loadable: fact.state = ModuleFact::State::loadable; break;
        case ModuleState::missing: fact.state = ModuleFact::State::missing; break;
    }
    if (built_in.has(wanted.symbol)) fact.state = ModuleFact::State::present;
    if (const auto block = module_block(wanted.name)) {
        fact.blocked_by = block->file;
        fact.refused = block->refused;
    }
    return fact;
}

Status try_receive_mark() {
    const auto fd = udp_socket(true);
    if (!fd) return std::unexpected(fd.error());
    return tell_mark(fd->value());
}

Device look_at_device(const char* path) {
    struct stat info {};
    if (::stat(path, &info) != 0) return Device::missing;
    return S_ISCHR(info.st_mode) && info.st_rdev == makedev(108, 0) ? Device::there : Device::something_else;
}

}  // namespace

KernelFacts gather_kernel(bool ipv6) {
    KernelFacts facts;
    utsname names{};
    if (::uname(&names) == 0) facts.release = names.release;
    facts.has_modules_directory = std::filesystem::exists("/lib/modules/" + facts.release);
    facts.loading_disabled = read_small_file("/proc/sys/kernel/modules_disabled").starts_with('1');
    const BuiltIn built_in(facts.release);
    for (const Wanted& wanted : kWanted) facts.modules.push_back(look_at(wanted, built_in));
    if (ipv6) facts.modules.push_back(look_at(kEsp6, built_in));
    facts.receive_mark = try_receive_mark();
    facts.root = ::geteuid() == 0;
    facts.net_admin = has_capability(kCapNetAdmin);
    return facts;
}

PppdFacts gather_pppd(const std::string& pppd, const std::string& plugin) {
    PppdFacts facts;
    facts.path = pppd;
    facts.plugin = plugin.empty() ? installed_pppd_plugin() : std::filesystem::absolute(plugin).string();
    facts.there = ::access(pppd.c_str(), F_OK) == 0;
    facts.plugin_there = ::access(facts.plugin.c_str(), F_OK) == 0;
    if (facts.plugin_there) facts.plugin_for = plugin_made_for(facts.plugin);
    facts.has_etc_ppp = std::filesystem::is_directory("/etc/ppp");
    facts.device = look_at_device("/dev/ppp");
    if (!facts.there) return facts;
    if (::geteuid() != 0) {
        facts.version = fail(ErrorCode::denied, "pppd's version");
    } else {
        facts.version = pppd_version(pppd);
    }
    return facts;
}

ClockFacts gather_clock() {
    ClockFacts facts;
    facts.now = calendar_now();
    struct stat own {};
    if (::stat("/proc/self/exe", &own) == 0) facts.not_before = own.st_mtim.tv_sec;
    timex asked{};  // modes 0: only looks
    facts.synchronised = ::adjtimex(&asked) != TIME_ERROR && (asked.status & STA_UNSYNC) == 0;
    char byte = 0;
    facts.entropy_ready = ::getrandom(&byte, 1, GRND_NONBLOCK) == 1 || errno != EAGAIN;
    return facts;
}

}  // namespace keel::doctor
