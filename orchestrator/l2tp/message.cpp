#include "l2tp/message.hpp"

#include <fmt/format.h>

#include <array>
#include <bitset>

#include "base/printable.hpp"
#include "l2tp/avp_reader.hpp"
#include "l2tp/message_layout.hpp"

namespace keel::l2tp {

namespace {

// ---- decoding

template <class T>
bool decode_field(ByteView value, T& out) {
    if constexpr (IsOptional<T>::value || IsList<T>::value) {
        typename T::value_type decoded{};
        if (!decode_value(Reader(value), decoded)) return false;
        if constexpr (IsOptional<T>::value) {
            out = std::move(decoded);
        } else {
            out.push_back(std::move(decoded));
        }
        return true;
    } else {
        return decode_value(Reader(value), out);
    }
}

bool is_session_type(std::uint16_t type) {
    return type >= static_cast<std::uint16_t>(MessageType::ocrq) &&
           type <= static_cast<std::uint16_t>(MessageType::mdmst);
}

// The peer's id, wherever it stands in a message that is not acceptable.
std::uint16_t find_peer_id(ByteView avps, std::uint16_t type, const Secret& secret, Quirks quirks) {
    const auto wanted = is_session_type(type) ? AvpType::assigned_session_id : AvpType::assigned_tunnel_id;
    AvpReader reader(avps, secret, quirks);
    while (!reader.empty()) {
        const auto avp = reader.next();
        if (reader.broken()) return 0;
        if (avp && avp->row != nullptr && avp->row->type == wanted)
            return Reader(avp->value).u16().value_or(0);
    }
    return 0;
}

template <class M>
std::expected<M, Fault> decode_fields(ByteView avps, const Secret& secret, Quirks quirks) {
    constexpr auto& fields = Layout<M>::fields;
    M message;
    std::bitset<kMaxAvpRows> seen;
    AvpReader reader(avps, secret, quirks);
    while (!reader.empty()) {
        const auto avp = reader.next();
        if (!avp) return std::unexpected(avp.error());
        // Of an AVP that comes twice the first counts; what is recognised but not of this message is ignored.
        if (avp->row == nullptr) continue;
        const std::size_t number = row_number(*avp->row);
        [[maybe_unused]] const auto take = [&](const auto& field) {
            using Value = typename std::remove_cvref_t<decltype(field)>::Value;
            if (field.type != avp->row->type || (seen.test(number) && !IsList<Value>::value)) return;
            if (decode_field(avp->value, field.of(message))) seen.set(number);
        };
        std::apply([&](const auto&... field) { (take(field), ...); }, fields);
    }
    std::optional<Fault> missing;
    [[maybe_unused]] const auto check = [&](const auto& field) {
        using Value = typename std::remove_cvref_t<decltype(field)>::Value;
        const AvpRow& row = row_of(field.type);
        if (!kRequired<Value> || seen.test(row_number(row)) || missing) return;
        missing = Fault{GeneralError::value, fmt::format("the required AVP {} ({}) is missing",
                                                         attribute_of(field.type), row.name)};
    };
    std::apply([&](const auto&... field) { (check(field), ...); }, fields);
    if (missing) return std::unexpected(std::move(*missing));
    return message;
}

using Decoder = std::expected<Message, Fault> (*)(ByteView, const Secret&, Quirks);

template <class M>
constexpr Decoder decoder_of() {
    return [](ByteView avps, const Secret& secret, Quirks quirks) -> std::expected<Message, Fault> {
        auto message = decode_fields<M>(avps, secret, quirks);
        if (!message) return std::unexpected(std::move(message.error()));
        return Message(std::move(*message));
    };
}

// The codec rows: one for each message, by its type.
template <class... M>
constexpr auto decoder_table(std::type_identity<std::tuple<M...>>) {
    std::array<Decoder, 30> table{};
    ((table[static_cast<std::size_t>(Layout<M>::type)] = decoder_of<M>()), ...);
    return table;
}
constexpr auto kDecoders = decoder_table(std::type_identity<Messages>{});

// Of those that came after RFC 2661: with the M bit of the Message Type clear.
constexpr bool is_extension(MessageType type) {
    return type > MessageType::sli;
}

// The Message Type AVP, 4.4.1: first, of vendor 0, clear text, two octets.
std::expected<RawAvp, Fault> read_message_type(Reader& reader) {
    auto avp = read_avp(reader);
    if (!avp) return avp;
    if (avp->type != 0 || avp->vendor != 0 || avp->reserved || avp->hidden) {
        return std::unexpected(Fault{GeneralError::value, "the first AVP is not a Message Type"});
    }
    if (avp->value.size() != 2) {
        return std::unexpected(Fault{GeneralError::length, "the Message Type AVP does not have length 8"});
    }
    return avp;
}

// ---- encoding

template <class T>
void write_field(Writer& out, AvpType type, const T& value) {
    if constexpr (IsOptional<T>::value) {
        if (value) write_avp(out, type, *value);
    } else if constexpr (IsList<T>::value) {
        for (const auto& one : value) write_avp(out, type, one);
    } else {
        write_avp(out, type, value);
    }
}

void write_type(Writer& out, std::uint16_t type, bool mandatory) {
    const std::uint8_t value[] = {static_cast<std::uint8_t>(type >> 8),
                                  static_cast<std::uint8_t>(type & 0xff)};
    RawAvp avp;
    avp.mandatory = mandatory;
    avp.value = value;
    write_raw_avp(out, avp);
}

template <class M>
void write_body(Writer& out, const M& message) {
    write_type(out, static_cast<std::uint16_t>(Layout<M>::type), !is_extension(Layout<M>::type));
    std::apply([&](const auto&... field) { (write_field(out, field.type, field.of(message)), ...); },
               Layout<M>::fields);
}
void write_body(Writer&, const Zlb&) {}
void write_body(Writer& out, const Unknown& message) {
    write_type(out, message.type, message.mandatory);
}

}  // namespace

std::string message_name(std::uint16_t type) {
    constexpr std::array<std::string_view, 30> names{
        "ZLB",  "SCCRQ", "SCCRP", "SCCCN", "StopCCN", "",    "HELLO", "OCRQ",  "OCRP", "OCCN",
        "ICRQ", "ICRP",  "ICCN",  "",      "CDN",     "WEN", "SLI",   "MDMST", "",     "",
        "",     "FSQ",   "FSR",   "",      "",        "",    "",      "",      "CSUN", "CSURQ"};
    if (type < names.size() && !names[type].empty()) return std::string(names[type]);
    return fmt::format("message {}", type);
}

bool MessageFault::of_session() const {
    return is_session_type(type);
}

std::string_view peek_host_name(ByteView body) {
    Reader reader(body);
    while (!reader.empty()) {
        const auto avp = read_avp(reader);
        if (!avp) break;
        const auto row = check_avp(*avp);
        if (row && *row != nullptr && (*row)->type == AvpType::host_name) return as_text(avp->value);
    }
    return {};
}

std::expected<Message, MessageFault> decode_message(ByteView body, const Secret& secret, Quirks quirks) {
    if (body.empty()) return Message(Zlb{});
    Reader reader(body);
    const auto head = read_message_type(reader);
    if (!head) return std::unexpected(MessageFault{head.error()});
    const std::uint16_t type = Reader(head->value).u16().value_or(0);
    if (type >= kDecoders.size() || kDecoders[type] == nullptr)
        return Message(Unknown{type, head->mandatory && !quirks.has(Quirk::ignore_unknown)});
    const ByteView avps = reader.rest();
    auto message = kDecoders[type](avps, secret, quirks);
    if (message) return std::move(*message);
    // What may be ignored is ignored when it cannot be read.
    if (is_extension(static_cast<MessageType>(type)) && !head->mandatory)
        return Message(Unknown{type, false});
    MessageFault fault{std::move(message.error()), type, find_peer_id(avps, type, secret, quirks)};
    fault.fault.message = message_name(type) + ": " + fault.fault.message;
    return std::unexpected(std::move(fault));
}

std::string AccessLine::text() const {
    std::string out;
    const auto say = [&](std::string_view name, const auto& value) {
        if (value) out += fmt::format("{}{}={}", out.empty() ? "" : " ", name, *value);
    };
    const auto printed = [](const std::optional<std::string>& value) {
        return value ? std::optional("\"" + printable(*value) + "\"") : std::nullopt;
    };
    say("circuit-id", printed(agent_circuit_id));
    say("remote-id", printed(agent_remote_id));
    say("down", actual_rate_down);
    say("up", actual_rate_up);
    say("minimum-down", minimum_rate_down);
    say("minimum-up", minimum_rate_up);
    say("attainable-down", attainable_rate_down);
    say("attainable-up", attainable_rate_up);
    say("maximum-down", maximum_rate_down);
    say("maximum-up", maximum_rate_up);
    say("low-power-down", low_power_rate_down);
    say("low-power-up", low_power_rate_up);
    say("delay-down", actual_delay_down);
    say("delay-up", actual_delay_up);
    say("maximum-delay-down", maximum_delay_down);
    say("maximum-delay-up", maximum_delay_up);
    if (loop_encapsulation) say("encapsulation", std::optional("\"" + loop_encapsulation->text() + "\""));
    if (access_line_type) say("type", std::optional(access_line_type_text(*access_line_type)));
    if (iwf_session) say("interworking", std::optional((*iwf_session & 1) != 0 ? "yes" : "no"));
    return out;
}

Bytes encode_message(std::uint16_t tunnel, std::uint16_t session, const Message& message,
                     const Hiding* hiding) {
    Writer out;
    write_header(out, ControlHeader{tunnel, session, 0, 0});
    if (hiding == nullptr) {
        std::visit([&](const auto& value) { write_body(out, value); }, message);
    } else {
        Writer avps;
        std::visit([&](const auto& value) { write_body(avps, value); }, message);
        out.bytes(hide_avps(avps.view(), *hiding));
    }
    finish_message(out);
    return out.take();
}

}  // namespace keel::l2tp
