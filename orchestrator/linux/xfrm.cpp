#include "linux/xfrm.hpp"

#include <fmt/format.h>
#include <linux/xfrm.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "linux/errors.hpp"
#include "linux/guard_rules.hpp"
#include "linux/modules.hpp"

namespace keel {
namespace {

xfrm_address_t raw(const IpAddress& address) {
    xfrm_address_t out{};
    const auto bytes = address.bytes();
    std::memcpy(&out, bytes.data(), bytes.size());
    return out;
}

IpAddress address_of(const xfrm_address_t& address, std::uint16_t family) {
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &address, bytes.size());
    if (family == AF_INET6) return IpAddress::v6(bytes);
    return IpAddress::v4(ntohl(address.a4));
}

std::uint16_t family_of(const IpAddress& address) {
    return static_cast<std::uint16_t>(address.is_v4() ? AF_INET : AF_INET6);
}

std::string name_of(const IpAddress& destination, std::uint32_t spi) {
    return fmt::format("SA {:08x} to {}", spi, destination.text());
}

void put_sa_id(MnlRequest& request, const IpAddress& destination, std::uint32_t spi) {
    auto* id = request.header<xfrm_usersa_id>();
    id->daddr = raw(destination);
    id->spi = htonl(spi);
    id->family = family_of(destination);
    id->proto = IPPROTO_ESP;
}

void put_mark(MnlRequest& request, std::uint32_t value, std::uint32_t mask) {
    if (mask == 0) return;
    const xfrm_mark mark{value, mask};
    mnl_attr_put(request.message(), XFRMA_MARK, sizeof mark, &mark);
}

std::optional<KernelSa> parse(const nlmsghdr& message) {
    if (message.nlmsg_type != XFRM_MSG_NEWSA ||
        mnl_nlmsg_get_payload_len(&message) < sizeof(xfrm_usersa_info)) {
        return std::nullopt;
    }
    const auto* info = static_cast<const xfrm_usersa_info*>(mnl_nlmsg_get_payload(&message));
    KernelSa sa;
    sa.source = address_of(info->saddr, info->family);
    sa.destination = address_of(info->id.daddr, info->family);
    sa.spi = ntohl(info->id.spi);
    sa.reqid = info->reqid;
    sa.esp = info->id.proto == IPPROTO_ESP;
    sa.transport = info->mode == XFRM_MODE_TRANSPORT;
    // The kernel counts apart what was seen already and what is older than the window.
    sa.counters = {info->curlft.packets, info->curlft.bytes, info->stats.replay + info->stats.replay_window,
                   info->stats.integrity_failed};
    each_attribute(message, sizeof *info, [&sa](const nlattr& attribute) {
        const std::uint16_t size = mnl_attr_get_payload_len(&attribute);
        const std::uint16_t type = mnl_attr_get_type(&attribute);
        if (type == XFRMA_SET_MARK && size >= 4) sa.set_mark = mnl_attr_get_u32(&attribute);
        if (type == XFRMA_SET_MARK_MASK && size >= 4) sa.set_mark_mask = mnl_attr_get_u32(&attribute);
        if (type == XFRMA_MARK && size >= sizeof(xfrm_mark)) {
            xfrm_mark mark;
            std::memcpy(&mark, mnl_attr_get_payload(&attribute), sizeof mark);
            sa.mark = mark.v;
            sa.mark_mask = mark.m;
        }
    });
    return sa;
}

}  // namespace

std::vector<KernelSa> select_ours(const std::vector<KernelSa>& all) {
    std::vector<KernelSa> inbound;
    std::ranges::copy_if(all, std::back_inserter(inbound), [](const KernelSa& sa) {
        return sa.esp && sa.transport && sa.set_mark.value_or(0) != 0 && sa.set_mark_mask == kSaMarkMask;
    });
    std::vector<KernelSa> ours = inbound;
    std::ranges::copy_if(all, std::back_inserter(ours), [&inbound](const KernelSa& sa) {
        return sa.esp && sa.transport && !sa.set_mark &&
               std::ranges::any_of(inbound, [&sa](const KernelSa& in) {
                   return in.reqid == sa.reqid && in.source == sa.destination && in.destination == sa.source;
               });
    });
    return ours;
}

Result<Xfrm> Xfrm::open() {
    auto socket = open_mnl(NETLINK_XFRM, "IPsec (XFRM)");
    if (!socket) {
        Error error = socket.error();
        if (error.code == ErrorCode::unsupported) error.remedy = missing_module_remedy("xfrm_user");
        return std::unexpected(std::move(error));
    }
    return Xfrm(std::move(*socket));
}

Result<SaCounters> Xfrm::counters(const IpAddress& source, const IpAddress& destination, std::uint32_t spi,
                                  std::uint32_t mark) {
    MnlRequest request(XFRM_MSG_GETSA, 0);
    put_sa_id(request, destination, spi);
    if (mark != 0) put_mark(request, mark, ~0u);
    std::optional<KernelSa> found;
    const int error = mnl_exchange(
        socket_.get(), request, [&](const nlmsghdr& m) { found = parse(m); }, true);
    if (error != 0) return system_fail(error, name_of(destination, spi));
    if (!found || found->source != source) {
        return fail(ErrorCode::not_found,
                    name_of(destination, spi) + ": the kernel has none from " + source.text());
    }
    return found->counters;
}

Result<std::vector<KernelSa>> Xfrm::list() {
    MnlRequest request(XFRM_MSG_GETSA, NLM_F_DUMP);
    std::vector<KernelSa> out;
    const int error = mnl_exchange(
        socket_.get(), request,
        [&out](const nlmsghdr& message) {
            if (auto sa = parse(message)) out.push_back(std::move(*sa));
        },
        true);
    if (error != 0) return system_fail(error, "list of the kernel's SAs");
    return out;
}

Status Xfrm::remove(const KernelSa& sa) {
    MnlRequest request(XFRM_MSG_DELSA, 0);
    put_sa_id(request, sa.destination, sa.spi);
    put_mark(request, sa.mark, sa.mark_mask);
    const int error = mnl_exchange(
        socket_.get(), request, [](const nlmsghdr&) {}, true);
    if (error != 0 && error != ESRCH) return system_fail(error, name_of(sa.destination, sa.spi));
    return {};
}

Result<unsigned> Xfrm::remove_ours() {
    const auto all = list();
    if (!all) return std::unexpected(all.error());
    unsigned count = 0;
    for (const KernelSa& sa : select_ours(*all)) {
        if (auto removed = remove(sa); !removed) return std::unexpected(removed.error());
        ++count;
    }
    return count;
}

}  // namespace keel
