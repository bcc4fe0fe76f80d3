// Xfrm: the kernel's SAs, by netlink: their counters, and the removal of those that charon left when it was
// killed. charon makes and deletes SAs; we only look. Answers carry keys: they are wiped before a call
// returns.
#pragma once

#include <netinet/in.h>  // must come before the kernel's own headers

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "linux/netlink_mnl.hpp"
#include "ports.hpp"

namespace keel {

// What is read of an SA; no key material.
struct KernelSa {
    IpAddress source, destination;
    std::uint32_t spi = 0;  // host byte order
    std::uint32_t reqid = 0;
    bool esp = false;
    bool transport = false;
    std::optional<std::uint32_t> set_mark;  // what it puts on packets that came under it
    std::uint32_t set_mark_mask = 0;
    std::uint32_t mark = 0, mark_mask = 0;  // what a packet must carry to find it
    SaCounters counters;
};

// Which of `all` are ours, both directions. Inbound: ESP in transport mode that sets a mark under the mask
// 0x00ffffff, which nothing but recipe S asks for. Outbound: its partner by reqid and swapped addresses.
[[nodiscard]] std::vector<KernelSa> select_ours(const std::vector<KernelSa>& all);

class Xfrm {
public:
    [[nodiscard]] static Result<Xfrm> open();

    // `spi` in host byte order, `mark` 0 for none.
    [[nodiscard]] Result<SaCounters> counters(const IpAddress& source, const IpAddress& destination,
                                              std::uint32_t spi, std::uint32_t mark);
    [[nodiscard]] Result<std::vector<KernelSa>> list();
    [[nodiscard]] Status remove(const KernelSa& sa);
    // Deletes ours (select_ours); how many. For after a crash of charon, whose SAs would collide with the
    // marks of the new run, and before it makes new ones.
    [[nodiscard]] Result<unsigned> remove_ours();

private:
    explicit Xfrm(MnlSocket socket) : socket_(std::move(socket)) {}

    MnlSocket socket_;
};

}  // namespace keel
