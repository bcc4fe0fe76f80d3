#include "linux/guard_watch.hpp"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/unique_fd.hpp"
#include "linux/errors.hpp"

namespace keel {
namespace {

constexpr std::uint16_t kNewGeneration = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN;
// One look for a whole burst of changes; a container host changes its ruleset all day.
constexpr std::chrono::milliseconds kDelay{20};

template <class Header>
std::optional<Header> header_at(ByteView view) {
    if (view.size() < sizeof(Header)) return std::nullopt;
    Header header;
    std::memcpy(&header, view.data(), sizeof header);
    return header;
}

ByteView after(ByteView view, std::size_t length) {
    return view.subspan(std::min(view.size(), (length + 3) & ~3ul));
}

std::optional<std::uint32_t> process_in(ByteView attributes) {
    while (const auto attribute = header_at<nlattr>(attributes)) {
        if (attribute->nla_len < sizeof(nlattr) || attribute->nla_len > attributes.size())
            return std::nullopt;
        const ByteView value = attributes.first(attribute->nla_len).subspan(sizeof(nlattr));
        if ((attribute->nla_type & NLA_TYPE_MASK) == NFTA_GEN_PROC_PID) {
            Reader reader(value);
            return reader.u32();
        }
        attributes = after(attributes, attribute->nla_len);
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> ruleset_changed_by(ByteView messages) {
    while (const auto header = header_at<nlmsghdr>(messages)) {
        if (header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > messages.size()) return std::nullopt;
        if (header->nlmsg_type == kNewGeneration) {
            const ByteView body = messages.first(header->nlmsg_len).subspan(sizeof(nlmsghdr));
            return process_in(after(body, sizeof(nfgenmsg))).value_or(0);
        }
        messages = after(messages, header->nlmsg_len);
    }
    return std::nullopt;
}

GuardWatch::GuardWatch(asio::io_context& loop, Log& log, Guard& guard)
    : log_(log), guard_(guard), socket_(loop), soon_(loop) {}

GuardWatch::~GuardWatch() {
    *alive_ = false;
}

Status GuardWatch::start() {
    if (socket_.is_open()) return {};
    UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
    if (!fd) return system_fail(errno, "no news of the nftables ruleset");
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    const int group = NFNLGRP_NFTABLES;
    if (bind(fd.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        setsockopt(fd.value(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
        return system_fail(errno, "no news of the nftables ruleset");
    }
    socket_.assign(fd.release());
    wait();
    return {};
}

void GuardWatch::wait() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this, alive = alive_](const asio::error_code& error) {
                           if (!*alive || error) return;
                           read();
                           wait();
                       });
}

void GuardWatch::read() {
    std::array<std::uint8_t, 16384> buffer;
    for (int count = 0; count < 64; ++count) {
        const ssize_t size = recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size < 0 && errno == ENOBUFS) {  // news were lost
            look_soon();
            continue;
        }
        if (size <= 0) return;
        const auto process = ruleset_changed_by(ByteView(buffer).first(static_cast<std::size_t>(size)));
        if (process && *process != static_cast<std::uint32_t>(getpid())) look_soon();
    }
}

void GuardWatch::look_soon() {
    if (looking_) return;
    looking_ = true;
    soon_.expires_after(kDelay);
    soon_.async_wait([this, alive = alive_](const asio::error_code& error) {
        if (!*alive) return;
        looking_ = false;
        if (!error) guard_.restore_if_gone();
    });
}

}  // namespace keel
