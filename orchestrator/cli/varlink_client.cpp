#include "cli/varlink_client.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.hpp"

namespace keel::cli {
namespace {

constexpr time_t kPatienceSeconds = 10;

Result<UniqueFd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::invalid, path + " is too long for a socket");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{kPatienceSeconds, 0};
    ::setsockopt(fd.value(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd.value(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // a full backlog, too
    if (::connect(fd.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    if (errno == EACCES || errno == EPERM) {
        return fail(ErrorCode::denied, "no permission for " + path, "run keel2tp as root");
    }
    return fail(ErrorCode::unavailable,
                fmt::format("keel2tpd does not answer on {} ({})", path, std::strerror(errno)),
                "start keel2tpd, or name its socket with --control");
}

Status send_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return fail(ErrorCode::io, "keel2tpd closed the connection");
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<std::string> receive_message(int fd) {
    std::string message;
    char buffer[65536];
    for (;;) {
        const auto got = ::recv(fd, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::timeout, "keel2tpd did not answer in time", "look at its log");
        if (got == 0) return fail(ErrorCode::io, "keel2tpd closed the connection", "look at its log");
        const std::string_view part(buffer, static_cast<std::size_t>(got));
        const auto end = part.find('\0');
        message += part.substr(0, end);
        if (end != std::string_view::npos) return message;
    }
}

}  // namespace

Result<nlohmann::json> call(const std::string& socket_path, const std::string& method,
                            const nlohmann::json& parameters) {
    const auto fd = connect_to(socket_path);
    if (!fd) return std::unexpected(fd.error());
    const nlohmann::json request = {{"method", method}, {"parameters", parameters}};
    std::string text = request.dump();
    text += '\0';
    if (auto sent = send_all(fd->value(), text); !sent) return std::unexpected(sent.error());
    const auto message = receive_message(fd->value());
    if (!message) return std::unexpected(message.error());
    const auto reply = nlohmann::json::parse(*message, nullptr, false);
    if (!reply.is_object()) return fail(ErrorCode::invalid, "keel2tpd's answer is not JSON");
    if (const auto error = reply.find("error"); error != reply.end()) {
        return fail(ErrorCode::invalid, fmt::format("keel2tpd refused {}: {}", method, error->dump()),
                    "use a keel2tp of the same version as keel2tpd");
    }
    return reply.value("parameters", nlohmann::json::object());
}

}  // namespace keel::cli
