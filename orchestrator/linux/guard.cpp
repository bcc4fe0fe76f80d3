#include "linux/guard.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <filesystem>

#include "base/unique_fd.hpp"
#include "linux/errors.hpp"
#include "linux/modules.hpp"
#include "linux/system.hpp"

namespace keel {
namespace {

constexpr int kCapNetAdmin = 12;

// libnftables ends the process when it cannot open its socket; so it is tried first.
Status netfilter_answers() {
    const auto try_open = [] {
        return UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    };
    if (try_open()) return {};
    if (auto loaded = load_module("nf_tables"); !loaded)
        return wrap(loaded.error(), "no guard without nftables");
    if (try_open()) return {};
    return system_fail(errno, "no guard: the kernel has no netfilter netlink",
                       missing_module_remedy("nf_tables"));
}

bool is_netfilter_socket(int fd) {
    int domain = 0, protocol = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_NETLINK) return false;
    size = sizeof protocol;
    return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == NETLINK_NETFILTER;
}

// libnftables opens its netlink socket without close-on-exec, and pppd must not inherit it. Returns the
// socket.
int close_on_exec() {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
        const std::string name = entry.path().filename().string();
        int fd = -1;
        std::from_chars(name.data(), name.data() + name.size(), fd);
        if (fd < 0 || !is_netfilter_socket(fd)) continue;
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        return fd;
    }
    return -1;
}

std::string first_line(const char* text) {
    const std::string all = text == nullptr ? "" : text;
    return all.substr(0, all.find('\n'));
}

}  // namespace

void Guard::FreeContext::operator()(nft_ctx* context) const {
    nft_ctx_free(context);
}

Guard::Guard(Log& log) : log_(log) {}
Guard::~Guard() = default;

Status Guard::open() {
    if (context_) return {};
    if (!has_capability(kCapNetAdmin)) {
        return fail(ErrorCode::denied, "no guard: this process may not change nftables",
                    "run as root or with CAP_NET_ADMIN in this network namespace");
    }
    if (auto answers = netfilter_answers(); !answers) return answers;
    context_.reset(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context_) return fail(ErrorCode::io, "libnftables gave no context");
    nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_NUMERIC_ALL);
    nft_ctx_buffer_output(context_.get());
    nft_ctx_buffer_error(context_.get());
    netlink_fd_ = close_on_exec();
    return {};
}

Result<std::string> Guard::run(const std::string& commands) {
    if (auto opened = open(); !opened) return std::unexpected(opened.error());
    const int result = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
    // libnftables may have opened its socket anew (it does when a dump was interrupted).
    if (const int flags = fcntl(netlink_fd_, F_GETFD); flags < 0 || (flags & FD_CLOEXEC) == 0) {
        netlink_fd_ = close_on_exec();
    }
    std::string output = nft_ctx_get_output_buffer(context_.get());
    const std::string error = first_line(nft_ctx_get_error_buffer(context_.get()));
    if (result != 0)
        return fail(ErrorCode::io, fmt::format("nftables table inet {}: {}", kGuardTable, error));
    return output;
}

Status Guard::probe() {
    if (auto opened = open(); !opened) return opened;
    auto done = run(guard_probe_text());
    if (done) return {};
    return fail(ErrorCode::unsupported, done.error().message);
}

Status Guard::install(std::span<const IpAddress> protected_addresses) {
    if (installed_) static_cast<void>(counters());
    if (auto done = run(guard_install_text(protected_addresses, state_)); !done) {
        Error error = done.error();
        if (error.remedy.empty()) {
            error.remedy =
                "the rules need the kernel's nf_tables with nft_xfrm (CONFIG_NF_TABLES_INET, "
                "CONFIG_NFT_XFRM); on "
                "OpenWrt kmod-nft-xfrm";
        }
        return wrap(std::move(error), "the guard against cleartext L2TP cannot be installed");
    }
    installed_ = true;
    protected_addresses_.assign(protected_addresses.begin(), protected_addresses.end());
    log_.notice("kernel.guard-installed",
                {{"table", kGuardTable}, {"addresses", protected_addresses.size()}});
    return {};
}

void Guard::restore_if_gone() {
    if (!installed_ || counters()) return;
    log_.warning("kernel.guard-gone",
                 {{"table", kGuardTable}, {"why", "somebody flushed the ruleset"}, {"action", "restore"}});
    const std::vector<IpAddress> addresses = protected_addresses_;
    if (auto restored = install(addresses); !restored) {
        log_.error("kernel.guard-failed", {{"error", restored.error().text()}});
    }
}

void Guard::remove() {
    if (auto done = run(guard_remove_text()); !done) {
        if (installed_) log_.warning("kernel.guard-stays", {{"error", done.error().text()}});
        return;
    }
    if (installed_) log_.notice("kernel.guard-removed", {{"table", kGuardTable}});
    installed_ = false;
}

Result<GuardCounters> Guard::counters() {
    auto listing = run(fmt::format("list counters table inet {}\n", kGuardTable));
    if (!listing) return std::unexpected(listing.error());
    if (const auto found = parse_guard_counters(*listing)) {
        state_.counters = *found;  // they go on from here if the table must be made anew
        return *found;
    }
    return fail(ErrorCode::not_found, "the guard's counters are gone",
                fmt::format("somebody changed table inet {}: restart keel2tpd", kGuardTable));
}

Status Guard::add(const GuardedTunnel& tunnel) {
    if (!installed_) {
        return fail(ErrorCode::internal, "a tunnel was opened before the guard was installed");
    }
    const auto present = tunnel.offers ? state_.ports_by_mark.end() : state_.ports_by_mark.find(tunnel.mark);
    std::optional<std::uint16_t> replaces;
    if (present != state_.ports_by_mark.end()) replaces = present->second;
    if (auto done = run(guard_add_text(tunnel, replaces)); !done) {
        return wrap(done.error(), fmt::format("mark {:#x} -> port {}", tunnel.mark, tunnel.local.port));
    }
    if (!tunnel.offers) state_.ports_by_mark[tunnel.mark] = tunnel.local.port;
    state_.tunnels.insert(tunnel);
    return {};
}

void Guard::erase(const GuardedTunnel& tunnel) {
    if (state_.tunnels.erase(tunnel) == 0) return;
    const auto owner = state_.ports_by_mark.find(tunnel.mark);
    const bool owns_mark = owner != state_.ports_by_mark.end() && owner->second == tunnel.local.port;
    if (owns_mark) state_.ports_by_mark.erase(owner);
    if (!installed_) return;
    if (auto done = run(guard_delete_text(tunnel, owns_mark)); !done) {
        log_.warning("kernel.guard-entry-stays",
                     {{"mark", tunnel.mark}, {"port", tunnel.local.port}, {"error", done.error().text()}});
    }
}

void Guard::clamp_mss(const std::string& interface, std::optional<std::uint16_t> mtu) {
    const auto present = state_.links.find(interface);
    const auto old = present == state_.links.end() ? std::nullopt : std::optional(present->second);
    if (old == mtu) return;
    if (old) state_.links.erase(present);
    if (mtu) state_.links.emplace(interface, *mtu);
    if (!installed_) return;
    if (auto done = run(guard_link_text(interface, old, mtu)); !done) {
        log_.warning("kernel.mss-stays", {{"interface", interface}, {"error", done.error().text()}});
    }
}

Status Guard::move(const GuardedTunnel& from, const GuardedTunnel& to) {
    if (from.mark == to.mark) return {};
    const auto leads_to = [this](std::uint32_t mark) {
        const auto found = state_.ports_by_mark.find(mark);
        return found == state_.ports_by_mark.end() ? std::nullopt : std::optional(found->second);
    };
    const bool owned = leads_to(from.mark) == from.local.port;
    // A port is in its set once: what is added must come after what is deleted.
    if (auto done = run(guard_delete_text(from, owned) + guard_add_text(to, leads_to(to.mark))); !done) {
        return wrap(done.error(), fmt::format("mark {:#x} -> port {}", to.mark, to.local.port));
    }
    if (owned) state_.ports_by_mark.erase(from.mark);
    state_.ports_by_mark[to.mark] = to.local.port;
    state_.tunnels.erase(from);
    state_.tunnels.insert(to);
    return {};
}

std::vector<SocketAddress> Guard::leftovers() {
    std::vector<SocketAddress> out;
    for (const char* set : {"tunnels4", "tunnels6"}) {
        const auto listing = run(fmt::format("list set inet {} {}\n", kGuardTable, set));
        if (!listing) continue;
        const auto found = parse_guard_ports(*listing);
        out.insert(out.end(), found.begin(), found.end());
    }
    return out;
}

}  // namespace keel
