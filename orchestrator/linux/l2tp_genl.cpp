#include "linux/l2tp_genl.hpp"

#include <fmt/format.h>
#include <linux/l2tp.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

#include "linux/errors.hpp"
#include "linux/modules.hpp"

namespace keel {
namespace {

using Attributes = std::array<nlattr*, L2TP_ATTR_MAX + 1>;
using OnReply = std::function<void(const Attributes&)>;

struct Exchange {
    const OnReply& on_reply;
    int error = 0;  // errno of the kernel's answer
    bool done = false;
};

int on_valid(nl_msg* message, void* context) {
    Attributes attributes{};
    if (genlmsg_parse(nlmsg_hdr(message), 0, attributes.data(), L2TP_ATTR_MAX, nullptr) == 0) {
        static_cast<Exchange*>(context)->on_reply(attributes);
    }
    return NL_OK;
}

int on_done(nl_msg*, void* context) {
    static_cast<Exchange*>(context)->done = true;
    return NL_STOP;
}

int on_error(sockaddr_nl*, nlmsgerr* error, void* context) {
    auto& exchange = *static_cast<Exchange*>(context);
    exchange.error = -error->error;
    exchange.done = true;
    return NL_STOP;
}

// Sends the request and reads until the kernel's acknowledgement; 0 or the kernel's errno.
int exchange(
    nl_sock* socket, nl_msg* request, const OnReply& on_reply = [](const Attributes&) {}) {
    if (request == nullptr || nl_send_auto(socket, request) < 0) return EIO;
    Exchange state{on_reply};
    const std::unique_ptr<nl_cb, decltype(&nl_cb_put)> callbacks(nl_cb_alloc(NL_CB_DEFAULT), nl_cb_put);
    if (!callbacks) return ENOMEM;
    nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, on_valid, &state);
    nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, on_done, &state);
    nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, on_done, &state);
    nl_cb_err(callbacks.get(), NL_CB_CUSTOM, on_error, &state);
    while (!state.done) {
        if (nl_recvmsgs(socket, callbacks.get()) < 0 && !state.done) return EIO;
    }
    return state.error;
}

std::uint32_t u32_of(const Attributes& attributes, int which) {
    nlattr* found = attributes[static_cast<std::size_t>(which)];
    return found == nullptr ? 0 : nla_get_u32(found);
}

std::uint16_t u16_of(const Attributes& attributes, int which) {
    nlattr* found = attributes[static_cast<std::size_t>(which)];
    return found == nullptr ? std::uint16_t{0} : nla_get_u16(found);
}

IpAddress address_of(const Attributes& attributes, int four, int six) {
    std::array<std::uint8_t, 16> bytes{};
    if (nlattr* found = attributes[static_cast<std::size_t>(six)]; found != nullptr && nla_len(found) == 16) {
        std::memcpy(bytes.data(), nla_data(found), 16);
        return IpAddress::v6(bytes);
    }
    return IpAddress::v4(__builtin_bswap32(u32_of(attributes, four)));
}

SessionCounters counters_of(const Attributes& attributes) {
    std::array<nlattr*, L2TP_ATTR_STATS_MAX + 1> stats{};
    nlattr* nested = attributes[L2TP_ATTR_STATS];
    if (nested == nullptr || nla_parse_nested(stats.data(), L2TP_ATTR_STATS_MAX, nested, nullptr) != 0)
        return {};
    const auto value = [&stats](std::size_t which) {
        return stats[which] == nullptr ? std::uint64_t{0} : nla_get_u64(stats[which]);
    };
    return {.tx_packets = value(L2TP_ATTR_TX_PACKETS),
            .tx_bytes = value(L2TP_ATTR_TX_BYTES),
            .tx_errors = value(L2TP_ATTR_TX_ERRORS),
            .rx_packets = value(L2TP_ATTR_RX_PACKETS),
            .rx_bytes = value(L2TP_ATTR_RX_BYTES),
            .rx_errors = value(L2TP_ATTR_RX_ERRORS),
            .rx_out_of_sequence = value(L2TP_ATTR_RX_OOS_PACKETS)};
}

std::string name_of(LocalTunnelId tunnel) {
    return fmt::format("kernel tunnel {}", tunnel.value);
}
std::string name_of(LocalTunnelId tunnel, LocalSessionId session) {
    return fmt::format("kernel session {}/{}", tunnel.value, session.value);
}

std::unexpected<Error> explain(int error, const std::string& what) {
    switch (error) {
        case EEXIST:
            return system_fail(
                error, what,
                "the id is in use by another L2TP tunnel or session; the next try takes another");
        case EPROTONOSUPPORT: return system_fail(error, what, missing_module_remedy("l2tp_ppp"));
        case EBUSY: return system_fail(error, what, "the socket serves another tunnel already");
        case ENODEV: return system_fail(error, what, "the tunnel or session is gone, or just closing");
        default: return system_fail(error, what);
    }
}

}  // namespace

void L2tpGenl::FreeSocket::operator()(nl_sock* socket) const {
    nl_socket_free(socket);
}
void L2tpGenl::FreeMessage::operator()(nl_msg* message) const {
    nlmsg_free(message);
}

L2tpGenl::L2tpGenl(nl_sock* socket, int family) : socket_(socket), family_(family) {}
L2tpGenl::~L2tpGenl() = default;
L2tpGenl::L2tpGenl(L2tpGenl&&) noexcept = default;
L2tpGenl& L2tpGenl::operator=(L2tpGenl&&) noexcept = default;

Result<L2tpGenl> L2tpGenl::open() {
    std::unique_ptr<nl_sock, FreeSocket> socket(nl_socket_alloc());
    if (!socket || genl_connect(socket.get()) < 0) return fail(ErrorCode::io, "no generic netlink socket");
    const int family = genl_ctrl_resolve(socket.get(), L2TP_GENL_NAME);
    if (family < 0) {
        return fail(ErrorCode::unsupported, "the kernel has no generic netlink family l2tp",
                    missing_module_remedy("l2tp_netlink"));
    }
    nl_socket_disable_seq_check(socket.get());
    return L2tpGenl(socket.release(), family);
}

L2tpGenl::Message L2tpGenl::make(std::uint8_t command, int flags) const {
    Message message(nlmsg_alloc());
    if (!message || genlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family_, 0, NLM_F_REQUEST | flags,
                                command, L2TP_GENL_VERSION) == nullptr) {
        return nullptr;
    }
    return message;
}

Status L2tpGenl::create_tunnel(int udp_socket, LocalTunnelId tunnel, PeerTunnelId peer) {
    const bool was_there = has_tunnel(tunnel);
    const Message request = make(L2TP_CMD_TUNNEL_CREATE, NLM_F_ACK);
    if (!request) return system_fail(ENOMEM, name_of(tunnel));
    nla_put_u32(request.get(), L2TP_ATTR_CONN_ID, tunnel.value);
    nla_put_u32(request.get(), L2TP_ATTR_PEER_CONN_ID, peer.value);
    nla_put_u8(request.get(), L2TP_ATTR_PROTO_VERSION, 2);
    nla_put_u16(request.get(), L2TP_ATTR_ENCAP_TYPE, L2TP_ENCAPTYPE_UDP);
    nla_put_u32(request.get(), L2TP_ATTR_FD, static_cast<std::uint32_t>(udp_socket));
    const int error = exchange(socket_.get(), request.get());
    if (error == 0) return {};
    // Kernels before 6.1.192 may report the failure of their own notification after the tunnel was made.
    if (!was_there && error != EEXIST && has_tunnel(tunnel)) return {};
    return explain(error, name_of(tunnel));
}

Status L2tpGenl::delete_tunnel(LocalTunnelId tunnel) {
    const Message request = make(L2TP_CMD_TUNNEL_DELETE, NLM_F_ACK);
    if (!request) return system_fail(ENOMEM, name_of(tunnel));
    nla_put_u32(request.get(), L2TP_ATTR_CONN_ID, tunnel.value);
    const int error = exchange(socket_.get(), request.get());
    if (error == 0) return {};
    return explain(error, name_of(tunnel));
}

Status L2tpGenl::create_session(const KernelSession& session) {
    const std::string what = name_of(session.tunnel, session.session);
    const bool was_there = has_session(session.tunnel, session.session);
    const Message request = make(L2TP_CMD_SESSION_CREATE, NLM_F_ACK);
    if (!request) return system_fail(ENOMEM, what);
    nla_put_u32(request.get(), L2TP_ATTR_CONN_ID, session.tunnel.value);
    nla_put_u32(request.get(), L2TP_ATTR_SESSION_ID, session.session.value);
    nla_put_u32(request.get(), L2TP_ATTR_PEER_SESSION_ID, session.peer_session.value);
    nla_put_u16(request.get(), L2TP_ATTR_PW_TYPE, L2TP_PWTYPE_PPP);
    nla_put_u8(request.get(), L2TP_ATTR_LNS_MODE, session.lns_mode ? 1 : 0);
    nla_put_u8(request.get(), L2TP_ATTR_SEND_SEQ, session.sequencing ? 1 : 0);
    nla_put_u8(request.get(), L2TP_ATTR_RECV_SEQ, session.sequencing ? 1 : 0);
    const int error = exchange(socket_.get(), request.get());
    if (error == 0) return {};
    if (!was_there && error != EEXIST && has_session(session.tunnel, session.session))
        return {};  // as in create_tunnel
    return explain(error, what);
}

Status L2tpGenl::sequence_session(LocalTunnelId tunnel, LocalSessionId session) {
    const Message request = make(L2TP_CMD_SESSION_MODIFY, NLM_F_ACK);
    if (!request) return system_fail(ENOMEM, name_of(tunnel, session));
    nla_put_u32(request.get(), L2TP_ATTR_CONN_ID, tunnel.value);
    nla_put_u32(request.get(), L2TP_ATTR_SESSION_ID, session.value);
    nla_put_u8(request.get(), L2TP_ATTR_SEND_SEQ, 1);
    nla_put_u8(request.get(), L2TP_ATTR_RECV_SEQ, 1);
    const int error = exchange(socket_.get(), request.get());
    if (error == 0) return {};
    return explain(error, name_of(tunnel, session));
}

Status L2tpGenl::delete_session(LocalTunnelId tunnel, LocalSessionId session) {
    const Message request = make(L2TP_CMD_SESSION_DELETE, NLM_F_ACK);
    if (!request) return system_fail(ENOMEM, name_of(tunnel, session));
    nla_put_u32(request.get(), L2TP_ATTR_CONN_ID, tunnel.value);
    nla_put_u32(request.get(), L2TP_ATTR_SESSION_ID, session.value);
    const int error = exchange(socket_.get(), request.get());
    if (error == 0) return {};
    return explain(error, name_of(tunnel, session));
}

Result<SessionCounters> L2tpGenl::session_counters(LocalTunnelId tunnel, LocalSessionId session) {
    const Message request = make(L2TP_CMD_SESSION_GET, NLM_F_ACK);
    if (!request) return system_fail(ENOMEM, name_of(tunnel, session));
    nla_put_u32(request.get(), L2TP_ATTR_CONN_ID, tunnel.value);
    nla_put_u32(request.get(), L2TP_ATTR_SESSION_ID, session.value);
    SessionCounters counters;
    const int error = exchange(socket_.get(), request.get(),
                               [&counters](const Attributes& found) { counters = counters_of(found); });
    if (error != 0) return explain(error, name_of(tunnel, session));
    return counters;
}

bool L2tpGenl::has_tunnel(LocalTunnelId tunnel) {
    const Message request = make(L2TP_CMD_TUNNEL_GET, NLM_F_ACK);
    if (!request) return false;
    nla_put_u32(request.get(), L2TP_ATTR_CONN_ID, tunnel.value);
    return exchange(socket_.get(), request.get()) == 0;
}

bool L2tpGenl::has_session(LocalTunnelId tunnel, LocalSessionId session) {
    return session_counters(tunnel, session).has_value();
}

Result<std::vector<KernelTunnelInfo>> L2tpGenl::tunnels() {
    const Message request = make(L2TP_CMD_TUNNEL_GET, NLM_F_DUMP);
    std::vector<KernelTunnelInfo> out;
    const int error = exchange(socket_.get(), request.get(), [&out](const Attributes& found) {
        nlattr* version = found[L2TP_ATTR_PROTO_VERSION];
        out.push_back(
            {LocalTunnelId(u32_of(found, L2TP_ATTR_CONN_ID)),
             PeerTunnelId(u32_of(found, L2TP_ATTR_PEER_CONN_ID)),
             version == nullptr ? std::uint8_t{0} : nla_get_u8(version),
             {address_of(found, L2TP_ATTR_IP_SADDR, L2TP_ATTR_IP6_SADDR), u16_of(found, L2TP_ATTR_UDP_SPORT)},
             {address_of(found, L2TP_ATTR_IP_DADDR, L2TP_ATTR_IP6_DADDR),
              u16_of(found, L2TP_ATTR_UDP_DPORT)}});
    });
    if (error != 0) return explain(error, "list of the kernel's tunnels");
    return out;
}

Result<std::vector<KernelSessionInfo>> L2tpGenl::sessions() {
    const Message request = make(L2TP_CMD_SESSION_GET, NLM_F_DUMP);
    std::vector<KernelSessionInfo> out;
    const int error = exchange(socket_.get(), request.get(), [&out](const Attributes& found) {
        out.push_back({LocalTunnelId(u32_of(found, L2TP_ATTR_CONN_ID)),
                       LocalSessionId(u32_of(found, L2TP_ATTR_SESSION_ID)),
                       PeerSessionId(u32_of(found, L2TP_ATTR_PEER_SESSION_ID)), counters_of(found)});
    });
    if (error != 0) return explain(error, "list of the kernel's sessions");
    return out;
}

}  // namespace keel
