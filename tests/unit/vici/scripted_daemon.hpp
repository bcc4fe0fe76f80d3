// A daemon on a unix socket that plays a script: what it read, and the bytes that it answers. For tests of
// what uses a real socket. Each connection has its own script; a script that ends closes its connection.
#pragma once

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "vici/message.hpp"

class ScriptedDaemon {
public:
    class Peer {
    public:
        explicit Peer(int fd) : fd_(fd) {}
        // The next packet, without its length: type, name, body; empty at the end of the connection.
        vici::Bytes read() const {
            const vici::Bytes head = read_exactly(4);
            if (head.size() < 4) return {};
            return read_exactly(std::size_t{head[1]} << 16 | std::size_t{head[2]} << 8 | head[3]);
        }
        // A request's or a registration's name.
        std::string name() const {
            const vici::Bytes packet = read();
            if (packet.size() < 2) return {};
            return {packet.begin() + 2, packet.begin() + 2 + packet[1]};
        }
        void raw(const vici::Bytes& bytes) const {
            (void)!send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        }
        void packet(std::uint8_t type, const std::string& name, const vici::Message& message) const {
            vici::Bytes body{type};
            if (!name.empty()) {
                body.push_back(static_cast<std::uint8_t>(name.size()));
                body.insert(body.end(), name.begin(), name.end());
            }
            const vici::Bytes wire = *vici::encode(message);
            body.insert(body.end(), wire.begin(), wire.end());
            vici::Bytes out{0, static_cast<std::uint8_t>(body.size() >> 16),
                            static_cast<std::uint8_t>(body.size() >> 8 & 0xff),
                            static_cast<std::uint8_t>(body.size() & 0xff)};
            out.insert(out.end(), body.begin(), body.end());
            raw(out);
        }
        void answer(const vici::Message& message = {}) const { packet(1, "", message); }
        void confirm() const { packet(5, "", {}); }
        void event(const std::string& name, const vici::Message& message) const { packet(7, name, message); }

    private:
        vici::Bytes read_exactly(std::size_t count) const {
            vici::Bytes out(count);
            std::size_t have = 0;
            while (have < count) {
                const ssize_t got = recv(fd_, out.data() + have, count - have, 0);
                if (got <= 0) return {};
                have += static_cast<std::size_t>(got);
            }
            return out;
        }
        int fd_;
    };
    using Script = std::function<void(const Peer&)>;

    explicit ScriptedDaemon(std::vector<Script> scripts) {
        char made[] = "/tmp/vici-test-XXXXXX";
        directory_ = mkdtemp(made);
        path_ = directory_ + "/vici";
        listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        (void)bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        (void)listen(listener_, 8);
        thread_ = std::thread([this, scripts = std::move(scripts)] {
            for (const Script& script : scripts) {
                const int fd = accept(listener_, nullptr, nullptr);
                if (fd < 0) return;
                script(Peer(fd));
                close(fd);
            }
        });
    }
    ~ScriptedDaemon() {
        shutdown(listener_, SHUT_RDWR);  // ends an accept() that waits
        thread_.join();
        close(listener_);
        unlink(path_.c_str());
        rmdir(directory_.c_str());
    }
    ScriptedDaemon(const ScriptedDaemon&) = delete;
    ScriptedDaemon& operator=(const ScriptedDaemon&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string directory_, path_;
    int listener_ = -1;
    std::thread thread_;
};
