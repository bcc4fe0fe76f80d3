// Bounded reading and writing of big-endian wire formats. A Reader cannot leave its view: each read checks,
// and a failed read consumes nothing. A Writer appends to a vector it owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keel {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Reader {
public:
    explicit Reader(ByteView view) : view_(view) {}

    [[nodiscard]] std::size_t remaining() const { return view_.size(); }
    [[nodiscard]] bool empty() const { return view_.empty(); }

    [[nodiscard]] std::optional<std::uint8_t> u8() { return unsigned_be<std::uint8_t>(); }
    [[nodiscard]] std::optional<std::uint16_t> u16() { return unsigned_be<std::uint16_t>(); }
    [[nodiscard]] std::optional<std::uint32_t> u32() { return unsigned_be<std::uint32_t>(); }
    [[nodiscard]] std::optional<std::uint64_t> u64() { return unsigned_be<std::uint64_t>(); }

    // The next `count` bytes as a view into the input, or nothing if there are fewer.
    [[nodiscard]] std::optional<ByteView> take(std::size_t count) {
        if (view_.size() < count) return std::nullopt;
        const ByteView head = view_.first(count);
        view_ = view_.subspan(count);
        return head;
    }
    // All that is left; the Reader is then empty.
    [[nodiscard]] ByteView rest() { return std::exchange(view_, ByteView{}); }

private:
    template <class T>
    std::optional<T> unsigned_be() {
        const auto bytes = take(sizeof(T));
        if (!bytes) return std::nullopt;
        std::uint64_t value = 0;
        for (const std::uint8_t byte : *bytes) value = (value << 8) | byte;
        return static_cast<T>(value);
    }

    ByteView view_;
};

class Writer {
public:
    void u8(std::uint8_t value) { out_.push_back(value); }
    void u16(std::uint16_t value) { unsigned_be(value, 2); }
    void u32(std::uint32_t value) { unsigned_be(value, 4); }
    void u64(std::uint64_t value) { unsigned_be(value, 8); }
    void bytes(ByteView view) { out_.insert(out_.end(), view.begin(), view.end()); }

    // Overwrites two bytes written earlier, for a length known only afterwards. `at` + 2 <= size().
    void patch_u16(std::size_t at, std::uint16_t value) {
        out_.at(at) = static_cast<std::uint8_t>(value >> 8);
        out_.at(at + 1) = static_cast<std::uint8_t>(value & 0xff);
    }

    [[nodiscard]] std::size_t size() const { return out_.size(); }
    [[nodiscard]] ByteView view() const { return out_; }
    [[nodiscard]] Bytes take() { return std::exchange(out_, {}); }

private:
    void unsigned_be(std::uint64_t value, int width) {
        for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
            out_.push_back(static_cast<std::uint8_t>((value >> shift) & 0xff));
        }
    }

    Bytes out_;
};

}  // namespace keel
