#include "linux/netlink_mnl.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "base/secret.hpp"
#include "linux/errors.hpp"

namespace keel {
namespace {

constexpr std::size_t kAnswerSize = 32768;  // the kernel packs a dump into pieces of at most this

struct Answers {
    const std::function<void(const nlmsghdr&)>& on_answer;
};

int on_message(const nlmsghdr* message, void* context) {
    static_cast<const Answers*>(context)->on_answer(*message);
    return MNL_CB_OK;
}

int on_attribute_found(const nlattr* attribute, void* context) {
    (*static_cast<const OnAttribute*>(context))(*attribute);
    return MNL_CB_OK;
}

}  // namespace

void each_attribute(const nlmsghdr& message, std::size_t header_size, const OnAttribute& on_attribute) {
    mnl_attr_parse(&message, static_cast<unsigned>(header_size), on_attribute_found,
                   const_cast<OnAttribute*>(&on_attribute));
}

void each_nested_attribute(const nlattr& nest, const OnAttribute& on_attribute) {
    mnl_attr_parse_nested(&nest, on_attribute_found, const_cast<OnAttribute*>(&on_attribute));
}

MnlRequest::MnlRequest(std::uint16_t type, std::uint16_t flags) {
    nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data());
    header->nlmsg_type = type;
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
}

int mnl_exchange(mnl_socket* socket, MnlRequest& request,
                 const std::function<void(const nlmsghdr&)>& on_answer, bool wipe_answers) {
    nlmsghdr* message = request.message();
    if ((message->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) message->nlmsg_flags |= NLM_F_ACK;
    if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0) return errno;
    std::vector<char> buffer(kAnswerSize);
    const Answers answers{on_answer};
    int error = 0;
    while (true) {
        const ssize_t size = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
        if (size < 0) {
            error = errno;
            break;
        }
        const int result =
            mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), 0, mnl_socket_get_portid(socket),
                       on_message, const_cast<Answers*>(&answers));
        if (result > MNL_CB_STOP) continue;
        if (result < 0) error = errno;
        break;
    }
    if (wipe_answers) wipe(buffer.data(), buffer.size());
    return error;
}

Result<MnlSocket> open_mnl(int bus, const char* name) {
    MnlSocket socket(mnl_socket_open2(bus, SOCK_CLOEXEC));
    if (!socket) return system_fail(errno, std::string("no netlink socket for ") + name);
    if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
        return system_fail(errno, std::string("netlink socket for ") + name);
    }
    return socket;
}

}  // namespace keel
