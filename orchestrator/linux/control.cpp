#include "linux/control.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "linux/control_connection.hpp"

namespace keel {
namespace {

using asio::local::stream_protocol;

constexpr auto kPause = std::chrono::milliseconds(200);

bool someone_answers(asio::io_context& loop, const std::string& path) {
    stream_protocol::socket probe(loop);
    asio::error_code error;
    probe.open({}, error);
    probe.non_blocking(true, error);
    probe.connect(stream_protocol::endpoint(path), error);
    // Full is answered, too.
    return !error || error == asio::error::would_block || error == asio::error::try_again;
}

Status make_way(asio::io_context& loop, const std::string& path) {
    std::error_code directory_error;
    const auto directory = std::filesystem::path(path).parent_path();
    // Made by us, it is one to go through: the socket's own mode says who may connect.
    if (!directory.empty() && std::filesystem::create_directories(directory, directory_error)) {
        std::filesystem::permissions(directory, std::filesystem::perms(0755), directory_error);
    }
    if (directory_error) {
        return fail(ErrorCode::io,
                    fmt::format("cannot make {}: {}", directory.string(), directory_error.message()));
    }
    struct stat there {};
    if (::lstat(path.c_str(), &there) != 0) return {};
    if (!S_ISSOCK(there.st_mode)) {
        return fail(ErrorCode::exists, path + " is there, and is no socket",
                    "remove it, or name another control.socket");
    }
    if (someone_answers(loop, path)) {
        return fail(ErrorCode::exists, "another keel2tpd answers on " + path,
                    "stop it, or give this one another control.socket");
    }
    ::unlink(path.c_str());
    return {};
}

// The group that may connect at all: readers, of whom admins are members too, or else admins.
Status open_to(const std::string& path, const ControlGroups& groups) {
    const auto group = groups.read ? groups.read : groups.admin;
    if (!group) return {};
    if (::chown(path.c_str(), static_cast<uid_t>(-1), *group) == 0 && ::chmod(path.c_str(), 0660) == 0)
        return {};
    return fail(ErrorCode::io, fmt::format("cannot give {} to its group: {}", path, std::strerror(errno)));
}

}  // namespace

ControlSocket::ControlSocket(asio::io_context& loop, const api::Service& service, ControlLimits limits)
    : loop_(loop),
      service_(service),
      limits_(limits),
      callers_(std::make_shared<ControlCallers>(loop, limits)) {}

ControlSocket::~ControlSocket() {
    callers_->stop();
    if (acceptor_) ::unlink(path_.c_str());
}

Status ControlSocket::open(const std::string& path, ControlGroups groups) {
    if (auto clear = make_way(loop_, path); !clear) return clear;
    asio::error_code error;
    stream_protocol::acceptor acceptor(loop_);
    acceptor.open({}, error);
    const mode_t before = ::umask(0177);
    if (!error) acceptor.bind(stream_protocol::endpoint(path), error);
    ::umask(before);
    if (!error) {
        if (auto opened = open_to(path, groups); !opened) {
            ::unlink(path.c_str());
            return opened;
        }
        acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) return fail(ErrorCode::io, fmt::format("cannot listen on {}: {}", path, error.message()));
    path_ = path;
    groups_ = groups;
    acceptor_ = std::move(acceptor);
    accept();
    return {};
}

void ControlSocket::accept() {
    acceptor_->async_accept([this](asio::error_code error, stream_protocol::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (!error) {
            receive(std::move(socket));
            return accept();
        }
        // No descriptor is free, say: at once it would fail again.
        pause_.expires_after(kPause);
        pause_.async_wait([this](asio::error_code cancelled) {
            if (!cancelled) accept();
        });
    });
}

void ControlSocket::receive(stream_protocol::socket socket) {
    const auto caller = caller_at(socket.native_handle(), groups_);
    if (!caller) return;
    auto place = callers_->admit(*caller);
    if (place) {
        std::make_shared<ControlConnection>(std::move(socket), service_, *caller, std::move(place), callers_)
            ->start();
        return;
    }
    std::string words = api::refusal({ErrorCode::busy, "too many callers are connected to keel2tpd",
                                      "close some (ss -xp shows them), or try again later"})
                            .text;
    words += '\0';
    asio::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(words), ignored);
}

}  // namespace keel
