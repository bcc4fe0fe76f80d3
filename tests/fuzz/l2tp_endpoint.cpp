// An Endpoint under a script: datagrams raw and well-formed from several paths, repeated and out of order,
// time, and every command in every state. Checked: the promises of endpoint.hpp (endpoint_checks.hpp).
#include <algorithm>
#include <deque>

#include "endpoint_checks.hpp"
#include "input.hpp"
#include "l2tp/auth.hpp"
#include "l2tp/header.hpp"
#include "l2tp/message.hpp"
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
    if ((choice & 1) != 0) config.max_tunnels = 3;
    if ((choice & 2) != 0) config.max_half_open = 2;
    if ((choice & 4) != 0) config.hello_interval = Duration::zero();
    if ((choice & 8) != 0) config.receive_window = 1;
    if ((choice & 16) != 0) config.retransmit_limit = 1;
    // Peers that come under a binding have a secret; the others need none.
    config.incoming_secret = [](const Path& path, std::string_view) {
        return path.binding != 0 ? fuzz::secret() : Secret();
    };
    return config;
}

Path path_of(std::uint8_t number) {
    const std::uint32_t host = 0xc0000201 + (number & 1u);
    const auto port = static_cast<std::uint16_t>((number & 2) != 0 ? 1701 : 40000);
    return {IpAddress::v4(0xc0000210), {IpAddress::v4(host), port}, (number & 4u) >> 2};
}

// What a peer says in one message: ids from a small set, so that they collide, and the answer to our
// Challenge, right when `secret` is what was agreed.
struct Words {
    std::uint16_t peer_id = 0;
    std::optional<std::string> challenge;  // ours, if it is to be answered
    bool challenges = false;               // the peer has one too

    [[nodiscard]] std::optional<Bytes> response(std::uint8_t type) const {
        if (!challenge) return std::nullopt;
        return challenge_response(type, fuzz::secret(), as_bytes(*challenge));
    }
};

template <class M>
M introduction(const Words& words) {
    M message;
    message.host_name = "peer";
    message.assigned_tunnel_id = words.peer_id;
    if (words.challenges) message.challenge = "challenge";
    return message;
}

template <class M>
M call(const Words& words) {
    M message;
    message.assigned_session_id = words.peer_id;
    return message;
}

template <class M>
M ending(const Words& words, std::uint16_t result) {
    M message;
    if constexpr (std::is_same_v<M, Stopccn>) {
        message.assigned_tunnel_id = words.peer_id;
    } else {
        message.assigned_session_id = words.peer_id;
    }
    message.result.result = result;
    return message;
}

constexpr std::uint8_t kKinds = 14, kTunnelKinds = 5;  // the first five are of the tunnel

Message message_of(std::uint8_t kind, const Words& words) {
    switch (kind % kKinds) {
        case 0: return introduction<Sccrq>(words);
        case 1: {
            auto message = introduction<Sccrp>(words);
            message.challenge_response = words.response(2);
            return message;
        }
        case 2: return Scccn{words.response(3)};
        case 3: return ending<Stopccn>(words, 6);
        case 4: return Hello{};
        case 5: return call<Icrq>(words);
        case 6: return call<Icrp>(words);
        case 7: return Iccn{};
        case 8: return ending<Cdn>(words, 3);
        case 9: return call<Ocrq>(words);
        case 10: return Wen{};
        case 11: return Sli{};
        case 12: return Zlb{};
        default: return Unknown{words.peer_id, true};
    }
}

class Run {
public:
    explicit Run(Input input)
        : input_(input),
          random_(input_.u8()),
          endpoint_(config_of(input_.u8()), random_),
          checks_(endpoint_) {}

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
        switch (op & 15) {
            case 0: receive(path_of(argument), input_.take(input_.u8())); break;
            case 1: receive_avps(argument); break;
            case 2:
            case 3: receive_message(argument, 0, 0); break;
            case 4: receive_message(argument, static_cast<std::int8_t>(input_.u8()), 0); break;
            case 5: receive_message(argument, 0, static_cast<std::int8_t>(input_.u8())); break;
            case 6: receive_sccrq(argument); break;
            case 7: replay(argument); break;
            case 8: pass(now_ + milliseconds(input_.u8())); break;
            case 9: pass(now_ + seconds(input_.u8())); break;
            case 10:
            case 11: pass(endpoint_.next_timeout().value_or(now_)); break;
            case 12: open_tunnel(argument); break;
            case 13: command_tunnel(argument); break;
            case 14: open_session(argument); break;
            case 15: command_session(argument); break;
        }
    }

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

    // To a tunnel that lives, acknowledging all; Ns and Nr differ from what is right by as much as is asked.
    void receive_for(std::uint8_t which, Bytes message, int ns_off, int nr_off) {
        const auto status = endpoint_.tunnel_status(checks_.tunnel(which));
        if (!status) return;
        set_sequence(message, static_cast<std::uint16_t>(status->nr + ns_off),
                     static_cast<std::uint16_t>(status->ns + nr_off));
        receive(status->path, std::move(message));
    }
    void receive_message(std::uint8_t which, int ns_off, int nr_off) {
        const std::uint8_t kind = input_.u8();
        const LocalTunnelId tunnel = checks_.tunnel(which);
        // To one of the tunnel's sessions, or to none yet.
        const bool of_tunnel = kind % kKinds < kTunnelKinds;
        const LocalSessionId session = of_tunnel ? LocalSessionId{} : checks_.session(tunnel, input_.u8());
        Words words{static_cast<std::uint16_t>(1 + (kind >> 6)), {}, (kind & 16) != 0};
        if ((kind & 32) != 0) words.challenge = checks_.challenge(tunnel);
        const fuzz::Hidden hidden(random_);
        receive_for(which,
                    encode_message(static_cast<std::uint16_t>(tunnel.value),
                                   static_cast<std::uint16_t>(session.value), message_of(kind, words),
                                   kind >= 192 ? &hidden.how : nullptr),
                    ns_off, nr_off);
    }
    void receive_sccrq(std::uint8_t path) {
        const std::uint8_t choice = input_.u8();
        const Words words{choice, {}, (choice & 16) != 0};
        receive(path_of(path), encode_message(0, 0, message_of(0, words)));
    }
    void receive_avps(std::uint8_t which) {
        const LocalTunnelId tunnel = checks_.tunnel(which);
        Writer out;
        write_header(out, {static_cast<std::uint16_t>(tunnel.value),
                           static_cast<std::uint16_t>(checks_.session(tunnel, input_.u8()).value), 0, 0});
        out.bytes(input_.take(input_.u8()));
        finish_message(out);
        receive_for(which, out.take(), 0, 0);
    }

    void pass(Time until) {
        now_ = std::max(now_, until);
        endpoint_.on_timeout(now_);
        checks_.drain();
        const auto next = endpoint_.next_timeout();
        require(!next || *next > now_, "on_timeout does all that is due");
    }

    void open_tunnel(std::uint8_t argument) {
        TunnelOptions options;
        if ((argument & 4) != 0) options.secret = fuzz::secret();
        options.hide = (argument & 8) != 0;
        const auto opened = endpoint_.open_tunnel(now_, path_of(argument), options);
        if (opened) checks_.opened(*opened);
    }
    void open_session(std::uint8_t argument) {
        const LocalTunnelId tunnel = checks_.tunnel(argument);
        const auto opened = endpoint_.open_session(now_, tunnel);
        if (opened) checks_.opened(tunnel, *opened);
    }
    // Most of these come in a state where they cannot be carried out: that is an Error, and nothing else.
    void command_tunnel(std::uint8_t which) {
        const LocalTunnelId tunnel = checks_.tunnel(which);
        const std::uint8_t choice = input_.u8();
        const std::uint16_t code = choice >> 2;
        switch (choice & 3) {
            case 0: static_cast<void>(endpoint_.accept_tunnel(now_, tunnel)); break;
            case 1: static_cast<void>(endpoint_.reject_tunnel(now_, tunnel, code, 0, "no")); break;
            case 2: static_cast<void>(endpoint_.close_tunnel(now_, tunnel, code, "enough")); break;
            case 3: static_cast<void>(endpoint_.abandon_tunnel(now_, tunnel, "gone")); break;
        }
    }
    void command_session(std::uint8_t which) {
        const LocalTunnelId tunnel = checks_.tunnel(which);
        const std::uint8_t choice = input_.u8();
        const LocalSessionId session = checks_.session(tunnel, choice >> 2);
        switch (choice & 3) {
            case 0:
            case 1: static_cast<void>(endpoint_.accept_session(now_, tunnel, session)); break;
            case 2:
                static_cast<void>(endpoint_.reject_session(now_, tunnel, session, choice, 0, "no"));
                break;
            case 3:
                static_cast<void>(endpoint_.close_session(now_, tunnel, session, choice, "enough"));
                break;
        }
    }

    Input input_;
    FewRandom random_;
    Endpoint endpoint_;
    Checks checks_;
    Time now_{};
    std::deque<std::pair<Path, Bytes>> heard_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run(Input(data, size)).play();
    return 0;
}
