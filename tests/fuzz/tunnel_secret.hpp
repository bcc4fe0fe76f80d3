// The secret that all L2TP targets and the seeds (seeds.py) share, so that what is hidden can be read.
#pragma once

#include "base/random.hpp"
#include "base/secret.hpp"
#include "l2tp/auth.hpp"

namespace keel::fuzz {

inline Secret secret() {
    return Secret("fuzz");
}

// A Hiding with what it refers to.
struct Hidden {
    explicit Hidden(Random& random) : how{key, random} {}
    Hidden(const Hidden&) = delete;
    Hidden& operator=(const Hidden&) = delete;

    Secret key = secret();
    l2tp::Hiding how;
};

}  // namespace keel::fuzz
