// Every command of an Endpoint, with options chosen by octets of a script. Most of them come in a state where
// they cannot be carried out: that is an Error, and nothing else.
#pragma once

#include "endpoint_checks.hpp"
#include "input.hpp"
#include "l2tp/endpoint.hpp"
#include "tunnel_secret.hpp"

namespace keel::fuzz {

// `how`: bit 0 what makes us lenient, bit 1 what changes what we send.
inline l2tp::Quirks quirks(unsigned how) {
    using enum l2tp::Quirk;
    l2tp::Quirks chosen;
    for (const auto quirk : {ignore_unknown, lenient_window, swapped_result_code}) {
        if ((how & 1) != 0) chosen.add(quirk);
    }
    for (const auto quirk : {required_avps_only, one_at_a_time, zero_tunnel_id}) {
        if ((how & 2) != 0) chosen.add(quirk);
    }
    return chosen;
}

class Commands {
public:
    Commands(l2tp::Endpoint& endpoint, Checks& checks) : endpoint_(endpoint), checks_(checks) {}

    void open_tunnel(Time now, const l2tp::Path& path, std::uint8_t how) {
        const auto opened = endpoint_.open_tunnel(now, path, tunnel_options(how));
        if (opened) checks_.opened(*opened);
    }
    void open_session(Time now, LocalTunnelId tunnel, std::uint8_t how) {
        const auto opened = endpoint_.open_session(now, tunnel, session_options(how));
        if (opened) checks_.opened(tunnel, *opened);
    }
    // `choice`: two bits for the command, six for its options or codes.
    void of_tunnel(Time now, LocalTunnelId tunnel, std::uint8_t choice) {
        const std::uint8_t rest = choice >> 2;
        switch (choice & 3) {
            case 0: return ignore(endpoint_.accept_tunnel(now, tunnel, tunnel_options(rest)));
            case 1: return ignore(endpoint_.reject_tunnel(now, tunnel, rest, 0, "no"));
            case 2: return ignore(endpoint_.close_tunnel(now, tunnel, rest, "enough"));
            case 3: return ignore(endpoint_.abandon_tunnel(now, tunnel, "gone"));
        }
    }
    // `choice`: three bits for the command, five for which session.
    void of_session(Time now, LocalTunnelId tunnel, std::uint8_t choice) {
        const LocalSessionId session = checks_.session(tunnel, choice >> 3);
        switch (choice & 7) {
            case 0: return ignore(endpoint_.accept_session(now, tunnel, session));
            case 1: return ignore(endpoint_.accept_session(now, tunnel, session, std::uint8_t{46}));
            case 2: return ignore(endpoint_.reject_session(now, tunnel, session, choice, 0, "no"));
            case 3: return ignore(endpoint_.close_session(now, tunnel, session, choice, "enough"));
            case 4: return ignore(endpoint_.close_session(now, tunnel, session, 2, {}, {{}, {}}));
            case 5: return ignore(endpoint_.connect_session(now, tunnel, session, 64000, choice >= 128));
            case 6: return ignore(endpoint_.report_errors(now, tunnel, session, {}));
            case 7: return ignore(endpoint_.set_link_info(now, tunnel, session, {}));
        }
    }

private:
    static l2tp::TunnelOptions tunnel_options(std::uint8_t how) {
        l2tp::TunnelOptions options;
        if ((how & 1) != 0) options.secret = secret();
        options.hide = (how & 2) != 0;
        options.tie_breaker = (how & 4) == 0;
        if ((how & 8) != 0) options.dscp = std::uint8_t{46};
        if ((how & 16) != 0) options.hello_interval = seconds(5);
        if ((how & 32) != 0) options.host_name = "another";
        options.quirks = quirks(how >> 6);
        return options;
    }
    static l2tp::SessionOptions session_options(std::uint8_t how) {
        l2tp::SessionOptions options;
        if ((how & 1) != 0) options.kind = l2tp::SessionKind::outgoing_call;
        options.sequencing = (how & 2) != 0;
        if ((how & 4) != 0) options.dscp = std::uint8_t{46};
        if ((how & 8) != 0) options.called_number = "5551";
        if ((how & 16) != 0) options.sub_address = "7";
        if ((how & 32) != 0) options.bearer_type = l2tp::kAnalogBearer;
        return options;
    }
    // Whatever is allowed: Checks sees what comes of it.
    static void ignore(const Status&) {}

    l2tp::Endpoint& endpoint_;
    Checks& checks_;
};

}  // namespace keel::fuzz
