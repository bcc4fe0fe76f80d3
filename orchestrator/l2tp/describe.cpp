#include "l2tp/describe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/printable.hpp"
#include "l2tp/avp.hpp"
#include "l2tp/call_facts.hpp"
#include "l2tp/message.hpp"
#include "l2tp/result_codes.hpp"

namespace keel::l2tp {
namespace {

const AvpRow* row_of_avp(const RawAvp& avp) {
    return avp.reserved ? nullptr : find_avp(avp.type, avp.vendor);
}

bool may_show(const RawAvp& avp) {
    const AvpRow* row = row_of_avp(avp);
    return row != nullptr && !row->secret && !avp.hidden;
}

std::string hex(ByteView value) {
    return fmt::format("{:02x}", fmt::join(value, ""));
}

std::string words(const ResultCode& value, bool call) {
    const bool version = !call && StopResult{value.result} == StopResult::version;
    std::string out = fmt::format("{} ({})", value.result,
                                  call ? call_result_words(value.result) : stop_result_words(value.result));
    if (value.error && version)
        out += fmt::format(", highest version {}.{}", *value.error >> 8, *value.error & 0xff);
    if (value.error && !version)
        out += fmt::format(", error {} ({})", *value.error, general_error_words(*value.error));
    if (!value.message.empty()) out += ": " + printable(value.message);
    return out;
}

// Bits with names, 4.4.3 and 4.4.4; the number where they say nothing.
std::string bits(std::uint32_t value, std::string_view one, std::string_view two) {
    if ((value & 3) == 0 || value > 3) return fmt::format("{}", value);
    return fmt::format("{} ({}{}{})", value, (value & 1) ? one : "", (value & 3) == 3 ? ", " : "",
                       (value & 2) ? two : "");
}

std::string number(AvpType type, std::uint64_t value) {
    using enum AvpType;
    const auto low = static_cast<std::uint32_t>(value);
    const auto lowest = static_cast<std::uint16_t>(value);
    if (type == message_type) return message_name(lowest);
    if (type == protocol_version) return fmt::format("{}.{}", value >> 8, value & 0xff);
    if (type == framing_capabilities || type == framing_type) return bits(low, "synchronous", "asynchronous");
    if (type == bearer_capabilities || type == bearer_type) return bits(low, "digital", "analog");
    if (type == tie_breaker) return fmt::format("{:016x}", value);
    if (type == access_line_type) return access_line_type_text(low);
    if (type == modem_on_hold_status) return modem_on_hold_text(lowest);
    return fmt::format("{}", value);
}

// LCP's options, and octets that are text, as such.
std::string octets_text(AvpType type, ByteView value) {
    using enum AvpType;
    if (type == random_vector || type == calling_sub_address) return hex(value);
    constexpr std::array options{initial_received_lcp_confreq,
                                 last_sent_lcp_confreq,
                                 last_received_lcp_confreq,
                                 lns_last_sent_lcp_confreq,
                                 lns_last_received_lcp_confreq,
                                 lcp_want_options,
                                 lcp_allow_options};
    if (std::ranges::find(options, type) == options.end()) return printable(as_text(value));
    return value.empty() ? "no option" : lcp_options_text(value);
}

template <class T>
std::optional<T> decoded(ByteView value) {
    T out{};
    if (!decode_value(Reader(value), out)) return std::nullopt;
    return out;
}

template <class T>
std::string text_of(ByteView value) {
    const auto held = decoded<T>(value);
    return held ? held->text() : "malformed: " + hex(value);
}

// Values of several numbers that have no words of their own.
std::string numbers(AvpFormat format, ByteView value) {
    if (format == AvpFormat::character_maps) {
        if (const auto held = decoded<Accm>(value))
            return fmt::format("send {:08x}, receive {:08x}", held->send, held->receive);
    } else if (format == AvpFormat::recovery) {
        if (const auto held = decoded<TunnelRecovery>(value))
            return fmt::format("tunnel {}, remote tunnel {}", held->tunnel, held->remote_tunnel);
    } else if (format == AvpFormat::sequence) {
        if (const auto held = decoded<ControlSequence>(value))
            return fmt::format("Ns {}, Nr {}", held->ns, held->nr);
    } else if (format == AvpFormat::session_state) {
        if (const auto held = decoded<FailoverSession>(value))
            return fmt::format("session {}, remote session {}", held->session, held->remote_session);
    } else if (const auto held = decoded<ConnectSpeed>(value)) {
        return fmt::format("session {}, tx {} bit/s, rx {} bit/s", held->session, held->tx, held->rx);
    }
    return "malformed: " + hex(value);
}

std::string value_text(const AvpRow& row, ByteView value, MessageType message) {
    const AvpLengths lengths = avp_lengths(row.format);
    if (value.size() < lengths.least || value.size() > lengths.most) return "malformed: " + hex(value);
    switch (row.format) {
        case AvpFormat::flag: return "yes";
        case AvpFormat::u16:
        case AvpFormat::id:
        case AvpFormat::u32:
        case AvpFormat::u64: {
            std::uint64_t sum = 0;
            for (const std::uint8_t octet : value) sum = sum << 8 | octet;
            return number(row.type, sum);
        }
        case AvpFormat::text:
        case AvpFormat::line_id: return printable(as_text(value));
        case AvpFormat::octets:
        case AvpFormat::nsap: return octets_text(row.type, value);
        case AvpFormat::md5: return hex(value);
        case AvpFormat::result: {
            const auto held = decoded<ResultCode>(value);
            return held ? words(*held, message == MessageType::cdn) : "malformed: " + hex(value);
        }
        case AvpFormat::cause: return text_of<Q931Cause>(value);
        case AvpFormat::errors: return text_of<CallErrors>(value);
        case AvpFormat::disconnect: return text_of<PppDisconnect>(value);
        case AvpFormat::failover: return text_of<FailoverCapability>(value);
        case AvpFormat::encapsulation: return text_of<LoopEncapsulation>(value);
        case AvpFormat::character_maps:
        case AvpFormat::recovery:
        case AvpFormat::sequence:
        case AvpFormat::session_state:
        case AvpFormat::speed_update: return numbers(row.format, value);
    }
    return hex(value);
}

AvpText avp_text(const RawAvp& avp, MessageType message) {
    const AvpRow* row = row_of_avp(avp);
    AvpText out{
        .name = {}, .value = {}, .mandatory = avp.mandatory, .hidden = avp.hidden, .shown = may_show(avp)};
    if (const AvpRow* named = find_avp(avp.type, avp.vendor)) {
        out.name = named->name;
    } else {
        out.name = fmt::format("AVP {}", avp.type);
        if (avp.vendor != 0) out.name += fmt::format(" of vendor {}", avp.vendor);
    }
    if (out.shown) out.value = value_text(*row, avp.value, message);
    return out;
}

}  // namespace

std::optional<Bytes> blanked(ByteView datagram) {
    const Datagram read = read_datagram(datagram);
    if (read.kind != Datagram::Kind::control) return std::nullopt;
    Bytes out(datagram.begin(),
              datagram.begin() + static_cast<std::ptrdiff_t>(kControlHeaderSize + read.body.size()));
    const auto zero = [&](std::size_t from, std::size_t size) {
        std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(from), size, std::uint8_t{0});
    };
    Reader reader(read.body);
    while (!reader.empty()) {
        const std::size_t at = out.size() - reader.remaining();
        const auto avp = read_avp(reader);
        if (!avp) {
            zero(at, out.size() - at);
            break;
        }
        if (!may_show(*avp)) zero(at + kAvpHeaderSize, avp->value.size());
    }
    return out;
}

std::optional<MessageText> describe(ByteView datagram) {
    const Datagram read = read_datagram(datagram);
    if (read.kind != Datagram::Kind::control) return std::nullopt;
    MessageText out{.name = "ZLB", .header = read.header, .avps = {}, .fault = {}};
    auto type = MessageType::hello;
    Reader reader(read.body);
    while (!reader.empty()) {
        const auto avp = read_avp(reader);
        if (!avp) {
            out.fault = avp.error().message;
            break;
        }
        if (out.avps.empty()) {
            const auto number =
                avp->type == 0 && avp->vendor == 0 ? decoded<std::uint16_t>(avp->value) : std::nullopt;
            if (number) type = MessageType{*number};
            out.name = number ? message_name(*number) : "without a Message Type";
        }
        out.avps.push_back(avp_text(*avp, type));
    }
    return out;
}

}  // namespace keel::l2tp
