// The host's nftables rules, for the doctor. Without nf_tables in the kernel there are none, and asking would
// load it.
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "base/unique_fd.hpp"
#include "linux/doctor_gather.hpp"
#include "linux/errors.hpp"
#include "linux/modules.hpp"
#include "linux/system.hpp"

namespace keel::doctor {
namespace {

constexpr int kCapNetAdmin = 12;

}  // namespace

Result<Ruleset> gather_ruleset() {
    const ModuleState state = module_state("nf_tables");
    if (state == ModuleState::loadable) return Ruleset();
    if (!has_capability(kCapNetAdmin)) return fail(ErrorCode::denied, "the host's firewall");
    // libnftables ends the process when it cannot open this socket.
    if (const UniqueFd tried(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)); !tried) {
        if (errno == EPROTONOSUPPORT) return Ruleset();
        return system_fail(errno, "the host's firewall");
    }
    const std::unique_ptr<nft_ctx, decltype(&::nft_ctx_free)> context(::nft_ctx_new(NFT_CTX_DEFAULT),
                                                                      &::nft_ctx_free);
    if (!context) return fail(ErrorCode::io, "the host's firewall: libnftables gave no context");
    // Sets of thousands of addresses are not asked for: what is in them is not judged.
    ::nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_TERSE);
    ::nft_ctx_buffer_output(context.get());
    ::nft_ctx_buffer_error(context.get());
    if (::nft_run_cmd_from_buffer(context.get(), "list ruleset") != 0) {
        if (state == ModuleState::missing) return Ruleset();  // it is not built in either
        return fail(ErrorCode::io, "the host's firewall: its rules cannot be listed",
                    "look at `nft list ruleset`");
    }
    return Ruleset::parse(::nft_ctx_get_output_buffer(context.get()));
}

}  // namespace keel::doctor
