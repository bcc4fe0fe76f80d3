// What every fuzz target shares: a script read from the fuzzer's bytes, and a check that the fuzzer notices.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/bytes.hpp"
#include "base/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace keel::fuzz {

// Aborts, which libFuzzer and the replay both count as a finding; holds in every build type.
inline void require(bool holds, const char* what) {
    if (holds) return;
    static_cast<void>(std::fprintf(stderr, "broken: %s\n", what));
    std::abort();
}

// The fuzzer's bytes as a script. Behind the end everything is 0 and empty, so that every input is a script.
class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : reader_(ByteView(data, size)) {}

    [[nodiscard]] bool empty() const { return reader_.empty(); }
    [[nodiscard]] std::uint8_t u8() { return reader_.u8().value_or(0); }
    [[nodiscard]] std::uint16_t u16() { return reader_.u16().value_or(0); }
    // At most `count` bytes; in memory of its own, so that AddressSanitizer sees each read beyond its end.
    [[nodiscard]] Bytes take(std::size_t count) {
        const auto view = reader_.take(count < reader_.remaining() ? count : reader_.remaining());
        return view ? Bytes(view->begin(), view->end()) : Bytes{};
    }

private:
    Reader reader_;
};

// Half of the numbers are repeated, so that ids are drawn that are taken. Each run is the same.
class FewRandom final : public Random {
public:
    explicit FewRandom(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<std::uint8_t> out) override {
        if ((++calls_ & 1u) != 0) state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        std::uint64_t bits = state_ >> 16;
        for (auto& byte : out) {
            byte = static_cast<std::uint8_t>(bits);
            bits = bits >> 8 | bits << 56;
        }
    }

private:
    std::uint64_t state_;
    unsigned calls_ = 0;
};

}  // namespace keel::fuzz
