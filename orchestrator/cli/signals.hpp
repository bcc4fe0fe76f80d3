// Signals as something to read: what is named is held back from the process while a Signals lives.
#pragma once

#include <initializer_list>

#include "base/unique_fd.hpp"

namespace keel::cli {

class Signals {
public:
    explicit Signals(std::initializer_list<int> signals);
    // Those that wait are forgotten, lest they end the process after all.
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // Can be read when a signal has come.
    [[nodiscard]] int fd() const { return fd_.value(); }
    // The next one; 0: none waits.
    [[nodiscard]] int take() const;

private:
    UniqueFd fd_;
};

}  // namespace keel::cli
