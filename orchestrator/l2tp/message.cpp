#include "l2tp/message.hpp"

#include <fmt/format.h>

#include <array>
#include <bitset>
#include <tuple>
#include <type_traits>

#include "l2tp/avp_reader.hpp"

namespace keel::l2tp {

namespace {

// ---- which AVPs a message carries
// ------------------------------------------------------------------------------ A field is required unless
// its type is std::optional (absent: nothing) or bool (absent: false).

template <class M, class T>
struct Field {
    AvpType type;
    T M::*member;
};

template <class M>
struct Layout;  // `type` and `fields`, in the order in which they are written

template <>
struct Layout<Sccrq> {
    static constexpr auto type = MessageType::sccrq;
    static constexpr auto fields = std::tuple{
        Field{AvpType::protocol_version, &Sccrq::protocol_version},
        Field{AvpType::host_name, &Sccrq::host_name},
        Field{AvpType::framing_capabilities, &Sccrq::framing_capabilities},
        Field{AvpType::assigned_tunnel_id, &Sccrq::assigned_tunnel_id},
        Field{AvpType::bearer_capabilities, &Sccrq::bearer_capabilities},
        Field{AvpType::receive_window_size, &Sccrq::receive_window_size},
        Field{AvpType::challenge, &Sccrq::challenge},
        Field{AvpType::tie_breaker, &Sccrq::tie_breaker},
        Field{AvpType::firmware_revision, &Sccrq::firmware_revision},
        Field{AvpType::vendor_name, &Sccrq::vendor_name},
    };
};
template <>
struct Layout<Sccrp> {
    static constexpr auto type = MessageType::sccrp;
    static constexpr auto fields = std::tuple{
        Field{AvpType::protocol_version, &Sccrp::protocol_version},
        Field{AvpType::host_name, &Sccrp::host_name},
        Field{AvpType::framing_capabilities, &Sccrp::framing_capabilities},
        Field{AvpType::assigned_tunnel_id, &Sccrp::assigned_tunnel_id},
        Field{AvpType::bearer_capabilities, &Sccrp::bearer_capabilities},
        Field{AvpType::firmware_revision, &Sccrp::firmware_revision},
        Field{AvpType::vendor_name, &Sccrp::vendor_name},
        Field{AvpType::receive_window_size, &Sccrp::receive_window_size},
        Field{AvpType::challenge, &Sccrp::challenge},
        Field{AvpType::challenge_response, &Sccrp::challenge_response},
    };
};
template <>
struct Layout<Scccn> {
    static constexpr auto type = MessageType::scccn;
    static constexpr auto fields = std::tuple{Field{AvpType::challenge_response, &Scccn::challenge_response}};
};
template <>
struct Layout<Stopccn> {
    static constexpr auto type = MessageType::stopccn;
    static constexpr auto fields = std::tuple{
        Field{AvpType::assigned_tunnel_id, &Stopccn::assigned_tunnel_id},
        Field{AvpType::result_code, &Stopccn::result},
    };
};
template <>
struct Layout<Icrq> {
    static constexpr auto type = MessageType::icrq;
    static constexpr auto fields = std::tuple{
        Field{AvpType::assigned_session_id, &Icrq::assigned_session_id},
        Field{AvpType::call_serial_number, &Icrq::call_serial_number},
        Field{AvpType::bearer_type, &Icrq::bearer_type},
        Field{AvpType::physical_channel_id, &Icrq::physical_channel_id},
        Field{AvpType::calling_number, &Icrq::calling_number},
        Field{AvpType::called_number, &Icrq::called_number},
        Field{AvpType::sub_address, &Icrq::sub_address},
    };
};
template <>
struct Layout<Icrp> {
    static constexpr auto type = MessageType::icrp;
    static constexpr auto fields =
        std::tuple{Field{AvpType::assigned_session_id, &Icrp::assigned_session_id}};
};
template <>
struct Layout<Iccn> {
    static constexpr auto type = MessageType::iccn;
    static constexpr auto fields = std::tuple{
        Field{AvpType::tx_connect_speed, &Iccn::tx_connect_speed},
        Field{AvpType::framing_type, &Iccn::framing_type},
        Field{AvpType::rx_connect_speed, &Iccn::rx_connect_speed},
        Field{AvpType::sequencing_required, &Iccn::sequencing_required},
    };
};
template <>
struct Layout<Cdn> {
    static constexpr auto type = MessageType::cdn;
    static constexpr auto fields = std::tuple{
        Field{AvpType::result_code, &Cdn::result},
        Field{AvpType::assigned_session_id, &Cdn::assigned_session_id},
        Field{AvpType::q931_cause_code, &Cdn::q931_cause},
    };
};
template <>
struct Layout<Ocrq> {
    static constexpr auto type = MessageType::ocrq;
    static constexpr auto fields =
        std::tuple{Field{AvpType::assigned_session_id, &Ocrq::assigned_session_id}};
};

template <MessageType Type>
struct Bare {
    static constexpr auto type = Type;
    static constexpr auto fields = std::tuple{};
};
template <>
struct Layout<Hello> : Bare<MessageType::hello> {};
template <>
struct Layout<Ocrp> : Bare<MessageType::ocrp> {};
template <>
struct Layout<Occn> : Bare<MessageType::occn> {};
template <>
struct Layout<Wen> : Bare<MessageType::wen> {};
template <>
struct Layout<Sli> : Bare<MessageType::sli> {};

// ---- decoding

template <class T>
struct Optional : std::false_type {
    using Value = T;
};
template <class T>
struct Optional<std::optional<T>> : std::true_type {
    using Value = T;
};
template <class T>
constexpr bool kRequired = !Optional<T>::value && !std::is_same_v<T, bool>;

template <class T>
bool decode_field(ByteView value, T& out) {
    if constexpr (Optional<T>::value) {
        typename T::value_type decoded{};
        if (!decode_value(Reader(value), decoded)) return false;
        out = std::move(decoded);
        return true;
    } else {
        return decode_value(Reader(value), out);
    }
}

bool is_session_type(std::uint16_t type) {
    return type >= static_cast<std::uint16_t>(MessageType::ocrq) &&
           type <= static_cast<std::uint16_t>(MessageType::sli);
}

// The peer's id, wherever it stands in a message that is not acceptable.
std::uint16_t find_peer_id(ByteView avps, std::uint16_t type, const Secret& secret) {
    const auto wanted = is_session_type(type) ? AvpType::assigned_session_id : AvpType::assigned_tunnel_id;
    AvpReader reader(avps, secret);
    while (!reader.empty()) {
        const auto avp = reader.next();
        if (reader.broken()) return 0;
        if (avp && avp->row != nullptr && avp->row->type == wanted)
            return Reader(avp->value).u16().value_or(0);
    }
    return 0;
}

template <class M>
std::expected<M, Fault> decode_fields(ByteView avps, [[maybe_unused]] const Secret& secret) {
    constexpr auto& fields = Layout<M>::fields;
    M message;
    std::bitset<64> seen;
    AvpReader reader(avps, secret);
    while (!reader.empty()) {
        const auto avp = reader.next();
        if (!avp) return std::unexpected(avp.error());
        // Of an AVP that comes twice the first counts; what is recognised but not of this message is ignored.
        if (avp->row == nullptr) continue;
        const auto number = static_cast<std::size_t>(avp->row->type);
        if (seen.test(number)) continue;
        [[maybe_unused]] const auto take = [&](const auto& field) {
            if (field.type != avp->row->type) return;
            seen.set(number, decode_field(avp->value, message.*field.member));
        };
        std::apply([&](const auto&... field) { (take(field), ...); }, fields);
    }
    std::optional<Fault> missing;
    [[maybe_unused]] const auto check = [&]<class T>(const Field<M, T>& field) {
        const auto number = static_cast<std::uint16_t>(field.type);
        if (!kRequired<T> || seen.test(number) || missing) return;
        missing = Fault{GeneralError::value,
                        fmt::format("the required AVP {} ({}) is missing", number, find_avp(number)->name)};
    };
    std::apply([&](const auto&... field) { (check(field), ...); }, fields);
    if (missing) return std::unexpected(std::move(*missing));
    return message;
}

using Decoder = std::expected<Message, Fault> (*)(ByteView, const Secret&);

template <class M>
constexpr Decoder decoder_of() {
    return [](ByteView avps, const Secret& secret) -> std::expected<Message, Fault> {
        auto message = decode_fields<M>(avps, secret);
        if (!message) return std::unexpected(std::move(message.error()));
        return Message(std::move(*message));
    };
}

// The codec rows: one for each message, by its type.
template <class... M>
constexpr auto decoder_table() {
    std::array<Decoder, 17> table{};
    ((table[static_cast<std::size_t>(Layout<M>::type)] = decoder_of<M>()), ...);
    return table;
}
constexpr auto kDecoders =
    decoder_table<Sccrq, Sccrp, Scccn, Stopccn, Hello, Icrq, Icrp, Iccn, Cdn, Ocrq, Ocrp, Occn, Wen, Sli>();

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
    if constexpr (Optional<T>::value) {
        if (value) write_avp(out, type, *value);
    } else {
        write_avp(out, type, value);
    }
}

template <class M>
void write_body(Writer& out, const M& message) {
    write_avp(out, AvpType::message_type, static_cast<std::uint16_t>(Layout<M>::type));
    std::apply([&](const auto&... field) { (write_field(out, field.type, message.*field.member), ...); },
               Layout<M>::fields);
}
void write_body(Writer&, const Zlb&) {}
void write_body(Writer& out, const Unknown& message) {
    write_avp(out, AvpType::message_type, message.type);
}

}  // namespace

std::string message_name(std::uint16_t type) {
    constexpr std::array<std::string_view, 17> names{"ZLB",   "SCCRQ", "SCCRP", "SCCCN", "StopCCN", "",
                                                     "HELLO", "OCRQ",  "OCRP",  "OCCN",  "ICRQ",    "ICRP",
                                                     "ICCN",  "",      "CDN",   "WEN",   "SLI"};
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

std::expected<Message, MessageFault> decode_message(ByteView body, const Secret& secret) {
    if (body.empty()) return Message(Zlb{});
    Reader reader(body);
    const auto head = read_message_type(reader);
    if (!head) return std::unexpected(MessageFault{head.error()});
    const std::uint16_t type = Reader(head->value).u16().value_or(0);
    if (type >= kDecoders.size() || kDecoders[type] == nullptr)
        return Message(Unknown{type, head->mandatory});
    const ByteView avps = reader.rest();
    auto message = kDecoders[type](avps, secret);
    if (message) return std::move(*message);
    MessageFault fault{std::move(message.error()), type, find_peer_id(avps, type, secret)};
    fault.fault.message = message_name(type) + ": " + fault.fault.message;
    return std::unexpected(std::move(fault));
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
