#include "linux/probe.hpp"

#include <linux/xfrm.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/unique_fd.hpp"
#include "linux/netlink_mnl.hpp"
#include "linux/sockopt.hpp"
#include "linux/system.hpp"

namespace keel {
namespace {

// Done, or the kernel does not know it; anything else (no right to) tells nothing.
std::optional<bool> answer(const Status& tried) {
    if (tried) return true;
    if (tried.error().code == ErrorCode::unsupported) return false;
    return std::nullopt;
}

std::optional<bool> tells_marks() {
    const auto fd = udp_socket(true);
    return fd ? answer(tell_mark(fd->value())) : std::nullopt;
}

std::optional<bool> ties_sockets() {
    const auto fd = udp_socket(true);
    return fd ? answer(require_esp(fd->value(), true, PolicyDirection::in, 1)) : std::nullopt;
}

// An SA from this host to itself that no policy leads to, so that nobody ever uses it.
constexpr std::uint32_t kLoopback = 0x7f000001;
constexpr std::uint32_t kTrialMark = 0x4b33;

void put_id(xfrm_id& id, std::uint32_t spi) {
    id.daddr.a4 = htonl(kLoopback);
    id.spi = htonl(spi);
    id.proto = IPPROTO_ESP;
}

template <std::size_t key_size>
void put_algorithm(MnlRequest& request, std::uint16_t type, std::string_view name) {
    struct {
        char name[64];
        unsigned bits;
        std::uint8_t key[key_size];
    } algorithm{};
    static_assert(offsetof(decltype(algorithm), key) == sizeof(xfrm_algo));
    name.copy(algorithm.name, sizeof algorithm.name - 1);
    algorithm.bits = 8 * key_size;
    mnl_attr_put(request.message(), type, sizeof(xfrm_algo) + key_size, &algorithm);
}

MnlRequest new_sa(std::uint32_t spi) {
    MnlRequest request(XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);
    auto* info = request.header<xfrm_usersa_info>();
    put_id(info->id, spi);
    info->saddr.a4 = htonl(kLoopback);
    info->sel.family = info->family = AF_INET;
    info->mode = XFRM_MODE_TRANSPORT;
    info->lft.soft_byte_limit = info->lft.hard_byte_limit = XFRM_INF;
    info->lft.soft_packet_limit = info->lft.hard_packet_limit = XFRM_INF;
    info->lft.hard_add_expires_seconds = 10;  // should we be killed before we delete it
    put_algorithm<16>(request, XFRMA_ALG_CRYPT, "cbc(aes)");
    put_algorithm<20>(request, XFRMA_ALG_AUTH, "hmac(sha1)");
    mnl_attr_put_u32(request.message(), XFRMA_SET_MARK, kTrialMark);
    mnl_attr_put_u32(request.message(), XFRMA_SET_MARK_MASK, 0xffffffff);
    return request;
}

MnlRequest about_sa(std::uint16_t type, std::uint32_t spi) {
    MnlRequest request(type, 0);
    auto* id = request.header<xfrm_usersa_id>();
    id->daddr.a4 = htonl(kLoopback);
    id->spi = htonl(spi);
    id->proto = IPPROTO_ESP;
    id->family = AF_INET;
    return request;
}

// A kernel that does not know the attribute takes the SA without a word, and without it.
std::optional<bool> marks_packets() {
    const auto socket = open_mnl(NETLINK_XFRM, "IPsec (XFRM)");
    if (!socket) return std::nullopt;
    SystemRandom random;
    const std::uint32_t spi = 0x10000000 | random.u32();
    MnlRequest add = new_sa(spi);
    const auto nothing = [](const nlmsghdr&) {};
    if (mnl_exchange(socket->get(), add, nothing) != 0) return std::nullopt;
    bool marks = false;
    MnlRequest ask = about_sa(XFRM_MSG_GETSA, spi);
    const int error = mnl_exchange(socket->get(), ask, [&](const nlmsghdr& message) {
        each_attribute(message, sizeof(xfrm_usersa_info), [&](const nlattr& attribute) {
            if (mnl_attr_get_type(&attribute) != XFRMA_SET_MARK) return;
            marks |= mnl_attr_get_payload_len(&attribute) >= 4 && mnl_attr_get_u32(&attribute) == kTrialMark;
        });
    });
    MnlRequest remove = about_sa(XFRM_MSG_DELSA, spi);
    static_cast<void>(mnl_exchange(socket->get(), remove, nothing));
    return error == 0 ? std::optional(marks) : std::nullopt;
}

}  // namespace

KernelSupport probe_kernel(Guard& guard) {
    return {.receive_mark = tells_marks(),
            .set_mark = marks_packets(),
            .socket_policy = ties_sockets(),
            .rules = answer(guard.probe())};
}

std::vector<Error> missing_for_ipsec(const KernelSupport& support) {
    std::vector<Error> out;
    const auto need = [&out](std::optional<bool> can, std::string message, std::string remedy) {
        if (can == false) out.push_back({ErrorCode::unsupported, std::move(message), std::move(remedy)});
    };
    need(
        support.set_mark,
        "this kernel's IPsec does not mark what came under an SA (XFRMA_SET_MARK): clients could not be told "
        "apart",
        "use Linux 4.19 or newer");
    need(support.socket_policy,
         "this kernel does not tie a socket to an SA (IP_XFRM_POLICY): L2TP could leave in clear",
         "use a kernel with CONFIG_XFRM");
    need(support.rules, "this kernel's nftables does not see under which SA a packet came",
         "use a kernel with CONFIG_NF_TABLES_INET and CONFIG_NFT_XFRM; on OpenWrt install kmod-nft-xfrm");
    return out;
}

}  // namespace keel
