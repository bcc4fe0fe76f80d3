#include "lifecycle/provisioner.hpp"

#include <fmt/format.h>
#include <nettle/hmac.h>

#include <utility>

namespace keel::lifecycle {
namespace {

constexpr std::size_t kKept = 5;
// For charon's answer, and for what must end before something else can take its place.
constexpr Duration kTrial = seconds(30);

std::unexpected<Error> busy() {
    return fail(ErrorCode::busy, "another configuration is being applied", "try again in a moment");
}

}  // namespace

Provisioner::Provisioner(Orchestrator& orchestrator, Random& random, Log& log)
    : orchestrator_(orchestrator), log_(log) {
    random.fill(key_);
}

Version Provisioner::version(std::shared_ptr<const config::Config> config, std::string_view text) const {
    hmac_sha256_ctx context;
    hmac_sha256_set_key(&context, key_.size(), key_.data());
    hmac_sha256_update(&context, text.size(), reinterpret_cast<const std::uint8_t*>(text.data()));
    std::array<std::uint8_t, 16> digest{};
    hmac_sha256_digest(&context, digest.size(), digest.data());
    std::string hash;
    for (const std::uint8_t octet : digest) hash += fmt::format("{:02x}", octet);
    return {std::move(config), Secret(text), std::move(hash)};
}

void Provisioner::begin_with(Version running) {
    running_ = std::move(running);
    saved();
}

Status Provisioner::apply(Time now, Version next, const Wish& wish) {
    if (trial_) return busy();
    if (confirmation_) {
        return fail(ErrorCode::busy, "what was applied before is not confirmed yet",
                    "keel2tp confirm keeps it, keel2tp rollback takes it back; then try again");
    }
    return begin(now, std::move(next), wish, false);
}

Status Provisioner::begin(Time now, Version next, const Wish& wish, bool goes_back) {
    Plan plan = orchestrator_.plan(*next.config);
    if (plan.obstacle) return std::unexpected(*plan.obstacle);
    Version before = std::exchange(running_, std::move(next));
    if (auto begun = orchestrator_.apply(now, running_.config); !begun) {
        bring_back(now, std::move(before), begun.error().message);
        return begun;
    }
    trial_ = Trial{std::move(before), std::move(plan), wish, now + kTrial, goes_back};
    advance(now);
    return {};
}

Status Provisioner::rollback(Time now) {
    if (trial_) return busy();
    if (confirmation_) {
        Version before = std::exchange(confirmation_, std::nullopt)->before;
        return begin(now, std::move(before), {}, true);
    }
    if (before_.empty()) {
        return fail(ErrorCode::not_found, "there is no earlier configuration to go back to",
                    "since its start keel2tpd has run the one that it runs now");
    }
    Version before = before_.back();
    auto begun = begin(now, std::move(before), {}, true);
    if (begun) before_.pop_back();
    return begun;
}

Result<bool> Provisioner::confirm(Time) {
    if (!confirmation_) return fail(ErrorCode::not_found, "nothing waits to be confirmed");
    Confirmation done = std::move(*std::exchange(confirmation_, std::nullopt));
    before_.push_back(std::move(done.before));
    if (before_.size() > kKept) before_.pop_front();
    log_.notice("config.confirmed", {{"hash", running_.hash}});
    return done.save;
}

void Provisioner::advance(Time now) {
    if (confirmation_ && confirmation_->until <= now && !trial_) {
        Confirmation late = std::move(*std::exchange(confirmation_, std::nullopt));
        return bring_back(now, std::move(late.before), "it was not confirmed in time");
    }
    if (!trial_) return;
    auto stood = orchestrator_.outcome();
    if (!stood && trial_->until <= now) {
        stood = fail(ErrorCode::timeout,
                     fmt::format("not everything was in place within {} s",
                                 std::chrono::duration_cast<seconds>(kTrial).count()),
                     "the log tells what was waited for");
    }
    if (!stood) return;
    if (*stood) return stands(now);
    Trial failed = std::move(*std::exchange(trial_, std::nullopt));
    const Error why = stood->error();
    bring_back(now, std::move(failed.before), why.message);
    outcome_ = wrap(why, "the configuration was taken back");
}

void Provisioner::stands(Time now) {
    Trial trial = std::move(*std::exchange(trial_, std::nullopt));
    log_.notice(trial.goes_back ? "config.rolled-back" : "config.applied",
                {{"hash", running_.hash},
                 {"changes", trial.plan.changes.size()},
                 {"ended_sessions", trial.plan.ends()},
                 {"confirm_ms", trial.wish.confirm_within.value_or(Duration{})}});
    outcome_ = Applied{std::move(trial.plan), running_.hash, trial.wish.save && !trial.wish.confirm_within};
    if (trial.goes_back) return;
    if (trial.wish.confirm_within) {
        confirmation_ =
            Confirmation{std::move(trial.before), now + *trial.wish.confirm_within, trial.wish.save};
        return;
    }
    before_.push_back(std::move(trial.before));
    if (before_.size() > kKept) before_.pop_front();
}

void Provisioner::bring_back(Time now, Version before, const std::string& why) {
    const std::string hash = running_.hash;
    running_ = std::move(before);
    log_.warning("config.taken-back", {{"hash", hash}, {"running", running_.hash}, {"why", why}});
    if (auto back = orchestrator_.apply(now, running_.config); !back) {
        log_.error("config.torn", {{"hash", running_.hash}, {"why", back.error().text()}});
    }
}

std::optional<Time> Provisioner::next_timeout() const {
    if (trial_) return trial_->until;
    return confirm_until();
}

std::optional<Time> Provisioner::confirm_until() const {
    return confirmation_ ? std::optional(confirmation_->until) : std::nullopt;
}

std::optional<Result<Applied>> Provisioner::take_outcome() {
    return std::exchange(outcome_, std::nullopt);
}

}  // namespace keel::lifecycle
