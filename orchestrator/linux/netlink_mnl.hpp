// One request to a kernel netlink family through libmnl, and its answers; shared by xfrm.cpp and routes.cpp.
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <functional>
#include <memory>

#include "base/result.hpp"

namespace keel {

// A message under construction. Room for what we ask; answers use a buffer of their own.
class MnlRequest {
public:
    MnlRequest(std::uint16_t type, std::uint16_t flags);
    // The family's own header, zeroed, right after nlmsghdr.
    template <class Header>
    Header* header() {
        return static_cast<Header*>(mnl_nlmsg_put_extra_header(message(), sizeof(Header)));
    }
    [[nodiscard]] nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

private:
    alignas(nlmsghdr) std::array<char, 2048> buffer_{};
};

// Sends the request and hands each answer to `on_answer`, until the kernel's acknowledgement or the end of
// the dump. Returns 0 or the kernel's errno. With `wipe_answers` the receive buffer is overwritten before
// returning.
[[nodiscard]] int mnl_exchange(mnl_socket* socket, MnlRequest& request,
                               const std::function<void(const nlmsghdr&)>& on_answer,
                               bool wipe_answers = false);

// Each attribute after the family's header of `header_size` octets, or inside a nest.
using OnAttribute = std::function<void(const nlattr&)>;
void each_attribute(const nlmsghdr& message, std::size_t header_size, const OnAttribute& on_attribute);
void each_nested_attribute(const nlattr& nest, const OnAttribute& on_attribute);

struct CloseMnl {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using MnlSocket = std::unique_ptr<mnl_socket, CloseMnl>;
[[nodiscard]] Result<MnlSocket> open_mnl(int bus, const char* name);

}  // namespace keel
