#include "l2tp/avp_reader.hpp"

#include <utility>

#include "l2tp/auth.hpp"

namespace keel::l2tp {

namespace {

std::expected<AvpReader::Item, Fault> unreadable(const RawAvp& avp, GeneralError error,
                                                 std::string_view why) {
    auto row = unusable(avp, error, why);
    if (row) return AvpReader::Item{};
    row.error().secret = true;
    return std::unexpected(std::move(row.error()));
}

}  // namespace

std::optional<AvpReader::Item> AvpReader::excused(const RawAvp& avp) const {
    if (quirks_.empty()) return std::nullopt;
    const AvpRow* row = avp.reserved ? nullptr : find_avp(avp.type, avp.vendor);
    if (row == nullptr) return quirks_.has(Quirk::ignore_unknown) ? std::optional(Item{}) : std::nullopt;
    if (row->type == AvpType::receive_window_size && quirks_.has(Quirk::lenient_window) &&
        avp.value.size() == 2 && avp.value[0] == 0 && avp.value[1] == 0) {
        static constexpr std::uint8_t kOne[] = {0, 1};
        return Item{row, kOne};
    }
    return std::nullopt;
}

std::expected<AvpReader::Item, Fault> AvpReader::next() {
    const auto avp = read_avp(reader_);
    if (!avp) {
        broken_ = true;
        return std::unexpected(avp.error());
    }
    if (auto item = excused(*avp)) return *item;
    if (avp->hidden && may_be_hidden(*avp)) {
        if (!secret_.empty()) return unhide(*avp);
        return unreadable(*avp, GeneralError::unknown_avp, "is hidden, but no tunnel secret is configured");
    }
    const auto row = check_avp(*avp);
    if (!row) return std::unexpected(row.error());
    if (*row != nullptr && (*row)->type == AvpType::random_vector) {
        random_vector_ = avp->value;
        have_vector_ = true;
    }
    if (*row != nullptr && (*row)->type == AvpType::result_code && quirks_.has(Quirk::swapped_result_code)) {
        return Item{*row, swapped_codes(avp->value)};
    }
    return Item{*row, avp->value};
}

// Result Code and Error Code, each turned round if it stands the wrong way round.
ByteView AvpReader::swapped_codes(ByteView value) {
    clear_.assign(value.begin(), value.end());
    for (const std::size_t at : {std::size_t{0}, std::size_t{2}}) {
        if (clear_.size() >= at + 2 && clear_[at + 1] == 0) std::swap(clear_[at], clear_[at + 1]);
    }
    return clear_;
}

std::expected<AvpReader::Item, Fault> AvpReader::unhide(const RawAvp& avp) {
    if (!have_vector_) {
        const auto row = unusable(avp, GeneralError::value, "is hidden, but no Random Vector precedes it");
        if (!row) return std::unexpected(row.error());
        return Item{};
    }
    auto value = unhide_value(avp.type, avp.value, secret_, random_vector_);
    if (!value) {
        return unreadable(avp, GeneralError::value,
                          "cannot be unhidden: the tunnel secrets of the two ends differ");
    }
    clear_ = std::move(*value);
    RawAvp clear = avp;
    clear.hidden = false;
    clear.value = clear_;
    const auto row = check_avp(clear);
    if (!row) return std::unexpected(row.error());
    return Item{*row, clear_};
}

}  // namespace keel::l2tp
