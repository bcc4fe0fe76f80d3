// Routes: the LAC's routes into the tunnel, the pinned way to the peer, links' MTUs, and questions about
// ways, by rtnetlink. Everything we add carries our own routing protocol number, and nothing else is ever
// removed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/address.hpp"
#include "linux/netlink_mnl.hpp"
#include "ports.hpp"

namespace keel {

inline constexpr std::uint8_t kRouteProtocol =
    76;  // `ip route show proto 76`; not in /etc/iproute2/rt_protos

// The kernel's answer for one destination.
struct Way {
    std::uint32_t interface = 0;       // index
    std::optional<IpAddress> gateway;  // none: the peer is on the link
    std::optional<IpAddress> source;
    std::optional<std::uint32_t> mtu;  // the route's or the path's, where the kernel knows one
    bool mtu_learnt = false;           // from the path, and forgotten again after minutes
    bool local = false;                // an address of this host
};

class Routes {
public:
    [[nodiscard]] static Result<Routes> open();

    // `exists` when the table has another route to that destination; an identical one of ours is success.
    [[nodiscard]] Status add(const Route& route);
    void remove(const Route& route);
    [[nodiscard]] Status pin(const IpAddress& peer);
    void unpin(const IpAddress& peer);
    [[nodiscard]] Result<Way> way_to(const IpAddress& peer);
    [[nodiscard]] Result<IpAddress> source_address(const IpAddress& peer);
    [[nodiscard]] Result<std::uint32_t> path_mtu(const IpAddress& peer);
    [[nodiscard]] Status set_mtu(const std::string& interface, std::uint32_t mtu);
    void remove_all();                                  // routes and pins of this object
    [[nodiscard]] Result<unsigned> remove_leftovers();  // every route with our protocol number; how many

private:
    struct Pin {
        unsigned users = 0;
        Way way;
        bool ours = false;  // false: the same host route was there before
    };

    explicit Routes(MnlSocket socket) : socket_(std::move(socket)) {}
    [[nodiscard]] int change(std::uint16_t type, std::uint16_t flags, const Prefix& to, const Way& way);
    [[nodiscard]] Result<std::uint32_t> interface_mtu(std::uint32_t index);

    MnlSocket socket_;
    std::map<std::pair<Prefix, std::string>, std::uint32_t> routes_;  // with the interface's index
    std::map<IpAddress, Pin> pins_;
};

}  // namespace keel
