#include "cli/client.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.hpp"
#include "cli/explain.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

std::unexpected<CallFailure> failed(ErrorCode code, std::string message, std::string remedy = {}) {
    return std::unexpected(CallFailure{{code, std::move(message), std::move(remedy)}, {}, json::object()});
}

std::unexpected<CallFailure> hung_up() {
    return failed(ErrorCode::io, "keel2tpd closed the connection",
                  "see whether it runs and what it said last: journalctl -u keel2tp");
}

// The group that may use the socket; empty where only root may.
std::string group_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IWGRP) == 0) return {};
    const group* found = ::getgrgid(status.st_gid);
    return found == nullptr ? fmt::format("{}", status.st_gid) : std::string(found->gr_name);
}

Answer<UniqueFd> connect_to(const std::string& path, std::chrono::seconds patience) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return failed(ErrorCode::invalid, path + " is too long for a socket",
                      "name a shorter path with --control");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{patience.count(), 0};
    ::setsockopt(fd.value(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);  // a full backlog, too
    if (::connect(fd.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    if (errno == EACCES || errno == EPERM)
        return std::unexpected(CallFailure{no_permission(path, group_of(path)), {}, json::object()});
    return std::unexpected(CallFailure{no_daemon(path, errno), {}, json::object()});
}

Answer<void> send_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return hung_up();
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

// Messages end with NUL; what came after one is kept for the next.
class Reader {
public:
    Reader(int fd, int stop) : fd_(fd), stop_(stop) {}

    // Nothing: `stop` became readable. A negative patience waits forever.
    Answer<std::optional<std::string>> next(std::chrono::milliseconds patience) {
        std::size_t seen = 0;
        for (;;) {
            if (const auto end = buffer_.find('\0', seen); end != std::string::npos) {
                std::string message = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                return message;
            }
            seen = buffer_.size();
            pollfd waits[2] = {{fd_, POLLIN, 0}, {stop_, POLLIN, 0}};
            const int ready = ::poll(waits, stop_ < 0 ? 1 : 2, static_cast<int>(patience.count()));
            if (ready < 0 && errno == EINTR) continue;
            if (ready == 0)
                return failed(ErrorCode::timeout, "keel2tpd did not answer in time",
                              "see what it does: journalctl -u keel2tp");
            if (stop_ >= 0 && waits[1].revents != 0) return std::nullopt;
            char part[65536];
            const auto got = ::recv(fd_, part, sizeof part, 0);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return hung_up();
            buffer_.append(part, static_cast<std::size_t>(got));
        }
    }

private:
    int fd_, stop_;
    std::string buffer_;
};

struct Reply {
    json parameters;
    bool continues = false;
};

Answer<Reply> read_reply(const std::string& message, const std::string& socket_path) {
    auto reply = json::parse(message, nullptr, false);
    if (!reply.is_object())
        return failed(ErrorCode::invalid, "keel2tpd's answer is not JSON",
                      fmt::format("see whether {} is keel2tpd's socket", socket_path));
    json parameters = reply.value("parameters", json::object());
    if (!parameters.is_object()) parameters = json::object();
    if (reply.contains("error") && reply["error"].is_string()) {
        const auto name = reply["error"].get<std::string>();
        Error error = explain(name, parameters, group_of(socket_path));
        return std::unexpected(CallFailure{std::move(error), name, std::move(parameters)});
    }
    return Reply{std::move(parameters), reply.value("continues", false)};
}

std::string request_text(const std::string& method, const json& parameters, bool more) {
    json request = {{"method", method.find('.') == std::string::npos ? "org.keel2tp." + method : method},
                    {"parameters", parameters}};
    if (more) request["more"] = true;
    // A name that was typed may be no UTF-8.
    return request.dump(-1, ' ', false, json::error_handler_t::replace) + '\0';
}

}  // namespace

Answer<json> Client::call(const std::string& method, const json& parameters,
                          std::chrono::seconds patience) const {
    const auto fd = connect_to(path_, patience);
    if (!fd) return std::unexpected(fd.error());
    if (auto sent = send_all(fd->value(), request_text(method, parameters, false)); !sent)
        return std::unexpected(sent.error());
    const auto message = Reader(fd->value(), -1).next(patience);
    if (!message) return std::unexpected(message.error());
    auto reply = read_reply(**message, path_);
    if (!reply) return std::unexpected(reply.error());
    return std::move(reply->parameters);
}

Answer<void> Client::stream(const std::string& method, const json& parameters,
                            const std::function<bool(const json&)>& on_reply, int stop) const {
    const auto fd = connect_to(path_, kPatience);
    if (!fd) return std::unexpected(fd.error());
    if (auto sent = send_all(fd->value(), request_text(method, parameters, true)); !sent) return sent;
    Reader reader(fd->value(), stop);
    for (;;) {
        const auto message = reader.next(std::chrono::milliseconds(-1));
        if (!message) return std::unexpected(message.error());
        if (!*message) return {};
        const auto reply = read_reply(**message, path_);
        if (!reply) return std::unexpected(reply.error());
        if (!on_reply(reply->parameters) || !reply->continues) return {};
    }
}

}  // namespace keel::cli
