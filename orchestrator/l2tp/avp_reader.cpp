#include "l2tp/avp_reader.hpp"

#include "l2tp/auth.hpp"

namespace keel::l2tp {

std::expected<AvpReader::Item, Fault> AvpReader::next() {
    const auto avp = read_avp(reader_);
    if (!avp) {
        broken_ = true;
        return std::unexpected(avp.error());
    }
    if (avp->hidden && !secret_.empty() && may_be_hidden(*avp)) return unhide(*avp);
    const auto row = check_avp(*avp);
    if (!row) return std::unexpected(row.error());
    if (*row != nullptr && (*row)->type == AvpType::random_vector) {
        random_vector_ = avp->value;
        have_vector_ = true;
    }
    return Item{*row, avp->value};
}

std::expected<AvpReader::Item, Fault> AvpReader::unhide(const RawAvp& avp) {
    const auto unreadable = [&](std::string_view why) -> std::expected<Item, Fault> {
        const auto row = unusable(avp, GeneralError::value, why);
        if (!row) return std::unexpected(row.error());
        return Item{};
    };
    if (!have_vector_) return unreadable("is hidden, but no Random Vector precedes it");
    auto value = unhide_value(avp.type, avp.value, secret_, random_vector_);
    if (!value) return unreadable("cannot be unhidden: the tunnel secrets of the two ends differ");
    clear_ = std::move(*value);
    RawAvp clear = avp;
    clear.hidden = false;
    clear.value = clear_;
    const auto row = check_avp(clear);
    if (!row) return std::unexpected(row.error());
    return Item{*row, clear_};
}

}  // namespace keel::l2tp
