#include "linux/sockopt.hpp"

#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "linux/errors.hpp"

#ifndef SO_RCVMARK
#define SO_RCVMARK 75  // Linux 5.19; Debian 12's libc does not know it
#endif
#ifndef UDP_NO_CHECK6_RX
#define UDP_NO_CHECK6_RX 102
#endif

namespace keel {
namespace {

template <class T>
Status set(int fd, int level, int option, const T& value, const char* what, const char* remedy = "") {
    if (setsockopt(fd, level, option, &value, sizeof value) == 0) return {};
    return system_fail(errno, what, remedy);
}

}  // namespace

RawAddress raw_address(const SocketAddress& address) {
    RawAddress raw;
    const auto bytes = address.ip.bytes();
    if (address.ip.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(address.port);
        std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&raw.storage, &in, sizeof in);
        raw.size = sizeof in;
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(address.port);
        std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&raw.storage, &in, sizeof in);
        raw.size = sizeof in;
    }
    return raw;
}

std::optional<SocketAddress> parse_raw_address(const RawAddress& raw) {
    if (raw.storage.ss_family == AF_INET && raw.size >= sizeof(sockaddr_in)) {
        sockaddr_in in;
        std::memcpy(&in, &raw.storage, sizeof in);
        return SocketAddress{IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
    }
    if (raw.storage.ss_family == AF_INET6 && raw.size >= sizeof(sockaddr_in6)) {
        sockaddr_in6 in;
        std::memcpy(&in, &raw.storage, sizeof in);
        return SocketAddress{IpAddress::v6(in.sin6_addr.s6_addr), ntohs(in.sin6_port)};
    }
    return std::nullopt;
}

Result<UniqueFd> udp_socket(bool v4) {
    UniqueFd fd(socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP));
    if (!fd) return system_fail(errno, v4 ? "UDP socket" : "UDP socket over IPv6");
    if (!v4) {
        if (auto only = set(fd.value(), IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY"); !only) {
            return std::unexpected(only.error());
        }
    }
    return fd;
}

Status bind_to(int fd, const SocketAddress& local) {
    const RawAddress raw = raw_address(local);
    if (bind(fd, raw.get(), raw.size) == 0) return {};
    const int error = errno;
    const std::string what = fmt::format("UDP {} cannot be bound", local.text());
    if (error == EADDRNOTAVAIL) {
        return system_fail(error, what, fmt::format("give {} to an interface first", local.ip.text()));
    }
    return system_fail(error, what);
}

Status connect_to(int fd, const SocketAddress& remote) {
    const RawAddress raw = raw_address(remote);
    if (connect(fd, raw.get(), raw.size) == 0) return {};
    return system_fail(errno, fmt::format("no way to {}", remote.text()), "look at `ip route get`");
}

SocketAddress bound_address(int fd, const SocketAddress& asked) {
    RawAddress raw;
    raw.size = sizeof raw.storage;
    if (getsockname(fd, raw.get(), &raw.size) != 0) return asked;
    return parse_raw_address(raw).value_or(asked);
}

Status set_reuse_address(int fd) {
    return set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
}

Status set_send_mark(int fd, std::uint32_t mark) {
    return set(fd, SOL_SOCKET, SO_MARK, mark, "SO_MARK");
}

Status set_dscp(int fd, bool v4, std::uint8_t dscp) {
    const int field = dscp << 2;  // RFC 2474 3: the upper six bits
    if (v4) return set(fd, IPPROTO_IP, IP_TOS, field, "IP_TOS");
    return set(fd, IPPROTO_IPV6, IPV6_TCLASS, field, "IPV6_TCLASS");
}

Status tell_destination(int fd, bool v4) {
    if (v4) return set(fd, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
    return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
}

Status tell_mark(int fd) {
    return set(fd, SOL_SOCKET, SO_RCVMARK, 1, "SO_RCVMARK", "Linux 5.19 or newer is needed");
}

Status require_esp(int fd, bool v4, PolicyDirection direction, std::uint32_t reqid) {
    struct {
        xfrm_userpolicy_info policy;
        xfrm_user_tmpl esp;
    } request{};
    static_assert(sizeof request == sizeof request.policy + sizeof request.esp);
    const auto family = static_cast<std::uint16_t>(v4 ? AF_INET : AF_INET6);
    request.policy.sel.family = family;
    request.policy.lft.soft_byte_limit = request.policy.lft.hard_byte_limit = XFRM_INF;
    request.policy.lft.soft_packet_limit = request.policy.lft.hard_packet_limit = XFRM_INF;
    request.policy.action = XFRM_POLICY_ALLOW;
    request.policy.dir = direction == PolicyDirection::in ? XFRM_POLICY_IN : XFRM_POLICY_OUT;
    request.esp.id.proto = IPPROTO_ESP;
    request.esp.family = family;
    request.esp.reqid = reqid;
    request.esp.mode = XFRM_MODE_TRANSPORT;
    request.esp.aalgos = request.esp.ealgos = request.esp.calgos = ~0u;
    constexpr const char* kRemedy = "the kernel needs XFRM (CONFIG_XFRM_USER) and this process CAP_NET_ADMIN";
    if (v4) return set(fd, IPPROTO_IP, IP_XFRM_POLICY, request, "IP_XFRM_POLICY", kRemedy);
    return set(fd, IPPROTO_IPV6, IPV6_XFRM_POLICY, request, "IPV6_XFRM_POLICY", kRemedy);
}

Status keep_control_messages_only(int fd) {
    // The filter sees the UDP header (8 octets), then the L2TP flags.
    std::array<sock_filter, 4> code{{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 8),
                                     BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x80, 0, 1),
                                     BPF_STMT(BPF_RET | BPF_K, 0xffffffff), BPF_STMT(BPF_RET | BPF_K, 0)}};
    const sock_fprog program{code.size(), code.data()};
    return set(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, "SO_ATTACH_FILTER");
}

Status send_without_checksum(int fd) {
    return set(fd, SOL_SOCKET, SO_NO_CHECK, 1, "SO_NO_CHECK");
}

Status accept_zero_checksum6(int fd) {
    return set(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, 1, "UDP_NO_CHECK6_RX");
}

Ancillary ancillary(msghdr& message) {
    Ancillary out;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_MARK) {  // what SO_RCVMARK asked for
            std::memcpy(&out.mark, CMSG_DATA(c), sizeof out.mark);
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            out.local = IpAddress::v4(ntohl(info.ipi_addr.s_addr));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            out.local = IpAddress::v6(info.ipi6_addr.s6_addr);
        }
    }
    return out;
}

}  // namespace keel
