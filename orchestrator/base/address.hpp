// IP addresses, socket addresses and prefixes as values: parsed wholly or not at all, printed canonically.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace keel {

class IpAddress {
public:
    IpAddress() = default;  // 0.0.0.0
    [[nodiscard]] static IpAddress v4(std::uint32_t host_order);
    [[nodiscard]] static IpAddress v6(std::span<const std::uint8_t, 16> network_order);
    // "192.0.2.1" or "2001:db8::1"; nothing else (no port, prefix, zone or brackets).
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

    [[nodiscard]] bool is_v4() const { return !six_; }
    [[nodiscard]] bool is_unspecified() const;
    // Network byte order, 4 or 16 bytes.
    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_.data(), six_ ? 16u : 4u}; }
    [[nodiscard]] std::uint32_t v4_value() const;  // host byte order; is_v4() only
    [[nodiscard]] std::string text() const;

    auto operator<=>(const IpAddress&) const = default;

private:
    bool six_ = false;
    std::array<std::uint8_t, 16> bytes_{};
};

struct SocketAddress {
    IpAddress ip;
    std::uint16_t port = 0;

    [[nodiscard]] std::string text() const;  // "192.0.2.1:1701", "[2001:db8::1]:1701"
    // What text() gives, with a port from 1 to 65535; nothing else.
    [[nodiscard]] static std::optional<SocketAddress> parse(std::string_view text);
    auto operator<=>(const SocketAddress&) const = default;
};

struct Prefix {
    IpAddress ip;  // host bits are zero
    std::uint8_t length = 0;

    // "10.9.0.0/24"; a bare address is a host prefix; host bits set are refused.
    [[nodiscard]] static std::optional<Prefix> parse(std::string_view text);
    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string text() const;
    auto operator<=>(const Prefix&) const = default;
};

}  // namespace keel

template <>
struct std::hash<keel::IpAddress> {
    std::size_t operator()(const keel::IpAddress& address) const noexcept;
};
template <>
struct std::hash<keel::SocketAddress> {
    std::size_t operator()(const keel::SocketAddress& address) const noexcept;
};
