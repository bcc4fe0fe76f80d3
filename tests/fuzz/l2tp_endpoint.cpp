// An Endpoint under a script: datagrams raw and well-formed from several paths, repeated and out of order,
// time, and every command in every state. Checked: the promises of endpoint.hpp (endpoint_checks.hpp).
#include <algorithm>
#include <deque>

#include "commands.hpp"
#include "endpoint_checks.hpp"
#include "input.hpp"
#include "l2tp/header.hpp"
#include "l2tp/message.hpp"
#include "peer_words.hpp"
#include "tunnel_secret.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::fuzz::Checks;
using keel::fuzz::FewRandom;
using keel::fuzz::Input;
using keel::fuzz::require;
using keel::fuzz::Words;

namespace {

EndpointConfig config_of(std::uint8_t choice) {
    EndpointConfig config;
    if ((choice & 1) != 0) config.max_tunnels = 3;
    if ((choice & 2) != 0) config.max_half_open = 2;
    if ((choice & 4) != 0) config.hello_interval = Duration::zero();
    if ((choice & 8) != 0) config.receive_window = 1;
    if ((choice & 16) != 0) config.retransmit_limit = 1;
    if ((choice & 32) != 0) config.bearer_capabilities = kDigitalBearer | kAnalogBearer;
    // Peers that come under a binding have a secret; the others need none.
    config.incoming = [quirks = fuzz::quirks(choice >> 6)](const Path& path, std::string_view) {
        return Incoming(path.binding != 0 ? fuzz::secret() : Secret(), quirks);
    };
    return config;
}

Path path_of(std::uint8_t number) {
    const std::uint32_t host = 0xc0000201 + (number & 1u);
    const auto port = static_cast<std::uint16_t>((number & 2) != 0 ? 1701 : 40000);
    return {IpAddress::v4(0xc0000210), {IpAddress::v4(host), port}, (number & 4u) >> 2};
}

class Run {
public:
    explicit Run(Input input)
        : input_(input),
          random_(input_.u8()),
          endpoint_(config_of(input_.u8()), random_),
          checks_(endpoint_),
          commands_(endpoint_, checks_) {}

    void play() {
        while (!input_.empty()) {
            step(input_.u8());
            checks_.drain();
        }
        for (const LocalTunnelId tunnel : checks_.tunnels()) {
            require(endpoint_.abandon_tunnel(now_, tunnel, "the end").has_value(),
                    "what lives can be abandoned");
            checks_.drain();
        }
        checks_.at_the_end();
    }

private:
    void step(std::uint8_t op) {
        const std::uint8_t argument = op >> 4;
        const LocalTunnelId tunnel = checks_.tunnel(argument);
        switch (op & 15) {
            case 0: receive(path_of(argument), input_.take(input_.u8())); break;
            case 1: receive_avps(tunnel); break;
            case 2: receive_message(tunnel, 0, 0); break;
            case 3: receive_message(tunnel, 0, 0, 7); break;
            case 4: receive_message(tunnel, static_cast<std::int8_t>(input_.u8()), 0); break;
            case 5: receive_message(tunnel, 0, static_cast<std::int8_t>(input_.u8())); break;
            case 6: receive_sccrq(argument); break;
            case 7: replay(argument); break;
            case 8: pass(now_ + milliseconds(input_.u8())); break;
            case 9: pass(now_ + seconds(input_.u8())); break;
            case 10: pass(endpoint_.next_timeout().value_or(now_)); break;
            case 11: receive_for(tunnel, encode_message(wire(tunnel), 0, Zlb{}), 0, 0); break;
            case 12: commands_.open_tunnel(now_, path_of(argument), input_.u8()); break;
            case 13: commands_.of_tunnel(now_, tunnel, input_.u8()); break;
            case 14: commands_.open_session(now_, tunnel, input_.u8()); break;
            case 15: commands_.of_session(now_, tunnel, input_.u8()); break;
        }
    }

    static std::uint16_t wire(LocalTunnelId id) { return static_cast<std::uint16_t>(id.value); }

    void receive(const Path& path, Bytes datagram) {
        endpoint_.receive(now_, path, datagram);
        heard_.push_back({path, std::move(datagram)});
        if (heard_.size() > 32) heard_.pop_front();
    }
    // A datagram that came before comes again, perhaps from elsewhere.
    void replay(std::uint8_t argument) {
        if (heard_.empty()) return;
        const auto [path, datagram] = heard_[input_.u8() % heard_.size()];
        endpoint_.receive(now_, (argument & 8) != 0 ? path_of(argument) : path, datagram);
    }

    // To a tunnel that lives, acknowledging all; Ns and Nr differ from what is right by as much as is asked,
    // and so does the port that it comes from.
    void receive_for(LocalTunnelId tunnel, Bytes message, int ns_off, int nr_off,
                     std::uint16_t port_off = 0) {
        const auto status = endpoint_.tunnel_status(tunnel);
        if (!status) return;
        set_sequence(message, static_cast<std::uint16_t>(status->nr + ns_off),
                     static_cast<std::uint16_t>(status->ns + nr_off));
        Path path = status->path;
        path.remote.port = static_cast<std::uint16_t>(path.remote.port + port_off);
        receive(path, std::move(message));
    }
    void receive_message(LocalTunnelId tunnel, int ns_off, int nr_off, std::uint16_t port_off = 0) {
        const std::uint8_t kind = input_.u8() % fuzz::kKinds;
        Words words(input_.u8());
        // To one of the tunnel's sessions, or to none yet.
        const LocalSessionId session = checks_.session(tunnel, input_.u8());
        if (words.answers) words.challenge = checks_.challenge(tunnel);
        words.session = static_cast<std::uint16_t>(session.value);
        const fuzz::Hidden hidden(random_);
        receive_for(tunnel,
                    encode_message(wire(tunnel), kind < fuzz::kTunnelKinds ? 0 : words.session,
                                   fuzz::message_of(kind, words), words.hidden ? &hidden.how : nullptr),
                    ns_off, nr_off, port_off);
    }
    void receive_sccrq(std::uint8_t path) {
        const Words words(input_.u8());
        const fuzz::Hidden hidden(random_);
        receive(path_of(path),
                encode_message(0, 0, fuzz::message_of(0, words), words.hidden ? &hidden.how : nullptr));
    }
    void receive_avps(LocalTunnelId tunnel) {
        Writer out;
        const LocalSessionId session = checks_.session(tunnel, input_.u8());
        write_header(out, {wire(tunnel), static_cast<std::uint16_t>(session.value), 0, 0});
        out.bytes(input_.take(input_.u8()));
        finish_message(out);
        receive_for(tunnel, out.take(), 0, 0);
    }

    void pass(Time until) {
        now_ = std::max(now_, until);
        endpoint_.on_timeout(now_);
        checks_.drain();
        const auto next = endpoint_.next_timeout();
        require(!next || *next > now_, "on_timeout does all that is due");
    }

    Input input_;
    FewRandom random_;
    Endpoint endpoint_;
    Checks checks_;
    fuzz::Commands commands_;
    Time now_{};
    std::deque<std::pair<Path, Bytes>> heard_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run(Input(data, size)).play();
    return 0;
}
