// A run of AVPs (RFC 2661 4): read, checked, decoded, and what is decoded comes back from its encoding.
#include <algorithm>

#include "input.hpp"
#include "l2tp/avp_reader.hpp"
#include "tunnel_secret.hpp"

using namespace keel;
using namespace keel::l2tp;
using keel::fuzz::require;

namespace {

template <class T>
void round_trip(const AvpRow& row, ByteView value) {
    T decoded{};
    if (!decode_value(Reader(value), decoded)) return;
    Writer out;
    write_avp(out, row.type, decoded);
    Reader reader(out.view());
    const auto avp = read_avp(reader);
    require(avp.has_value() && reader.empty(), "what write_avp wrote is one AVP");
    require(avp->type == static_cast<std::uint16_t>(row.type) && avp->mandatory == row.mandatory,
            "with the type and the M bit of its row");
    const auto checked = check_avp(*avp);
    require(checked.has_value() && *checked == &row, "that is recognised");
    T again{};
    require(decode_value(Reader(avp->value), again), "and can be decoded");
    require(again == decoded, "to the same value");
    if constexpr (requires { decoded.text(); }) static_cast<void>(decoded.text());
}

void round_trip(const AvpRow& row, ByteView value) {
    using enum AvpFormat;
    switch (row.format) {
        case u16:
        case id: return round_trip<std::uint16_t>(row, value);
        case u32: return round_trip<std::uint32_t>(row, value);
        case u64: return round_trip<std::uint64_t>(row, value);
        case flag: return round_trip<bool>(row, value);
        case text:
        case line_id: return round_trip<std::string>(row, value);
        case octets:
        case md5:
        case nsap: return round_trip<Bytes>(row, value);
        case result: return round_trip<ResultCode>(row, value);
        case cause: return round_trip<Q931Cause>(row, value);
        case errors: return round_trip<CallErrors>(row, value);
        case character_maps: return round_trip<Accm>(row, value);
        case disconnect: return round_trip<PppDisconnect>(row, value);
        case failover: return round_trip<FailoverCapability>(row, value);
        case recovery: return round_trip<TunnelRecovery>(row, value);
        case sequence: return round_trip<ControlSequence>(row, value);
        case session_state: return round_trip<FailoverSession>(row, value);
        case speed_update: return round_trip<ConnectSpeed>(row, value);
        case encapsulation: return round_trip<LoopEncapsulation>(row, value);
    }
}

// 4.3: any value can be hidden, and is there again when unhidden.
void hide_and_unhide(const AvpRow& row, ByteView value) {
    if (value.size() > 1006) return;
    fuzz::FewRandom random(value.size());
    Bytes vector(kRandomVectorSize);
    random.fill(vector);
    const auto type = static_cast<std::uint16_t>(row.type);
    const Bytes hidden = hide_value(type, value, fuzz::secret(), vector, random);
    const auto again = unhide_value(type, hidden, fuzz::secret(), vector);
    require(again && std::ranges::equal(*again, value), "what was hidden is there again");
}

void read_in_clear(ByteView avps) {
    const Secret secret = fuzz::secret();
    AvpReader reader(avps, secret);
    while (!reader.empty() && !reader.broken()) {
        const auto item = reader.next();
        if (item && item->row != nullptr) round_trip(*item->row, item->value);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Reader reader(ByteView(data, size));
    while (!reader.empty()) {
        const std::size_t before = reader.remaining();
        const auto avp = read_avp(reader);
        if (!avp) {
            require(!avp.error().message.empty(), "a fault has words");
            break;
        }
        require(reader.remaining() + kAvpHeaderSize + avp->value.size() == before,
                "an AVP is consumed wholly");
        const auto row = check_avp(*avp);
        require(row.has_value() || avp->mandatory, "only an AVP with the M bit makes a message unacceptable");
        if (row && *row != nullptr) {
            round_trip(**row, avp->value);
            hide_and_unhide(**row, avp->value);
        }
    }
    read_in_clear({data, size});
    return 0;
}
