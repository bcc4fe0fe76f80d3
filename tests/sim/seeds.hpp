// Seeds: a property holds for each of many seeds. The ordinary test runs a few hundred; tests/sim/run SEEDS
// [FIRST [PROPERTY]] runs as many as one likes. A seed that breaks it is told with the command that repeats
// it.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "sim/host.hpp"

namespace keel::sim {

// KEEL2TP_SIM_SEEDS and KEEL2TP_SIM_FIRST, set by tests/sim/run.
inline std::uint64_t wanted(const char* variable, std::uint64_t otherwise) {
    const char* value = std::getenv(variable);
    return value == nullptr ? otherwise : std::stoull(value);
}

// `ordinary`: how many seeds when nobody says otherwise. `property` is called with a seed, and throws Broken.
template <class Property>
void for_seeds(std::uint64_t ordinary, Property property) {
    constexpr int kEnough = 3;
    const std::string name = doctest::getContextOptions()->currentTest->m_name;
    const std::uint64_t first = wanted("KEEL2TP_SIM_FIRST", 1);
    const std::uint64_t seeds = wanted("KEEL2TP_SIM_SEEDS", ordinary);
    const auto began = std::chrono::steady_clock::now();
    std::uint64_t run = 0;
    for (int broken = 0; run < seeds && broken < kEnough; ++run) {
        const std::uint64_t seed = first + run;
        try {
            property(seed);
        } catch (const std::exception& exception) {
            ++broken;
            FAIL_CHECK("seed " << seed << ": broken: " << std::string(exception.what())
                               << "\nrepeat it by: tests/sim/run 1 " << seed << " '" << name << "'");
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::cout << "seeds: " << run << " in " << took.count() << " s: " << name << std::endl;
}

}  // namespace keel::sim
