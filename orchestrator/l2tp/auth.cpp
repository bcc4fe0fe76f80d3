#include "l2tp/auth.hpp"

#include <nettle/md5.h>

#include <algorithm>
#include <array>

#include "l2tp/avp.hpp"

namespace keel::l2tp {

namespace {

using Block = std::array<std::uint8_t, kMd5Size>;

constexpr std::size_t kInnerLengthSize = 2;
// The largest whole number of blocks that an AVP can hold.
constexpr std::size_t kMaxHidden = (kMaxAvpSize - kAvpHeaderSize) / kMd5Size * kMd5Size;

template <class... Part>
Block md5(const Part&... part) {
    md5_ctx context;
    md5_init(&context);
    (md5_update(&context, part.size(), part.data()), ...);
    Block out;
    md5_digest(&context, out.size(), out.data());
    wipe(&context, sizeof context);
    return out;
}

// 4.3: b(1) = MD5(AV + S + RV), b(i) = MD5(S + c(i-1)); each block of the text is XORed with its b. In both
// directions the next block's key comes from the cipher text.
Bytes crypt(std::uint16_t attribute, ByteView text, const Secret& secret, ByteView random_vector,
            bool decipher) {
    const std::array<std::uint8_t, 2> type{static_cast<std::uint8_t>(attribute >> 8),
                                           static_cast<std::uint8_t>(attribute & 0xff)};
    Bytes out(text.begin(), text.end());
    Block key = md5(type, secret.reveal(), random_vector);
    for (std::size_t at = 0; at < text.size(); at += kMd5Size) {
        const std::size_t size = std::min(kMd5Size, text.size() - at);
        for (std::size_t i = 0; i < size; ++i) out[at + i] = static_cast<std::uint8_t>(text[at + i] ^ key[i]);
        const ByteView cipher = decipher ? text.subspan(at, size) : ByteView(out).subspan(at, size);
        if (at + size < text.size()) key = md5(secret.reveal(), cipher);
    }
    wipe(key.data(), key.size());
    return out;
}

}  // namespace

Bytes challenge_response(std::uint8_t message_type, const Secret& secret, ByteView challenge) {
    const std::array<std::uint8_t, 1> identifier{message_type};
    const Block digest = md5(identifier, secret.reveal(), challenge);
    return {digest.begin(), digest.end()};
}

bool same_octets(ByteView left, ByteView right) {
    if (left.size() != right.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < left.size(); ++i) difference |= static_cast<unsigned>(left[i] ^ right[i]);
    return difference == 0;
}

Bytes hide_value(std::uint16_t attribute, ByteView value, const Secret& secret, ByteView random_vector,
                 Random& padding) {
    value = value.first(std::min(value.size(), kMaxHidden - kInnerLengthSize));
    Writer out;
    out.u16(static_cast<std::uint16_t>(value.size()));
    out.bytes(value);
    Bytes text = out.take();
    const std::size_t used = text.size();
    text.resize((used + kMd5Size - 1) / kMd5Size * kMd5Size);
    padding.fill(std::span(text).subspan(used));
    Bytes hidden = crypt(attribute, text, secret, random_vector, false);
    wipe(text.data(), text.size());
    return hidden;
}

std::optional<Bytes> unhide_value(std::uint16_t attribute, ByteView hidden, const Secret& secret,
                                  ByteView random_vector) {
    Bytes text = crypt(attribute, hidden, secret, random_vector, true);
    Reader reader(text);
    const auto length = reader.u16();
    if (!length) return std::nullopt;
    const auto value = reader.take(*length);
    if (!value) return std::nullopt;
    Bytes out(value->begin(), value->end());
    wipe(text.data(), text.size());
    return out;
}

Bytes hide_avps(ByteView avps, const Hiding& hiding) {
    Writer out;
    Reader reader(avps);
    Bytes vector;
    bool of_sccrq = false;
    const auto stays_clear = [&](const AvpRow* row) {
        return row == nullptr || !row->may_hide || (of_sccrq && row->type == AvpType::assigned_tunnel_id);
    };
    while (!reader.empty()) {
        const auto avp = read_avp(reader);
        if (!avp) break;
        const AvpRow* row = find_avp(avp->type, avp->vendor);
        if (row != nullptr && row->type == AvpType::message_type) {
            of_sccrq = Reader(avp->value).u16() == 1;
        }
        if (stays_clear(row)) {
            write_raw_avp(out, *avp);
            continue;
        }
        if (vector.empty()) {
            vector.resize(kRandomVectorSize);
            hiding.random.fill(vector);
            write_avp(out, AvpType::random_vector, vector);
        }
        const Bytes hidden = hide_value(avp->type, avp->value, hiding.secret, vector, hiding.random);
        RawAvp covered = *avp;
        covered.hidden = true;
        covered.value = hidden;
        write_raw_avp(out, covered);
    }
    return out.take();
}

}  // namespace keel::l2tp
