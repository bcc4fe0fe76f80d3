// The kernel: its modules, what it can do, and what we may do with it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "doctor/examine.hpp"

namespace keel::doctor {
namespace {

using State = ModuleFact::State;

void blocked(const ModuleFact& module, Report& report) {
    const std::string remedy = fmt::format("remove the line for {} from {}", module.name, module.blocked_by);
    if (module.refused) {
        return report.error("module-blacklisted",
                            fmt::format("module {} ({}) may not be loaded", module.name, module.use),
                            module.blocked_by, remedy);
    }
    if (module.by_name) {
        return report.note(
            "module-blacklisted",
            fmt::format("module {} ({}) is blacklisted; keel2tpd loads it all the same, by its name",
                        module.name, module.use),
            module.blocked_by, remedy);
    }
    report.error("module-blacklisted",
                 fmt::format("module {} ({}) is blacklisted: the kernel cannot load it when it needs it",
                             module.name, module.use),
                 module.blocked_by, remedy);
}

void missing(const KernelFacts& kernel, const ModuleFact& module, Report& report) {
    report.error("module-missing",
                 fmt::format("kernel {} has no module {} ({})", kernel.release, module.name, module.use),
                 module.name,
                 "install the full kernel (Debian: linux-image-amd64 instead of the cloud kernel; Fedora: "
                 "kernel-modules-extra; OpenWrt: kmod-l2tp kmod-pppol2tp kmod-ipsec4 kmod-nft-xfrm) and boot "
                 "into it; in a "
                 "container load it on the host");
}

bool wanted(const ModuleFact& module, const Needs& need) {
    return need.ipsec || !module.for_ipsec;
}

// Whether the modules' directory is needed at all: not where all is loaded or built in.
void check_modules(const KernelFacts& kernel, const Needs& need, Report& report) {
    std::vector<std::string> absent;
    for (const ModuleFact& module : kernel.modules) {
        if (wanted(module, need) && module.state != State::present) absent.push_back(module.name);
    }
    if (absent.empty()) return report.ok("modules", "all kernel modules are loaded or built in");
    if (!kernel.has_modules_directory) {
        return report.error(
            "modules-gone",
            fmt::format("the running kernel {} lacks {}, and has no modules on this machine: it was "
                        "replaced by an upgrade, or this is a container",
                        kernel.release, fmt::join(absent, ", ")),
            fmt::format("/lib/modules/{}", kernel.release),
            "reboot into the installed kernel; in a container load the modules on the host");
    }
    if (kernel.loading_disabled) {
        return report.error("modules-disabled", "no kernel module can be loaded any more until the next boot",
                            "kernel.modules_disabled",
                            "load l2tp_ppp, l2tp_netlink, esp4 and nft_xfrm at boot by /etc/modules-load.d, "
                            "before it is set");
    }
    bool fine = true;
    for (const ModuleFact& module : kernel.modules) {
        if (!wanted(module, need) || module.state == State::present) continue;
        if (module.state == State::missing) {
            missing(kernel, module, report);
        } else if (!module.blocked_by.empty()) {
            blocked(module, report);
        } else {
            continue;
        }
        fine = false;
    }
    if (fine) report.ok("modules", "all kernel modules are loaded or can be");
}

void check_receive_mark(const KernelFacts& kernel, Report& report) {
    if (kernel.receive_mark) return report.ok("receive-mark", "the kernel tells received marks (SO_RCVMARK)");
    if (kernel.receive_mark.error().code == ErrorCode::denied) {
        return note_unchecked(report, "receive-mark", kernel.receive_mark.error());
    }
    report.note(
        "receive-mark-missing",
        fmt::format(
            "kernel {} cannot tell which SA a packet came under (SO_RCVMARK); keel2tpd gives each SA a "
            "listening socket instead",
            kernel.release),
        "", "nothing; Linux 5.19 or newer makes it leaner");
}

}  // namespace

void check_kernel(const Facts& facts, Report& report) {
    const KernelFacts& kernel = facts.kernel;
    const Needs need = needs(facts.config);
    if (kernel.root && !kernel.net_admin) {
        report.error("no-net-admin", "root has no CAP_NET_ADMIN here: this is a container without it", "",
                     "give the container CAP_NET_ADMIN, CAP_NET_RAW and /dev/ppp");
    }
    check_modules(kernel, need, report);
    if (need.ipsec && need.server) check_receive_mark(kernel, report);
}

}  // namespace keel::doctor
