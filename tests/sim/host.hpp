// Host: one Endpoint, what it has put out, and how it answers offers. Everything random in it comes from its
// seed.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <stdexcept>
#include <vector>

#include "l2tp/endpoint.hpp"

namespace keel::sim {

// A property does not hold. The seed's loop (seeds.hpp) catches it and prints how to repeat it.
class Broken : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
inline void hold(bool holds, const char* what) {
    if (!holds) throw Broken(what);
}

class SeededRandom final : public Random {
public:
    // `few`: not 0: numbers of four octets (ids, then) are 1 to `few`, so that ids are drawn again and again.
    // 0: no id comes twice by chance, even where a host that lost its memory cannot know it.
    explicit SeededRandom(std::uint64_t seed, std::uint32_t few = 0)
        : engine_(seed), few_(few), next_(static_cast<std::uint16_t>(engine_())) {}
    void fill(std::span<std::uint8_t> out) override {
        if (out.size() == 4) return number(out);
        for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
    }

private:
    void number(std::span<std::uint8_t> out) {
        constexpr std::uint16_t kStride = 40503;  // odd: all 2^16 come before one comes again
        auto number = static_cast<std::uint32_t>(engine_());
        if (few_ != 0) {
            number = 1 + number % few_;
        } else {
            number = (number & 0xffff0000) | next_;
            next_ = static_cast<std::uint16_t>(next_ + kStride);
        }
        for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    }

    std::mt19937_64 engine_;
    std::uint32_t few_;
    std::uint16_t next_;
};

struct Host {
    Host(const l2tp::EndpointConfig& config_, std::uint64_t seed, IpAddress address_, std::uint32_t few = 0)
        : config(config_), address(address_), random(seed, few), endpoint(config_, random) {}

    [[nodiscard]] l2tp::Path to(const Host& other, std::uint32_t binding = 0) const {
        return {address, {other.address, 1701}, binding};
    }

    // How often something of that kind came out.
    template <class T>
    [[nodiscard]] std::size_t count() const {
        std::size_t found = 0;
        for (const auto& output : outputs) found += std::holds_alternative<T>(output) ? 1u : 0u;
        return found;
    }
    template <class T>
    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> found;
        for (const auto& output : outputs) {
            if (const T* match = std::get_if<T>(&output)) found.push_back(*match);
        }
        return found;
    }
    // The latest of that kind; there must be one.
    template <class T>
    [[nodiscard]] const T& last() const {
        for (auto output = outputs.rbegin(); output != outputs.rend(); ++output) {
            if (const T* match = std::get_if<T>(&*output)) return *match;
        }
        throw Broken("an output that was expected did not come");
    }

    l2tp::EndpointConfig config;
    IpAddress address;
    SeededRandom random;
    l2tp::Endpoint endpoint;
    std::vector<l2tp::Output> outputs;  // all but Send
    bool accept = true;                 // every offer, at once
    // Told of each output but Send, after `accept` has answered it.
    std::function<void(Time, const l2tp::Output&)> on_output;
};

}  // namespace keel::sim
