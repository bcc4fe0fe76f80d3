// World: two Endpoints, a LAC and an LNS, joined by a lossy network in virtual time. Everything random comes
// from one seed, so that a failing run can be run again. Nothing sleeps.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "l2tp/endpoint.hpp"

namespace keel::sim {

struct Network {
    double loss = 0;         // share of datagrams that vanish
    double duplication = 0;  // share that arrive twice
    Duration least_delay = milliseconds(5);
    Duration most_delay = milliseconds(5);  // above least_delay: datagrams overtake each other
};

class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
    }

private:
    std::mt19937_64 engine_;
};

// One Endpoint and what it has put out; accepts every offer unless told otherwise.
struct Host {
    Host(const l2tp::EndpointConfig& config, std::uint64_t seed, l2tp::Path path_)
        : random(seed), endpoint(config, random), path(path_) {}

    // How often something of that kind came out.
    template <class T>
    [[nodiscard]] std::size_t count() const {
        std::size_t found = 0;
        for (const auto& output : outputs) found += std::holds_alternative<T>(output) ? 1u : 0u;
        return found;
    }
    // The latest of that kind; there must be one.
    template <class T>
    [[nodiscard]] const T& last() const {
        const T* found = nullptr;
        for (const auto& output : outputs) {
            if (const T* match = std::get_if<T>(&output)) found = match;
        }
        if (found == nullptr) throw std::runtime_error("no such output");
        return *found;
    }

    SeededRandom random;
    l2tp::Endpoint endpoint;
    l2tp::Path path;                    // to the other one
    std::vector<l2tp::Output> outputs;  // all but Send
    bool accept = true;
};

class World {
public:
    World(std::uint64_t seed, const Network& network, const l2tp::EndpointConfig& config = {});

    Host lac, lns;
    Network network;
    bool cut = false;  // nothing arrives any more

    [[nodiscard]] Time now() const { return now_; }
    // Takes what the endpoints have put out, and answers their offers. To be called after each command.
    void drain();
    // Lets time pass until `until`, or until `done` holds; true if it does.
    template <class Condition>
    bool run_until(Time until, Condition done) {
        drain();
        while (!done()) {
            if (!advance(until)) return false;
        }
        return true;
    }
    void run_for(Duration duration) {
        run_until(now_ + duration, [] { return false; });
    }
    // Both forgot everything, and want no timer.
    [[nodiscard]] bool empty() const;

private:
    struct Flying {
        bool to_lns = false;
        Bytes datagram;
    };

    void drain(Host& host, bool to_lns);
    void answer(Host& host, const l2tp::Output& output);
    void launch(bool to_lns, const Bytes& datagram);
    // To the next event, at most to `until`; false: `until` is reached.
    bool advance(Time until);
    [[nodiscard]] double chance();

    std::mt19937_64 engine_;
    Time now_{};
    std::multimap<Time, Flying> flying_;
};

}  // namespace keel::sim
