// The session in a loop of one's own: bytes and time go in, bytes and answers come out. Here the loop is one
// poll().
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "vici/commands.hpp"
#include "vici/session.hpp"

int main(int argc, char** argv) {
    const std::string path = argc > 1 ? argv[1] : "/var/run/charon.vici";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;

    const auto now = [] { return std::chrono::steady_clock::now(); };
    vici::Session session;
    const vici::Ticket version = session.request(now(), vici::make_version(), std::chrono::seconds(5));
    const vici::Ticket stats = session.request(now(), vici::make_stats(), std::chrono::seconds(5));
    while (session.waiting() > 0) {
        const vici::Bytes out = session.take_outgoing();
        if (!out.empty() && write(fd, out.data(), out.size()) != static_cast<ssize_t>(out.size())) return 1;
        pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
        std::array<std::uint8_t, 4096> buffer;
        if (poll(&readable, 1, 100) == 1) {
            const ssize_t count = read(fd, buffer.data(), buffer.size());
            if (count <= 0) return 1;
            if (!session.receive(vici::ByteView(buffer).first(static_cast<std::size_t>(count)))) return 1;
        }
        if (!session.on_timeout(now())) return 1;
        while (auto output = session.poll_output()) {
            const auto* answered = std::get_if<vici::Answered>(&*output);
            if (!answered || !answered->reply) continue;
            if (answered->ticket == version) {
                if (auto parsed = vici::parse_version(answered->reply->message))
                    std::printf("%s %s\n", parsed->daemon.c_str(), parsed->version.c_str());
            } else if (answered->ticket == stats) {
                if (auto parsed = vici::parse_stats(answered->reply->message))
                    std::printf("since %s\n", parsed->since.c_str());
            }
        }
    }
    close(fd);
}
