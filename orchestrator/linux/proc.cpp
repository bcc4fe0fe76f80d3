#include "linux/proc.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <climits>
#include <memory>
#include <vector>

#include "base/unique_fd.hpp"

namespace keel {
namespace {

template <class T>
std::optional<T> number(std::string_view text, int base) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string_view> fields(std::string_view line) {
    std::vector<std::string_view> out;
    while (true) {
        const auto from = line.find_first_not_of(" \t\n");
        if (from == std::string_view::npos) return out;
        line.remove_prefix(from);
        const auto to = std::min(line.find_first_of(" \t\n"), line.size());
        out.push_back(line.substr(0, to));
        line.remove_prefix(to);
    }
}

// The kernel prints each 32-bit word of the address in host order.
std::optional<IpAddress> parse_hex_address(std::string_view text) {
    if (text.size() != 8 && text.size() != 32) return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t word = 0; word < text.size() / 8; ++word) {
        const auto value = number<std::uint32_t>(text.substr(word * 8, 8), 16);
        if (!value) return std::nullopt;
        const auto raw = std::bit_cast<std::array<std::uint8_t, 4>>(*value);
        for (std::size_t i = 0; i < 4; ++i) bytes[word * 4 + i] = raw[i];
    }
    if (text.size() == 32) return IpAddress::v6(bytes);
    return IpAddress::v4(std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]});
}

struct CloseDir {
    void operator()(DIR* dir) const { closedir(dir); }
};
using Directory = std::unique_ptr<DIR, CloseDir>;

bool holds_inode(const std::string& pid, const std::string& wanted) {
    const std::string path = "/proc/" + pid + "/fd";
    const Directory dir(opendir(path.c_str()));
    if (!dir) return false;
    while (const dirent* entry = readdir(dir.get())) {
        std::array<char, PATH_MAX> target{};
        const std::string link = path + "/" + entry->d_name;
        const ssize_t size = readlink(link.c_str(), target.data(), target.size());
        if (size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == wanted)
            return true;
    }
    return false;
}

}  // namespace

std::optional<UdpSocketEntry> parse_udp_line(std::string_view line) {
    const auto column = fields(line);
    if (column.size() < 10) return std::nullopt;
    const auto colon = column[1].find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto ip = parse_hex_address(column[1].substr(0, colon));
    const auto port = number<std::uint16_t>(column[1].substr(colon + 1), 16);
    const auto inode = number<std::uint64_t>(column[9], 10);
    if (!ip || !port || !inode) return std::nullopt;
    const bool connected = column[2].find_first_not_of("0:") != std::string_view::npos;
    return UdpSocketEntry{{*ip, *port}, connected, *inode};
}

std::optional<UdpSocketEntry> conflicting_socket(std::string_view table, const SocketAddress& wanted,
                                                 Conflict conflict) {
    while (!table.empty()) {
        const auto end = std::min(table.find('\n'), table.size());
        const auto entry = parse_udp_line(table.substr(0, end));
        table.remove_prefix(std::min(end + 1, table.size()));
        if (!entry || entry->local.port != wanted.port) continue;
        if (entry->connected && conflict == Conflict::listening) continue;
        if (entry->local.ip == wanted.ip || entry->local.ip.is_unspecified()) return entry;
    }
    return std::nullopt;
}

std::optional<HoldingProcess> process_holding(std::uint64_t inode) {
    const std::string wanted = fmt::format("socket:[{}]", inode);
    const Directory dir(opendir("/proc"));
    if (!dir) return std::nullopt;
    while (const dirent* entry = readdir(dir.get())) {
        const std::string pid = entry->d_name;
        const auto value = number<int>(pid, 10);
        if (!value || !holds_inode(pid, wanted)) continue;
        std::string name = read_small_file("/proc/" + pid + "/comm");
        while (!name.empty() && name.back() == '\n') name.pop_back();
        return HoldingProcess{*value, name.empty() ? "a program" : name};
    }
    return std::nullopt;
}

std::optional<std::string> port_holder(const SocketAddress& wanted, Conflict conflict) {
    for (const char* path : {"/proc/net/udp", "/proc/net/udp6"}) {
        const auto entry = conflicting_socket(read_small_file(path), wanted, conflict);
        if (!entry) continue;
        if (entry->inode == 0) return "a socket of the kernel (an L2TP tunnel that outlived its daemon)";
        const auto process = process_holding(entry->inode);
        if (!process) return "a process that is not visible from here";
        return fmt::format("{} (process {})", process->name, process->pid);
    }
    return std::nullopt;
}

// Not by a stream: its buffer throws where read(2) fails, as on /proc/PID/attr/current without a security
// module.
std::string read_small_file(const std::string& path) {
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    std::string text;
    std::array<char, 65536> part;
    for (ssize_t got; (got = read(file.value(), part.data(), part.size())) > 0;) {
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    return text;
}

}  // namespace keel
