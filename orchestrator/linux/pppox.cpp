#include "linux/pppox.hpp"

#include <fmt/format.h>
#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "linux/errors.hpp"
#include "linux/modules.hpp"

namespace keel {
namespace {

Result<UniqueFd> pppox_socket() {
    UniqueFd fd(socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP));
    if (!fd) return system_fail(errno, "no PPPoL2TP socket", missing_module_remedy("l2tp_ppp"));
    return fd;
}

}  // namespace

Status pppox_is_there() {
    auto fd = pppox_socket();
    if (!fd) return std::unexpected(std::move(fd.error()));
    return {};
}

Result<UniqueFd> connect_pppox(const KernelSession& session) {
    auto fd = pppox_socket();
    if (!fd) return fd;
    const std::string what =
        fmt::format("PPPoL2TP socket of tunnel {} session {}", session.tunnel.value, session.session.value);
    sockaddr_pppol2tp address{};
    address.sa_family = AF_PPPOX;
    address.sa_protocol = PX_PROTO_OL2TP;
    address.pppol2tp.fd = -1;  // the tunnel exists and is found by its id
    address.pppol2tp.s_tunnel = static_cast<std::uint16_t>(session.tunnel.value);
    address.pppol2tp.s_session = static_cast<std::uint16_t>(session.session.value);
    address.pppol2tp.d_tunnel = static_cast<std::uint16_t>(session.peer_tunnel.value);
    address.pppol2tp.d_session = static_cast<std::uint16_t>(session.peer_session.value);
    const void* raw = &address;
    if (connect(fd->value(), static_cast<const sockaddr*>(raw), sizeof address) != 0) {
        if (errno == EEXIST) {
            return system_fail(EEXIST, what,
                               "another process took the session first: `lsof | grep PPPOL2TP` names it");
        }
        return system_fail(errno, what);
    }
    int channel = 0;
    if (ioctl(fd->value(), PPPIOCGCHAN, &channel) != 0) return system_fail(errno, what + ", its ppp channel");
    return fd;
}

}  // namespace keel
