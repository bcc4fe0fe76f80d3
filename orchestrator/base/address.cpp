#include "base/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace keel {

IpAddress IpAddress::v4(std::uint32_t host_order) {
    IpAddress address;
    for (std::size_t i = 0; i < 4; ++i) {
        address.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    }
    return address;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> network_order) {
    IpAddress address;
    address.six_ = true;
    std::ranges::copy(network_order, address.bytes_.begin());
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
    const std::string terminated(text);
    IpAddress address;
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes_.data()) == 1) return address;
    address.six_ = true;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
    return std::nullopt;
}

bool IpAddress::is_unspecified() const {
    return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

std::uint32_t IpAddress::v4_value() const {
    return std::uint32_t{bytes_[0]} << 24 | std::uint32_t{bytes_[1]} << 16 | std::uint32_t{bytes_[2]} << 8 |
           std::uint32_t{bytes_[3]};
}

std::string IpAddress::text() const {
    char buffer[INET6_ADDRSTRLEN];
    return inet_ntop(six_ ? AF_INET6 : AF_INET, bytes_.data(), buffer, sizeof buffer);
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto ip = IpAddress::parse(host);
    if (!ip || ip->is_v4() == bracketed) return std::nullopt;
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return std::nullopt;
    return SocketAddress{*ip, port};
}

std::string SocketAddress::text() const {
    return ip.is_v4() ? fmt::format("{}:{}", ip.text(), port) : fmt::format("[{}]:{}", ip.text(), port);
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto ip = IpAddress::parse(text.substr(0, slash));
    if (!ip) return std::nullopt;
    const auto width = static_cast<std::uint8_t>(ip->bytes().size() * 8);
    Prefix prefix{*ip, width};
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), prefix.length);
        if (error != std::errc{} || end != digits.data() + digits.size() || prefix.length > width) {
            return std::nullopt;
        }
    }
    for (std::size_t bit = prefix.length; bit < width; ++bit) {
        if (ip->bytes()[bit / 8] & (0x80 >> (bit % 8))) return std::nullopt;
    }
    return prefix;
}

bool Prefix::contains(const IpAddress& address) const {
    if (address.is_v4() != ip.is_v4()) return false;
    for (std::size_t bit = 0; bit < length; ++bit) {
        const int mask = 0x80 >> (bit % 8);
        if ((ip.bytes()[bit / 8] & mask) != (address.bytes()[bit / 8] & mask)) return false;
    }
    return true;
}

std::string Prefix::text() const {
    return fmt::format("{}/{}", ip.text(), length);
}

}  // namespace keel

std::size_t std::hash<keel::IpAddress>::operator()(const keel::IpAddress& address) const noexcept {
    const auto bytes = address.bytes();
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::size_t std::hash<keel::SocketAddress>::operator()(const keel::SocketAddress& address) const noexcept {
    return std::hash<keel::IpAddress>{}(address.ip) * 31 + address.port;
}
