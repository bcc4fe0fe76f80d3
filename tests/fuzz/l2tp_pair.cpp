// Two Endpoints under a script: commands on either, and a network that delivers, loses, repeats, overtakes
// and damages as the script says. Then the network is sound, both close what they have, and nothing may be
// left.
#include <algorithm>
#include <array>
#include <deque>

#include "commands.hpp"
#include "endpoint_checks.hpp"
#include "input.hpp"
#include "tunnel_secret.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::fuzz::Checks;
using keel::fuzz::FewRandom;
using keel::fuzz::Input;
using keel::fuzz::require;

namespace {

EndpointConfig config_of(std::uint8_t choice) {
    EndpointConfig config;
    if ((choice & 1) == 0) config.bearer_capabilities = kDigitalBearer | kAnalogBearer;
    if ((choice & 2) != 0) config.receive_window = 1;
    if ((choice & 4) != 0) config.hello_interval = seconds(5);
    if ((choice & 8) != 0) config.max_half_open = 2;
    if ((choice & 16) != 0) config.max_tunnels = 2;
    config.incoming = [quirks = fuzz::quirks(choice >> 6)](const Path& path, std::string_view) {
        return Incoming(path.binding != 0 ? fuzz::secret() : Secret(), quirks);
    };
    return config;
}

// `binding`: 0 or 1; under 1 both ends share a secret.
Path path_of(bool second, std::uint32_t binding) {
    const IpAddress first_ip = IpAddress::v4(0xc0000201), second_ip = IpAddress::v4(0xc0000202);
    return {second ? second_ip : first_ip, {second ? first_ip : second_ip, 1701}, binding};
}

struct Host {
    Host(bool second, std::uint8_t choice)
        : random(second ? 200 : 100),
          endpoint(config_of(choice), random),
          checks(endpoint,
                 [this](const Send& send) {
                     if (outgoing.size() < 256) outgoing.emplace_back(send.path.binding, send.datagram);
                 }),
          commands(endpoint, checks) {}
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    FewRandom random;
    Endpoint endpoint;
    std::deque<std::pair<std::uint32_t, Bytes>> outgoing;  // on the network: the binding and the datagram
    Checks checks;
    fuzz::Commands commands;
};

class Run {
public:
    explicit Run(Input input) : input_(input), first_(false, input_.u8()), second_(true, input_.u8()) {}

    void play() {
        while (!input_.empty()) step(input_.u8());
        // Within one cycle and the time that ended tunnels are kept, all is quiet.
        for (int round = 0; round < 200; ++round) {
            for (Host* host : {&first_, &second_}) {
                for (const LocalTunnelId tunnel : host->checks.tunnels()) {
                    static_cast<void>(host->endpoint.close_tunnel(now_, tunnel));
                    host->checks.drain();
                }
            }
            deliver_all();
            pass(now_ + seconds(1));
        }
        for (Host* host : {&first_, &second_}) host->checks.at_the_end();
    }

private:
    // Bit 7 of a step says whose it is; bits 4-6 are its argument.
    void step(std::uint8_t op) {
        const bool second = (op & 128) != 0;
        Host& host = second ? second_ : first_;
        const std::uint8_t argument = (op >> 4) & 7;
        const LocalTunnelId tunnel = host.checks.tunnel(argument);
        switch (op & 15) {
            case 0: host.commands.open_tunnel(now_, path_of(second, argument & 1u), input_.u8()); break;
            case 1: host.commands.of_tunnel(now_, tunnel, input_.u8()); break;
            case 2: host.commands.open_session(now_, tunnel, input_.u8()); break;
            case 3: host.commands.of_session(now_, tunnel, input_.u8()); break;
            case 4: deliver(host, argument, true); break;
            case 5: deliver(host, argument, false); break;  // it comes again later
            case 6:
                if (argument < host.outgoing.size()) host.outgoing.erase(host.outgoing.begin() + argument);
                break;
            case 7: damage(host, argument); break;
            case 8: pass(now_ + milliseconds(input_.u8())); break;
            case 9: pass(now_ + seconds(input_.u8())); break;
            case 10: pass(next_timeout()); break;
            case 11: host.outgoing.clear(); break;
            default: deliver_all(); break;
        }
        first_.checks.drain();
        second_.checks.drain();
    }

    Host& other(Host& host) { return &host == &first_ ? second_ : first_; }

    void deliver(Host& from, std::size_t index, bool once) {
        if (index >= from.outgoing.size()) return;
        const auto [binding, datagram] = from.outgoing[index];
        if (once) from.outgoing.erase(from.outgoing.begin() + static_cast<std::ptrdiff_t>(index));
        Host& to = other(from);
        to.endpoint.receive(now_, path_of(&to == &second_, binding), datagram);
        to.checks.drain();
    }
    void deliver_all() {
        for (int datagrams = 0; !first_.outgoing.empty() || !second_.outgoing.empty(); ++datagrams) {
            require(datagrams < 20000, "two endpoints on a sound network fall silent");
            deliver(first_, 0, true);
            deliver(second_, 0, true);
        }
    }
    void damage(Host& from, std::size_t index) {
        const std::uint8_t at = input_.u8(), value = input_.u8();
        if (index >= from.outgoing.size()) return;
        Bytes& datagram = from.outgoing[index].second;
        datagram[at % datagram.size()] = value;
    }

    [[nodiscard]] Time next_timeout() const {
        Time next = Time::max();
        for (const Host* host : {&first_, &second_}) {
            if (const auto at = host->endpoint.next_timeout()) next = std::min(next, *at);
        }
        return next == Time::max() ? now_ : next;
    }
    void pass(Time until) {
        now_ = std::max(now_, until);
        for (Host* host : {&first_, &second_}) {
            host->endpoint.on_timeout(now_);
            host->checks.drain();
        }
    }

    Input input_;
    Host first_, second_;
    Time now_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run(Input(data, size)).play();
    return 0;
}
