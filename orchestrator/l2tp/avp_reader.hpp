// AvpReader: the AVPs of one message, one after another, checked and in clear: what is hidden (RFC 2661 4.3)
// is unhidden by the tunnel's secret and the last Random Vector before it. Owner: decode_message.
#pragma once

#include <expected>
#include <optional>

#include "base/secret.hpp"
#include "l2tp/avp.hpp"
#include "l2tp/quirks.hpp"

namespace keel::l2tp {

class AvpReader {
public:
    // What to do with an AVP: decode `value` by `row`, or ignore it (`row` is nullptr).
    struct Item {
        const AvpRow* row = nullptr;
        ByteView value;  // until the next call of next()
    };

    // `secret` empty: what is hidden cannot be read.
    AvpReader(ByteView avps, const Secret& secret, Quirks quirks = {})
        : reader_(avps), secret_(secret), quirks_(quirks) {}

    [[nodiscard]] bool empty() const { return reader_.empty(); }
    // A Fault: the message is unacceptable (4.1, 7.1). `broken()` then tells whether more can be read.
    [[nodiscard]] std::expected<Item, Fault> next();
    // The framing is lost: nothing more can be read.
    [[nodiscard]] bool broken() const { return broken_; }

private:
    [[nodiscard]] std::expected<Item, Fault> unhide(const RawAvp& avp);
    // What a quirk makes of the AVP, if one is for it.
    [[nodiscard]] std::optional<Item> excused(const RawAvp& avp) const;
    [[nodiscard]] ByteView swapped_codes(ByteView value);

    Reader reader_;
    const Secret& secret_;
    Quirks quirks_;
    ByteView random_vector_;
    bool have_vector_ = false;
    bool broken_ = false;
    Bytes clear_;  // the value that was hidden last
};

}  // namespace keel::l2tp
