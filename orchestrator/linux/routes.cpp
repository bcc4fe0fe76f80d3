#include "linux/routes.hpp"

#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "linux/errors.hpp"

namespace keel {
namespace {

std::uint8_t family_of(const IpAddress& address) {
    return static_cast<std::uint8_t>(address.is_v4() ? AF_INET : AF_INET6);
}

void put_address(MnlRequest& request, std::uint16_t type, const IpAddress& address) {
    mnl_attr_put(request.message(), type, address.bytes().size(), address.bytes().data());
}

std::optional<IpAddress> address_in(const void* data, std::size_t size) {
    std::array<std::uint8_t, 16> bytes{};
    if (size != 4 && size != 16) return std::nullopt;
    std::memcpy(bytes.data(), data, size);
    if (size == 16) return IpAddress::v6(bytes);
    return IpAddress::v4(std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]});
}

std::optional<std::uint32_t> mtu_metric(const nlattr& metrics) {
    std::optional<std::uint32_t> mtu;
    each_nested_attribute(metrics, [&mtu](const nlattr& metric) {
        if (mnl_attr_get_type(&metric) == RTAX_MTU && mnl_attr_get_payload_len(&metric) >= 4) {
            mtu = mnl_attr_get_u32(&metric);
        }
    });
    return mtu;
}

struct FoundRoute {
    std::uint8_t protocol = 0;
    Prefix to;
    Way way;
};

void take(const nlattr& attribute, FoundRoute& found) {
    const void* data = mnl_attr_get_payload(&attribute);
    const std::size_t size = mnl_attr_get_payload_len(&attribute);
    switch (mnl_attr_get_type(&attribute)) {
        case RTA_DST: found.to.ip = address_in(data, size).value_or(found.to.ip); break;
        case RTA_GATEWAY: found.way.gateway = address_in(data, size); break;
        case RTA_VIA:  // a gateway of the other family: the family, then the address
            if (size > 2) found.way.gateway = address_in(static_cast<const char*>(data) + 2, size - 2);
            break;
        case RTA_PREFSRC: found.way.source = address_in(data, size); break;
        case RTA_OIF:
            if (size >= 4) found.way.interface = mnl_attr_get_u32(&attribute);
            break;
        case RTA_CACHEINFO:
            if (size >= sizeof(rta_cacheinfo)) {
                found.way.mtu_learnt = static_cast<const rta_cacheinfo*>(data)->rta_expires != 0;
            }
            break;
        case RTA_METRICS: found.way.mtu = mtu_metric(attribute); break;
        default: break;
    }
}

std::optional<FoundRoute> parse(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(&message) < sizeof(rtmsg))
        return std::nullopt;
    const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
    FoundRoute found;
    found.protocol = header->rtm_protocol;
    found.to.length = header->rtm_dst_len;
    if (header->rtm_family == AF_INET6) found.to.ip = IpAddress::v6(std::array<std::uint8_t, 16>{});
    found.way.local = header->rtm_type == RTN_LOCAL;
    each_attribute(message, sizeof *header, [&found](const nlattr& attribute) { take(attribute, found); });
    return found;
}

Prefix host_prefix(const IpAddress& address) {
    return Prefix{address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)};
}

Way on_link(std::uint32_t interface) {
    Way way;
    way.interface = interface;
    return way;
}

std::string name_of(const Route& route) {
    return fmt::format("route {} through {}", route.destination.text(), route.interface);
}

}  // namespace

Result<Routes> Routes::open() {
    auto socket = open_mnl(NETLINK_ROUTE, "routes");
    if (!socket) return std::unexpected(socket.error());
    return Routes(std::move(*socket));
}

int Routes::change(std::uint16_t type, std::uint16_t flags, const Prefix& to, const Way& way) {
    MnlRequest request(type, flags);
    auto* header = request.header<rtmsg>();
    header->rtm_family = family_of(to.ip);
    header->rtm_dst_len = to.length;
    header->rtm_table = RT_TABLE_MAIN;
    header->rtm_protocol = kRouteProtocol;
    header->rtm_scope = !way.gateway && to.ip.is_v4() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    header->rtm_type = RTN_UNICAST;
    put_address(request, RTA_DST, to.ip);
    mnl_attr_put_u32(request.message(), RTA_OIF, way.interface);
    if (way.gateway && way.gateway->is_v4() == to.ip.is_v4()) {
        put_address(request, RTA_GATEWAY, *way.gateway);
    } else if (way.gateway) {
        std::vector<std::uint8_t> via(2);
        const std::uint16_t family = family_of(*way.gateway);
        std::memcpy(via.data(), &family, sizeof family);
        via.insert(via.end(), way.gateway->bytes().begin(), way.gateway->bytes().end());
        mnl_attr_put(request.message(), RTA_VIA, via.size(), via.data());
    }
    if (way.mtu && !way.mtu_learnt) {
        nlattr* metrics = mnl_attr_nest_start(request.message(), RTA_METRICS);
        mnl_attr_put_u32(request.message(), RTAX_MTU, *way.mtu);
        mnl_attr_nest_end(request.message(), metrics);
    }
    return mnl_exchange(socket_.get(), request, [](const nlmsghdr&) {});
}

Status Routes::add(const Route& route) {
    const auto key = std::pair(route.destination, route.interface);
    const std::uint32_t index = if_nametoindex(route.interface.c_str());
    if (index == 0) return system_fail(errno, name_of(route), "the interface is gone");
    if (const auto present = routes_.find(key); present != routes_.end() && present->second == index)
        return {};
    const int error = change(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route.destination, on_link(index));
    if (error == EEXIST) {
        return system_fail(
            error, name_of(route),
            fmt::format("another route to {0} is there: remove it, or take {0} from the configuration",
                        route.destination.text()));
    }
    if (error != 0) return system_fail(error, name_of(route));
    routes_[key] = index;
    return {};
}

void Routes::remove(const Route& route) {
    const auto found = routes_.find({route.destination, route.interface});
    if (found == routes_.end()) return;
    // An error is no news: the route goes with its interface.
    static_cast<void>(change(RTM_DELROUTE, 0, route.destination, on_link(found->second)));
    routes_.erase(found);
}

Status Routes::pin(const IpAddress& peer) {
    if (const auto found = pins_.find(peer); found != pins_.end()) {
        ++found->second.users;
        return {};
    }
    auto way = way_to(peer);
    if (!way) return wrap(way.error(), fmt::format("the way to {} cannot be pinned", peer.text()));
    Pin pin{1, *way, false};
    if (!way->local) {
        const int error = change(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, host_prefix(peer), *way);
        if (error != 0 && error != EEXIST) {
            return system_fail(error, fmt::format("the way to {} cannot be pinned", peer.text()));
        }
        pin.ours = error == 0;
    }
    pins_.emplace(peer, pin);
    return {};
}

void Routes::unpin(const IpAddress& peer) {
    const auto found = pins_.find(peer);
    if (found == pins_.end() || --found->second.users > 0) return;
    if (found->second.ours) static_cast<void>(change(RTM_DELROUTE, 0, host_prefix(peer), found->second.way));
    pins_.erase(found);
}

Result<Way> Routes::way_to(const IpAddress& peer) {
    MnlRequest request(RTM_GETROUTE, 0);
    auto* header = request.header<rtmsg>();
    header->rtm_family = family_of(peer);
    header->rtm_dst_len = host_prefix(peer).length;
    put_address(request, RTA_DST, peer);
    std::optional<FoundRoute> found;
    const int error = mnl_exchange(socket_.get(), request, [&found](const nlmsghdr& m) { found = parse(m); });
    if (error != 0)
        return system_fail(error, fmt::format("no route to {}", peer.text()), "look at `ip route`");
    if (!found || found->way.interface == 0) {
        return fail(ErrorCode::not_found, fmt::format("no route to {}", peer.text()), "look at `ip route`");
    }
    return found->way;
}

Result<IpAddress> Routes::source_address(const IpAddress& peer) {
    const auto way = way_to(peer);
    if (!way) return std::unexpected(way.error());
    if (way->source) return *way->source;
    if (way->local) return peer;
    return fail(ErrorCode::not_found, fmt::format("no source address for packets to {}", peer.text()),
                "give the interface of that route an address");
}

Result<std::uint32_t> Routes::interface_mtu(std::uint32_t index) {
    MnlRequest request(RTM_GETLINK, 0);
    auto* header = request.header<ifinfomsg>();
    header->ifi_index = static_cast<int>(index);
    std::optional<std::uint32_t> mtu;
    const int error = mnl_exchange(socket_.get(), request, [&mtu](const nlmsghdr& message) {
        each_attribute(message, sizeof(ifinfomsg), [&mtu](const nlattr& attribute) {
            if (mnl_attr_get_type(&attribute) == IFLA_MTU) mtu = mnl_attr_get_u32(&attribute);
        });
    });
    if (error != 0) return system_fail(error, fmt::format("interface {}", index));
    if (!mtu) return fail(ErrorCode::not_found, fmt::format("interface {} has no MTU", index));
    return *mtu;
}

Result<std::uint32_t> Routes::path_mtu(const IpAddress& peer) {
    const auto way = way_to(peer);
    if (!way) return std::unexpected(way.error());
    if (way->mtu) return *way->mtu;
    return interface_mtu(way->interface);
}

Status Routes::set_mtu(const std::string& interface, std::uint32_t mtu) {
    const std::string what = fmt::format("MTU {} of {}", mtu, interface);
    const std::uint32_t index = if_nametoindex(interface.c_str());
    if (index == 0) return system_fail(errno, what, "the interface is gone");
    MnlRequest request(RTM_NEWLINK, NLM_F_ACK);
    request.header<ifinfomsg>()->ifi_index = static_cast<int>(index);
    mnl_attr_put_u32(request.message(), IFLA_MTU, mtu);
    const int error = mnl_exchange(socket_.get(), request, [](const nlmsghdr&) {});
    if (error != 0) return system_fail(error, what);
    return {};
}

void Routes::remove_all() {
    for (const auto& [key, index] : routes_) {
        static_cast<void>(change(RTM_DELROUTE, 0, key.first, on_link(index)));
    }
    routes_.clear();
    for (const auto& [peer, pin] : pins_) {
        if (pin.ours) static_cast<void>(change(RTM_DELROUTE, 0, host_prefix(peer), pin.way));
    }
    pins_.clear();
}

Result<unsigned> Routes::remove_leftovers() {
    std::vector<FoundRoute> ours;
    for (const int family : {AF_INET, AF_INET6}) {
        MnlRequest request(RTM_GETROUTE, NLM_F_DUMP);
        request.header<rtmsg>()->rtm_family = static_cast<std::uint8_t>(family);
        const int error = mnl_exchange(socket_.get(), request, [&ours](const nlmsghdr& message) {
            if (auto found = parse(message); found && found->protocol == kRouteProtocol)
                ours.push_back(*found);
        });
        if (error != 0) return system_fail(error, "list of routes");
    }
    for (const FoundRoute& route : ours) static_cast<void>(change(RTM_DELROUTE, 0, route.to, route.way));
    return static_cast<unsigned>(ours.size());
}

}  // namespace keel
