// Messages with known contents for the cross-check: of each type one with all that it can carry, and one with
// the least.
#pragma once

#include <array>
#include <utility>

#include "l2tp/message_layout.hpp"

namespace keel::lab {

// Fills a message's fields: numbers that count on, so that no two are alike, and printable text.
class Filler {
public:
    template <class T>
    void fill(l2tp::AvpType type, T& out) {
        if constexpr (l2tp::IsOptional<T>::value) {
            fill(type, out.emplace());
        } else if constexpr (l2tp::IsList<T>::value) {
            out.resize(2);
            for (auto& one : out) fill(type, one);
        } else if constexpr (std::is_same_v<T, bool>) {
            out = true;
        } else if constexpr (std::is_integral_v<T>) {
            out = static_cast<T>(next());
            // RFC 2661 4.4.5: the upper octet is reserved.
            if (type == l2tp::AvpType::proxy_authen_id) out &= 0xff;
        } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Bytes>) {
            const auto octets = octets_for(type);
            out.assign(octets.begin(), octets.end());
        } else {
            fill_struct(out);
        }
    }

private:
    std::uint32_t next() { return number_ += 0x01010101; }
    template <class... T>
    void numbers(T&... out) {
        ((out = static_cast<T>(next())), ...);
    }
    std::string words() { return "words " + std::to_string(next()); }

    std::string octets_for(l2tp::AvpType type) {
        using l2tp::AvpType;
        const auto format = l2tp::row_of(type).format;
        if (format == l2tp::AvpFormat::md5) return std::string(16, 'm');
        if (format == l2tp::AvpFormat::nsap) return std::string(20, 'n');
        // What tshark takes apart must be LCP options: here an MRU (1) and an ACCM (2).
        const std::string options{"\x01\x04\x05\x78\x02\x06\x00\x0a\x00\x00", 10};
        constexpr std::array kOptions{AvpType::initial_received_lcp_confreq,
                                      AvpType::last_sent_lcp_confreq,
                                      AvpType::last_received_lcp_confreq,
                                      AvpType::lcp_want_options,
                                      AvpType::lcp_allow_options,
                                      AvpType::lns_last_sent_lcp_confreq,
                                      AvpType::lns_last_received_lcp_confreq};
        for (const AvpType one : kOptions) {
            if (type == one) return options;
        }
        return words();
    }

    void fill_struct(l2tp::ResultCode& out) {
        numbers(out.result);
        out.error = static_cast<std::uint16_t>(next());
        out.message = words();
    }
    void fill_struct(l2tp::Q931Cause& out) {
        numbers(out.code, out.message_type);
        out.advisory = words();
    }
    void fill_struct(l2tp::PppDisconnect& out) {
        numbers(out.code, out.protocol, out.direction);
        out.message = words();
    }
    void fill_struct(l2tp::CallErrors& out) {
        numbers(out.crc, out.framing, out.hardware_overruns, out.buffer_overruns, out.timeouts,
                out.alignment);
    }
    void fill_struct(l2tp::Accm& out) { numbers(out.send, out.receive); }
    void fill_struct(l2tp::FailoverCapability& out) { numbers(out.flags, out.recovery_time); }
    void fill_struct(l2tp::TunnelRecovery& out) { numbers(out.tunnel, out.remote_tunnel); }
    void fill_struct(l2tp::ControlSequence& out) { numbers(out.ns, out.nr); }
    void fill_struct(l2tp::FailoverSession& out) { numbers(out.session, out.remote_session); }
    void fill_struct(l2tp::ConnectSpeed& out) { numbers(out.session, out.tx, out.rx); }
    void fill_struct(l2tp::LoopEncapsulation& out) {
        numbers(out.data_link, out.encapsulation_1, out.encapsulation_2);
    }

    std::uint32_t number_ = 0x01020305;
};

// With every AVP of its layout, or (`whole` false) with those alone that it cannot do without.
template <class M>
M make_message(Filler& filler, bool whole) {
    M message;
    const auto set = [&](const auto& field) {
        using Value = typename std::remove_cvref_t<decltype(field)>::Value;
        if (whole || l2tp::kRequired<Value>) filler.fill(field.type, field.of(message));
    };
    std::apply([&](const auto&... field) { (set(field), ...); }, l2tp::Layout<M>::fields);
    return message;
}

}  // namespace keel::lab
