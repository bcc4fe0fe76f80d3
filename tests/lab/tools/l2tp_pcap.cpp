// For the cross-check with tshark: what keel2tp's decoder makes of the L2TP messages in a capture, as JSON;
// and a capture of all that its encoder can write.
//
// usage: l2tp_pcap read FILE     prints a list of control messages
//        l2tp_pcap write FILE
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "messages.hpp"
#include "pcap.hpp"

using namespace keel;
using namespace keel::l2tp;
using nlohmann::json;

namespace {

constexpr std::uint16_t kPort = 1701;

const Secret& secret() {
    static const Secret kept{std::string_view("cross-check")};
    return kept;
}

class Counting final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override {
        for (auto& octet : out) octet = ++last_;
    }

private:
    std::uint8_t last_ = 0;
};

// ---- reading

std::string hex(ByteView bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

json value_json(const ResultCode& value) {
    return {value.result, value.error ? json(*value.error) : json(), hex(as_bytes(value.message))};
}
json value_json(const Q931Cause& value) {
    return {value.code, value.message_type, hex(as_bytes(value.advisory))};
}
json value_json(const PppDisconnect& value) {
    return {value.code, value.protocol, value.direction, hex(as_bytes(value.message))};
}
json value_json(const CallErrors& value) {
    return {value.crc,      value.framing,  value.hardware_overruns, value.buffer_overruns,
            value.timeouts, value.alignment};
}
json value_json(const Accm& value) {
    return {value.send, value.receive};
}
json value_json(const FailoverCapability& value) {
    return {value.flags, value.recovery_time};
}
json value_json(const TunnelRecovery& value) {
    return {value.tunnel, value.remote_tunnel};
}
json value_json(const ControlSequence& value) {
    return {value.ns, value.nr};
}
json value_json(const FailoverSession& value) {
    return {value.session, value.remote_session};
}
json value_json(const ConnectSpeed& value) {
    return {value.session, value.tx, value.rx};
}
json value_json(const LoopEncapsulation& value) {
    return {value.data_link, value.encapsulation_1, value.encapsulation_2};
}
json value_json(const std::string& value) {
    return hex(as_bytes(value));
}
json value_json(const Bytes& value) {
    return hex(value);
}
json value_json(std::unsigned_integral auto value) {
    return value;
}

// Appends the decoded value of a field, one for each AVP that made it.
template <class T>
void append_values(json& out, AvpType type, const T& value) {
    if constexpr (IsOptional<T>::value) {
        if (value) append_values(out, type, *value);
    } else if constexpr (IsList<T>::value) {
        for (const auto& one : value) append_values(out, type, one);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (value)
            out.push_back({{"vendor", vendor_of(type)}, {"type", attribute_of(type)}, {"value", true}});
    } else {
        out.push_back(
            {{"vendor", vendor_of(type)}, {"type", attribute_of(type)}, {"value", value_json(value)}});
    }
}

template <class M>
json decoded_json(const M& message) {
    json values = json::array();
    if constexpr (requires { Layout<M>::fields; }) {
        std::apply([&](const auto&... field) { (append_values(values, field.type, field.of(message)), ...); },
                   Layout<M>::fields);
        return {{"type", static_cast<std::uint16_t>(Layout<M>::type)}, {"values", std::move(values)}};
    } else if constexpr (std::is_same_v<M, Unknown>) {
        return {{"type", message.type}, {"values", std::move(values)}};
    } else {
        return {{"type", nullptr}, {"values", std::move(values)}};  // a ZLB has none
    }
}

json avps_json(ByteView body) {
    json avps = json::array();
    Reader reader(body);
    while (!reader.empty()) {
        const auto avp = read_avp(reader);
        if (!avp) {
            avps.push_back({{"fault", avp.error().message}});
            break;
        }
        avps.push_back({{"mandatory", avp->mandatory},
                        {"hidden", avp->hidden},
                        {"vendor", avp->vendor},
                        {"type", avp->type},
                        {"length", kAvpHeaderSize + avp->value.size()}});
    }
    return avps;
}

json message_json(std::size_t frame, const Datagram& datagram) {
    json out{{"frame", frame},
             {"length", kControlHeaderSize + datagram.body.size()},
             {"tunnel", datagram.header.tunnel},
             {"session", datagram.header.session},
             {"ns", datagram.header.ns},
             {"nr", datagram.header.nr},
             {"avps", avps_json(datagram.body)}};
    if (const auto message = decode_message(datagram.body, secret())) {
        out.update(std::visit([](const auto& held) { return decoded_json(held); }, *message));
    } else {
        out["fault"] = message.error().fault.message;
    }
    return out;
}

int read(const std::string& path) {
    const auto packets = lab::read_pcap(path);
    if (!packets) {
        fmt::print(stderr, "l2tp_pcap: {} is no whole capture of Ethernet frames\n", path);
        return 1;
    }
    json messages = json::array();
    for (const auto& packet : *packets) {
        if (packet.from != kPort && packet.to != kPort) continue;
        const Datagram datagram = read_datagram(packet.payload);
        switch (datagram.kind) {
            case Datagram::Kind::control: messages.push_back(message_json(packet.frame, datagram)); break;
            case Datagram::Kind::data: break;
            case Datagram::Kind::other_version:
            case Datagram::Kind::malformed:
                messages.push_back({{"frame", packet.frame}, {"fault", "no L2TPv2 message"}});
                break;
        }
    }
    fmt::print("{}\n", messages.dump(1));
    return 0;
}

// ---- writing

// Each type of message with all AVPs, with the least, and with all hidden.
template <class... M>
std::vector<Bytes> all_messages(std::type_identity<std::tuple<M...>>) {
    Counting random;
    const Hiding hiding{secret(), random};
    lab::Filler filler;
    std::vector<Bytes> out;
    const auto add = [&](const Message& message, const Hiding* how) {
        const auto number = static_cast<std::uint16_t>(out.size());
        Bytes bytes = encode_message(static_cast<std::uint16_t>(0xff00 - number),
                                     static_cast<std::uint16_t>(number * 257), message, how);
        set_sequence(bytes, static_cast<std::uint16_t>(0xfff0 + number),
                     static_cast<std::uint16_t>(0x1234 + number));
        out.push_back(std::move(bytes));
    };
    const auto thrice = [&]<class One>(std::type_identity<One>) {
        add(lab::make_message<One>(filler, true), nullptr);
        add(lab::make_message<One>(filler, false), nullptr);
        add(lab::make_message<One>(filler, true), &hiding);
    };
    (thrice(std::type_identity<M>{}), ...);
    add(Zlb{}, nullptr);
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string verb = argc == 3 ? argv[1] : "";
    if (verb == "read") return read(argv[2]);
    if (verb == "write") {
        if (lab::write_pcap(argv[2], all_messages(std::type_identity<Messages>{}))) return 0;
        fmt::print(stderr, "l2tp_pcap: cannot write {}\n", argv[2]);
        return 1;
    }
    fmt::print(stderr, "usage: l2tp_pcap read|write FILE\n");
    return 2;
}
