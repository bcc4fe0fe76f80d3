#include "linux/control_callers.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace keel {
namespace {

constexpr int kShareOfReaders = 4;  // a quarter of the time

Result<std::vector<gid_t>> groups_of_peer(int fd) {
    std::vector<gid_t> groups(64);
    for (;;) {
        auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
        if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
            groups.resize(size / sizeof(gid_t));
            return groups;
        }
        if (errno != ERANGE) {
            return fail(ErrorCode::io,
                        fmt::format("cannot tell a caller's groups: {}", std::strerror(errno)));
        }
        groups.resize(size / sizeof(gid_t));
    }
}

}  // namespace

Result<gid_t> group_named(const std::string& name) {
    std::vector<char> room(1024);
    group entry{};
    group* found = nullptr;
    int error = 0;
    while ((error = ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found)) == ERANGE) {
        room.resize(room.size() * 2);
    }
    if (found) return entry.gr_gid;
    if (error != 0 && error != ENOENT) {
        return fail(ErrorCode::io, fmt::format("cannot look up group {}: {}", name, std::strerror(error)));
    }
    return fail(ErrorCode::not_found, fmt::format("there is no group {}", name),
                fmt::format("make it (groupadd --system {}), or name another in control", name));
}

Result<api::Caller> caller_at(int fd, const ControlGroups& groups) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return fail(ErrorCode::io, fmt::format("cannot tell who calls: {}", std::strerror(errno)));
    }
    api::Caller caller{.access = api::Access::none, .uid = peer.uid, .pid = peer.pid};
    if (caller.root()) {
        caller.access = api::Access::admin;
        return caller;
    }
    const auto others = groups_of_peer(fd);
    if (!others) return std::unexpected(others.error());
    const auto is_member = [&](const std::optional<gid_t>& group) {
        return group && (peer.gid == *group || std::ranges::find(*others, *group) != others->end());
    };
    if (is_member(groups.read)) caller.access = api::Access::read;
    if (is_member(groups.admin)) caller.access = api::Access::admin;
    return caller;
}

ControlCallers::Place::Place(std::shared_ptr<ControlCallers> callers, const api::Caller& caller)
    : callers_(std::move(callers)), caller_(caller) {
    ++callers_->connections_;
    if (!reads_only(caller_)) return;
    ++callers_->reading_;
    ++callers_->readers_[caller_.uid];
}

ControlCallers::Place::~Place() {
    --callers_->connections_;
    if (!reads_only(caller_)) return;
    --callers_->reading_;
    if (--callers_->readers_[caller_.uid] == 0) callers_->readers_.erase(caller_.uid);
}

std::unique_ptr<ControlCallers::Place> ControlCallers::admit(const api::Caller& caller) {
    if (connections_ >= limits_.connections) return nullptr;
    if (reads_only(caller)) {
        const auto own = readers_.find(caller.uid);
        if (reading_ >= limits_.readers) return nullptr;
        if (own != readers_.end() && own->second >= limits_.per_reader) return nullptr;
    }
    return std::make_unique<Place>(shared_from_this(), caller);
}

void ControlCallers::take_turn(const api::Caller& caller, std::function<void()> start) {
    if (!reads_only(caller)) return start();
    waiting_.push_back(std::move(start));
    start_next();
}

void ControlCallers::answered(const api::Caller& caller, std::size_t octets) {
    if (!reads_only(caller)) return;
    --answering_;
    undelivered_ += octets;
    start_next();
}

void ControlCallers::delivered(const api::Caller& caller, std::size_t octets) {
    if (!reads_only(caller)) return;
    undelivered_ -= octets;
    start_next();
}

void ControlCallers::stop() {
    stopped_ = true;
    timer_.cancel();
    const auto ended = std::exchange(waiting_, {});
}

// A call may be answered from inside its start: hence the loop, and not a call from there.
void ControlCallers::start_next() {
    if (starting_ || stopped_) return;
    starting_ = true;
    while (!waiting_.empty() && answering_ < limits_.reader_calls && undelivered_ < limits_.reader_replies) {
        const auto began = std::chrono::steady_clock::now();
        if (began < not_before_) {
            timer_.expires_at(not_before_);
            timer_.async_wait([self = weak_from_this()](asio::error_code error) {
                const auto callers = self.lock();
                if (!error && callers) callers->start_next();
            });
            break;
        }
        const auto start = std::move(waiting_.front());
        waiting_.pop_front();
        ++answering_;
        start();
        const auto ended = std::chrono::steady_clock::now();
        not_before_ = ended + (kShareOfReaders - 1) * (ended - began);
    }
    starting_ = false;
}

}  // namespace keel
