// Property: what is encoded decodes to the same message, and encodes to the same bytes again; for every
// message and AVP, over generated values, in clear and hidden.
#include <doctest/doctest.h>

#include <random>
#include <set>

#include "l2tp/message_layout.hpp"
#include "unit/l2tp/peer.hpp"

using namespace keel;
using namespace keel::l2tp;

namespace {

class Generator {
public:
    explicit Generator(std::uint64_t seed) : engine_(seed) {}

    template <class T>
    void fill(AvpType type, T& out) {
        if constexpr (IsOptional<T>::value) {
            if (chance()) fill(type, out.emplace());
        } else if constexpr (IsList<T>::value) {
            out.resize(below(4));
            for (auto& one : out) fill(type, one);
        } else if constexpr (std::is_same_v<T, bool>) {
            out = chance();
        } else if constexpr (std::is_integral_v<T>) {
            out = number<T>();
            if (row_of(type).format == AvpFormat::id && out == 0) out = 1;
        } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Bytes>) {
            const auto [least, most] = avp_lengths(row_of(type).format);
            out.resize(least + below(std::min<std::size_t>(most, 100) - least + 1));
            for (auto& octet : out) octet = static_cast<typename T::value_type>(number<std::uint8_t>());
        } else {
            fill_struct(out);
        }
    }
    template <class M>
    M message() {
        M out;
        std::apply([&](const auto&... field) { (fill(field.type, field.of(out)), ...); }, Layout<M>::fields);
        return out;
    }
    void fill(std::span<std::uint8_t> out) {
        for (auto& octet : out) octet = number<std::uint8_t>();
    }

private:
    [[nodiscard]] bool chance() { return (engine_() & 1) != 0; }
    [[nodiscard]] std::size_t below(std::size_t limit) { return limit == 0 ? 0 : engine_() % limit; }
    // The ends of the range are as likely as all between.
    template <class T>
    T number() {
        switch (engine_() % 4) {
            case 0: return 0;
            case 1: return std::numeric_limits<T>::max();
            default: return static_cast<T>(engine_());
        }
    }
    template <class... T>
    void numbers(T&... out) {
        ((out = number<T>()), ...);
    }
    std::string words() {
        std::string out(below(50), 'x');
        for (auto& c : out) c = static_cast<char>(number<std::uint8_t>());
        return out;
    }
    void fill_struct(ResultCode& out) {
        numbers(out.result);
        if (chance()) return;
        out.error = number<std::uint16_t>();
        out.message = words();
    }
    void fill_struct(Q931Cause& out) {
        numbers(out.code, out.message_type);
        out.advisory = words();
    }
    void fill_struct(PppDisconnect& out) {
        numbers(out.code, out.protocol, out.direction);
        out.message = words();
    }
    void fill_struct(CallErrors& out) {
        numbers(out.crc, out.framing, out.hardware_overruns, out.buffer_overruns, out.timeouts,
                out.alignment);
    }
    void fill_struct(Accm& out) { numbers(out.send, out.receive); }
    void fill_struct(FailoverCapability& out) { numbers(out.flags, out.recovery_time); }
    void fill_struct(TunnelRecovery& out) { numbers(out.tunnel, out.remote_tunnel); }
    void fill_struct(ControlSequence& out) { numbers(out.ns, out.nr); }
    void fill_struct(FailoverSession& out) { numbers(out.session, out.remote_session); }
    void fill_struct(ConnectSpeed& out) { numbers(out.session, out.tx, out.rx); }
    void fill_struct(LoopEncapsulation& out) {
        numbers(out.data_link, out.encapsulation_1, out.encapsulation_2);
    }

    std::mt19937_64 engine_;
};

const Secret kSecret{std::string_view("round trip")};

template <class M>
void check_round_trip(Generator& generator, const Hiding& hiding, std::set<std::size_t>& seen) {
    CAPTURE(message_name(static_cast<std::uint16_t>(Layout<M>::type)));
    const M message = generator.message<M>();
    const Bytes bytes = encode_message(7, 9, message);
    const Datagram datagram = read_datagram(bytes);
    REQUIRE(datagram.kind == Datagram::Kind::control);
    const auto clear = decode_message(datagram.body);
    REQUIRE(clear.has_value());
    REQUIRE(std::holds_alternative<M>(*clear));
    CHECK(std::get<M>(*clear) == message);
    CHECK(encode_message(7, 9, *clear) == bytes);

    const Bytes hidden = encode_message(7, 9, message, &hiding);
    const auto unhidden = decode_message(read_datagram(hidden).body, kSecret);
    REQUIRE(unhidden.has_value());
    REQUIRE(std::holds_alternative<M>(*unhidden));
    CHECK(std::get<M>(*unhidden) == message);

    Reader reader(datagram.body);
    while (!reader.empty()) {
        const auto avp = read_avp(reader);
        REQUIRE(avp.has_value());
        const AvpRow* row = find_avp(avp->type, avp->vendor);
        REQUIRE(row != nullptr);
        seen.insert(row_number(*row));
    }
}

}  // namespace

TEST_CASE("encode(decode(x)) == x for every message and AVP, in clear and hidden") {
    keel::l2tp::test::FixedRandom random;
    const Hiding hiding{kSecret, random};
    std::set<std::size_t> seen;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        Generator generator(seed);
        const auto all = [&]<class... M>(std::type_identity<std::tuple<M...>>) {
            (check_round_trip<M>(generator, hiding, seen), ...);
        };
        all(std::type_identity<Messages>{});
    }
    // Each AVP of the table was in some message, but for the Random Vector, which is in the hidden ones.
    std::size_t rows = 0;
    for (std::uint32_t vendor : {0u, kAdslForum}) {
        for (std::uint32_t type = 0; type < 256; ++type) {
            const AvpRow* row =
                find_avp(static_cast<std::uint16_t>(type), static_cast<std::uint16_t>(vendor));
            if (row == nullptr || row->type == AvpType::random_vector) continue;
            ++rows;
            CHECK_MESSAGE(seen.contains(row_number(*row)), row->name);
        }
    }
    CHECK(seen.size() == rows);
}

TEST_CASE("a decoder given noise never reads beyond it, and what it accepts encodes") {
    Generator generator(4711);
    std::mt19937_64 engine(4711);
    const auto mutate = [&]<class M>(std::type_identity<M>) {
        Bytes bytes = encode_message(7, 9, generator.message<M>());
        for (int change = 0; change < 3; ++change)
            bytes[12 + engine() % (bytes.size() - 12)] = static_cast<std::uint8_t>(engine());
        const Bytes exact(bytes.begin() + 12,
                          bytes.end());  // on the heap, so that a sanitizer sees each step beyond
        const auto message = decode_message(exact, kSecret);
        if (message) static_cast<void>(encode_message(1, 2, *message));
    };
    for (int round = 0; round < 300; ++round) {
        const auto all = [&]<class... M>(std::type_identity<std::tuple<M...>>) {
            (mutate(std::type_identity<M>{}), ...);
        };
        all(std::type_identity<Messages>{});
    }
}
