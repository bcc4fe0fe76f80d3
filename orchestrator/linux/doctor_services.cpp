// Other programs on this host, for the doctor: holders of ports, daemons, units.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "linux/command.hpp"
#include "linux/doctor_gather.hpp"
#include "linux/proc.hpp"

namespace keel::doctor {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

// As /proc/PID/comm has them: 15 characters at most.
constexpr std::array kL2tpDaemons{"xl2tpd"sv, "kl2tpd"sv, "openl2tpd"sv, "accel-pppd"sv,
                                  "l2tpns"sv, "l2tpd"sv,  "mpd5"sv};
constexpr std::array kIkeDaemons{"charon"sv, "charon-systemd"sv, "pluto"sv,
                                 "racoon"sv, "iked"sv,           "isakmpd"sv};
constexpr std::array kL2tpUnits{"xl2tpd"sv,    "openl2tpd"sv, "openl2tp"sv,
                                "accel-ppp"sv, "l2tpns"sv,    "l2tpd"sv};
constexpr std::array kIkeUnits{"ipsec"sv, "libreswan"sv, "racoon"sv, "iked"sv, "isakmpd"sv, "openswan"sv};

std::string comm_of(const std::string& pid) {
    std::string name = read_small_file("/proc/" + pid + "/comm");
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return name;
}

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

void find_daemons(ServiceFacts& facts) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        const auto pid = number(entry.path().filename().string());
        if (!pid) continue;
        const Process process{comm_of(std::to_string(*pid)), *pid};
        if (std::ranges::count(kL2tpDaemons, process.name) > 0) facts.l2tp_daemons.push_back(process);
        if (std::ranges::count(kIkeDaemons, process.name) > 0) facts.ike_daemons.push_back(process);
    }
}

void find_ports(ServiceFacts& facts) {
    for (const char* path : {"/proc/net/udp", "/proc/net/udp6"}) {
        std::istringstream lines(read_small_file(path));
        for (std::string line; std::getline(lines, line);) {
            const auto entry = parse_udp_line(line);
            if (!entry) continue;
            const auto port = entry->local.port;
            if (port != 500 && port != 4500 && port != 1701) continue;
            PortHolder holder{
                .local = entry->local, .connected = entry->connected, .kernel = entry->inode == 0};
            if (const auto process = entry->inode == 0 ? std::nullopt : process_holding(entry->inode)) {
                holder.program = process->name;
                holder.pid = process->pid;
            }
            facts.ports.push_back(std::move(holder));
        }
    }
}

// Enabled in systemd's eyes, by its links alone: that needs no systemd that answers.
bool wanted_at_boot(const std::string& unit) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/etc/systemd/system", ignored)) {
        const std::string name = entry.path().filename().string();
        if (!name.ends_with(".wants") && !name.ends_with(".requires")) continue;
        if (fs::is_symlink(entry.path() / unit, ignored)) return true;
    }
    return false;
}

std::vector<std::string> enabled(std::span<const std::string_view> names) {
    std::vector<std::string> out;
    for (const std::string_view name : names) {
        std::string unit = fmt::format("{}.service", name);
        if (wanted_at_boot(unit)) out.push_back(std::move(unit));
    }
    return out;
}

UnitFacts own_unit() {
    UnitFacts unit;
    unit.name = "keel2tp.service";
    const auto said = run_command(
        {"/usr/bin/systemctl", "show", "--property=LoadState,ActiveState,UnitFileState", unit.name},
        seconds(5));
    if (!said) return unit;
    unit.there = said->find("LoadState=loaded") != std::string::npos;
    unit.active = said->find("ActiveState=active") != std::string::npos;
    unit.failed = said->find("ActiveState=failed") != std::string::npos;
    unit.enabled = said->find("UnitFileState=enabled") != std::string::npos;
    return unit;
}

}  // namespace

ServiceFacts gather_services() {
    ServiceFacts facts;
    find_daemons(facts);
    find_ports(facts);
    facts.own_unit.name = "keel2tp.service";
    facts.systemd = fs::is_directory("/run/systemd/system");
    if (facts.systemd) {
        facts.l2tp_units = enabled(kL2tpUnits);
        facts.ike_units = enabled(kIkeUnits);
        facts.own_unit = own_unit();
    }
    std::istringstream range(read_small_file("/proc/sys/net/ipv4/ip_local_port_range"));
    unsigned first = 0, last = 0;
    if (range >> first >> last) {
        facts.first_local_port = static_cast<std::uint16_t>(first);
        facts.last_local_port = static_cast<std::uint16_t>(last);
    }
    facts.reserved_ports = read_small_file("/proc/sys/net/ipv4/ip_local_reserved_ports");
    return facts;
}

}  // namespace keel::doctor
