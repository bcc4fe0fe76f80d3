// Interfaces, their sysctls, default routes, and the ways to the servers, for the doctor.
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <future>
#include <memory>
#include <sstream>
#include <thread>

#include "base/unique_fd.hpp"
#include "linux/doctor_gather.hpp"
#include "linux/proc.hpp"
#include "linux/routes.hpp"
#include "linux/sockopt.hpp"

namespace keel::doctor {
namespace {

constexpr auto kPatienceWithDns = std::chrono::seconds(6);

std::optional<std::uint64_t> number_in(const std::string& path) {
    const std::string text = read_small_file(path);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end != text.data() ? std::optional(value) : std::nullopt;
}

// A setting of one interface as it takes effect: the kernel takes the greater of `all` and its own.
int effective(const std::string& interface, const char* setting) {
    const auto one = [&](const std::string& of) {
        return number_in(fmt::format("/proc/sys/net/ipv4/conf/{}/{}", of, setting)).value_or(0);
    };
    return static_cast<int>(std::max(one("all"), one(interface)));
}

std::optional<IpAddress> address_of(const sockaddr* raw) {
    if (raw == nullptr) return std::nullopt;
    RawAddress copy;
    copy.size = raw->sa_family == AF_INET    ? sizeof(sockaddr_in)
                : raw->sa_family == AF_INET6 ? sizeof(sockaddr_in6)
                                             : 0;
    if (copy.size == 0) return std::nullopt;
    std::copy_n(reinterpret_cast<const char*>(raw), copy.size, reinterpret_cast<char*>(&copy.storage));
    const auto parsed = parse_raw_address(copy);
    return parsed ? std::optional(parsed->ip) : std::nullopt;
}

std::optional<Prefix> network_of(const IpAddress& address, const IpAddress& mask) {
    int length = 0;
    for (const std::uint8_t byte : mask.bytes()) length += std::popcount(byte);
    if (!address.is_v4()) return std::nullopt;  // pools are IPv4
    const std::uint32_t host = length == 32 ? 0 : ~std::uint32_t{0} >> length;
    return Prefix{IpAddress::v4(address.v4_value() & ~host), static_cast<std::uint8_t>(length)};
}

// Asked of this network namespace; /sys may show another's.
std::uint32_t mtu_of(const std::string& name) {
    constexpr std::uint32_t kUsual = 1500;
    const UniqueFd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq question{};
    name.copy(question.ifr_name, sizeof question.ifr_name - 1);
    return ::ioctl(any.value(), SIOCGIFMTU, &question) == 0 ? static_cast<std::uint32_t>(question.ifr_mtu)
                                                            : kUsual;
}

Interface look_at(const std::string& name, unsigned flags) {
    Interface out;
    out.name = name;
    out.up = (flags & IFF_UP) != 0;
    out.loopback = (flags & IFF_LOOPBACK) != 0;
    out.point_to_point = (flags & IFF_POINTOPOINT) != 0;
    out.mtu = mtu_of(name);
    out.rp_filter = effective(name, "rp_filter");
    out.disable_xfrm = effective(name, "disable_xfrm") != 0;
    out.disable_policy = effective(name, "disable_policy") != 0;
    return out;
}

std::vector<Interface> interfaces() {
    std::vector<Interface> out;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return out;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
        auto found = std::ranges::find(out, one->ifa_name, &Interface::name);
        if (found == out.end()) found = out.insert(out.end(), look_at(one->ifa_name, one->ifa_flags));
        const auto address = address_of(one->ifa_addr);
        if (!address) continue;
        found->addresses.push_back(*address);
        const auto mask = address_of(one->ifa_netmask);
        if (!mask) continue;
        if (const auto network = network_of(*address, *mask)) found->networks.push_back(*network);
    }
    return out;
}

// IPv4 default routes of the main table, the best first.
std::vector<std::string> default_interfaces() {
    std::vector<std::pair<unsigned, std::string>> found;
    std::istringstream lines(read_small_file("/proc/net/route"));
    std::string line;
    std::getline(lines, line);  // the heading
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string interface, destination, gateway, flags, references, use, metric, mask;
        if (!(fields >> interface >> destination >> gateway >> flags >> references >> use >> metric >> mask))
            continue;
        unsigned value = 0;
        std::from_chars(metric.data(), metric.data() + metric.size(), value);
        if (destination == "00000000" && mask == "00000000") found.emplace_back(value, interface);
    }
    std::ranges::stable_sort(found, {}, &std::pair<unsigned, std::string>::first);
    std::vector<std::string> out;
    for (auto& [metric, interface] : found) {
        if (std::ranges::count(out, interface) == 0) out.push_back(std::move(interface));
    }
    return out;
}

Result<std::vector<IpAddress>> resolve(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* list = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
        return fail(ErrorCode::not_found,
                    fmt::format("{} cannot be resolved: {}", host, ::gai_strerror(error)),
                    "look at \"server\" and /etc/resolv.conf; `getent ahosts NAME` asks the same question");
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    std::vector<IpAddress> out;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        const auto address = address_of(one->ai_addr);
        if (address && std::ranges::count(out, *address) == 0) out.push_back(*address);
    }
    if (out.empty())
        return fail(ErrorCode::not_found, host + " has no usable address", "give the name an A record");
    return out;
}

// getaddrinfo() cannot be given a deadline, so it runs in a thread that may outlive the question.
std::future<Result<std::vector<IpAddress>>> ask(const std::string& host) {
    auto promise = std::make_shared<std::promise<Result<std::vector<IpAddress>>>>();
    auto answer = promise->get_future();
    std::thread([promise, host] { promise->set_value(resolve(host)); }).detach();
    return answer;
}

void find_way(Way& way) {
    const IpAddress& peer = way.addresses->front();
    auto routes = Routes::open();
    if (!routes) return;
    const auto found = routes->way_to(peer);
    if (!found) {
        way.unreachable = found.error();
        return;
    }
    std::array<char, IF_NAMESIZE> name{};
    if (::if_indextoname(found->interface, name.data()) != nullptr) way.interface = name.data();
}

std::vector<Way> ways(const ConfigFacts& config) {
    std::vector<Way> out;
    if (!config.config) return out;
    std::vector<std::future<Result<std::vector<IpAddress>>>> answers;
    for (const config::Lac& lac : config.config->lac) answers.push_back(ask(lac.server));
    const auto until = std::chrono::steady_clock::now() + kPatienceWithDns;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const config::Lac& lac = config.config->lac[i];
        Way way{.name = lac.name, .unreachable = std::nullopt, .interface = {}};
        if (answers[i].wait_until(until) == std::future_status::ready) {
            way.addresses = answers[i].get();
        } else {
            way.addresses = fail(ErrorCode::timeout,
                                 fmt::format("{} cannot be resolved: no DNS server answers", lac.server),
                                 "look at /etc/resolv.conf and the way to the server named there");
        }
        if (way.addresses) find_way(way);
        out.push_back(std::move(way));
    }
    return out;
}

}  // namespace

NetworkFacts gather_network(const ConfigFacts& config) {
    NetworkFacts facts;
    facts.interfaces = interfaces();
    facts.default_interfaces = default_interfaces();
    facts.forwarding4 = number_in("/proc/sys/net/ipv4/ip_forward").value_or(0) != 0;
    facts.ways = ways(config);
    facts.conntrack_count = number_in("/proc/sys/net/netfilter/nf_conntrack_count");
    facts.conntrack_max = number_in("/proc/sys/net/netfilter/nf_conntrack_max");
    facts.rules = gather_ruleset();
    facts.legacy_iptables = read_small_file("/proc/net/ip_tables_names").find("filter") != std::string::npos;
    return facts;
}

}  // namespace keel::doctor
