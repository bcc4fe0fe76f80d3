// Provisioner: which configuration runs, what ran before, and whether what was applied stays. All or nothing:
// what is refused on the way, or turns out not to stand, brings back what ran; and what is not confirmed in
// time goes the same way. Pure: time in, calls to the Orchestrator out. Owner: linux/daemon.
//
// The order of use: one call, then take_outcome() and next_timeout(). advance() after every event.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "lifecycle/orchestrator.hpp"

namespace keel::lifecycle {

// A configuration and the JSON text that it was read from.
struct Version {
    std::shared_ptr<const config::Config> config;
    Secret text;  // inline secrets are in it
    std::string hash;
};

struct Applied {
    Plan plan;
    std::string hash;
    bool save = false;  // it was asked to be saved, and may be now
};

class Provisioner {
public:
    // `running` is what `orchestrator` was made with, as saved. Both arguments outlive the Provisioner.
    Provisioner(Orchestrator& orchestrator, Random& random, Log& log);

    // Of one document always the same text, for as long as the daemon runs; whoever has it cannot guess
    // secrets with it.
    [[nodiscard]] Version version(std::shared_ptr<const config::Config> config, std::string_view text) const;
    // What runs from the start on, and is saved.
    void begin_with(Version running);

    struct Wish {
        std::optional<Duration> confirm_within;  // goes back unless confirm() comes in that time
        bool save = false;
    };
    // An Error: nothing has changed (any more). Otherwise take_outcome() will tell.
    [[nodiscard]] Status apply(Time now, Version next, const Wish& wish);
    // Back to what ran before: before the one that is not confirmed yet, or else before the last apply().
    [[nodiscard]] Status rollback(Time now);
    // Returns whether it is to be saved. not_found: nothing waits for it.
    [[nodiscard]] Result<bool> confirm(Time now);
    void saved() { saved_hash_ = running_.hash; }

    void advance(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const;
    // How the last apply() or rollback() came out; told once.
    [[nodiscard]] std::optional<Result<Applied>> take_outcome();

    [[nodiscard]] const Version& running() const { return running_; }
    [[nodiscard]] bool is_saved() const { return saved_hash_ == running_.hash; }
    [[nodiscard]] std::size_t previous() const { return before_.size(); }
    [[nodiscard]] std::optional<Time> confirm_until() const;

private:
    struct Trial {  // applied, but not seen to stand yet
        Version before;
        Plan plan;
        Wish wish;
        Time until;
        bool goes_back = false;
    };
    struct Confirmation {
        Version before;
        Time until;
        bool save;
    };

    [[nodiscard]] Status begin(Time now, Version next, const Wish& wish, bool goes_back);
    void stands(Time now);
    void bring_back(Time now, Version before, const std::string& why);

    Orchestrator& orchestrator_;
    Log& log_;
    std::array<std::uint8_t, 32> key_{};
    Version running_;
    std::string saved_hash_;
    std::deque<Version> before_;  // the newest last
    std::optional<Trial> trial_;
    std::optional<Confirmation> confirmation_;
    std::optional<Result<Applied>> outcome_;
};

}  // namespace keel::lifecycle
