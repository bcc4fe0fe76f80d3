#include <algorithm>
#include <chrono>
#include <utility>

#include "linux/strongswan_impl.hpp"

namespace keel {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{500};
// Who reconfigures charon goes on for a moment: `swanctl --load-all` unloads secrets first, connections last.
constexpr milliseconds kLookAgain{50}, kLookFor{1000};
constexpr int kAbsences = 2;  // polls without an IKE_SA before an attempt is dead; the log lags behind

}  // namespace

void Strongswan::Impl::tick() {
    tick_timer_.expires_after(kTick);
    tick_timer_.async_wait([self = shared_from_this()](const std::error_code& code) {
        if (code || self->stopped_) return;
        if (self->state_ == State::ready) {
            self->poll_attempts();
            self->reconcile();
        }
        self->tick();
    });
}

// At once, and again and again for a moment.
void Strongswan::Impl::look_closely() {
    if (state_ != State::ready) return;
    look_until_ = std::chrono::steady_clock::now() + kLookFor;
    if (!std::exchange(looking_, true)) look();
}

void Strongswan::Impl::look() {
    reconcile();
    if (std::chrono::steady_clock::now() >= look_until_) {
        looking_ = false;
        return;
    }
    look_timer_.expires_after(kLookAgain);
    look_timer_.async_wait([self = shared_from_this()](const std::error_code& code) {
        if (!code && !self->stopped_ && self->looking_) self->look();
    });
}

void Strongswan::Impl::reconcile() {
    if (std::exchange(reconciling_, true)) return;
    auto conns = std::make_shared<vici::List>();
    request(vici::make_get_conns(), [conns](const vici::Result<vici::Reply>& reply) {
        if (reply) *conns = vici::parse_get_conns(reply->message);
    });
    request(vici::make_get_shared(), [this, conns](const vici::Result<vici::Reply>& reply) {
        reconciling_ = false;
        if (reply) reload_missing(*conns, vici::parse_get_shared(reply->message));
    });
}

void Strongswan::Impl::reload_missing(const vici::List& conns, const vici::List& secrets) {
    const std::set<std::string> present(conns.begin(), conns.end()), keys(secrets.begin(), secrets.end());
    for (auto& [name, declared] : declared_) {
        if (!declared.loaded) continue;
        const bool complete = keys.contains(charon_name(name)) &&
                              std::ranges::all_of(declared.names, [&present](const std::string& in_charon) {
                                  return present.contains(in_charon);
                              });
        if (complete) continue;
        log_.notice("ipsec connection={} was unloaded by somebody else: loading it again", quote(name));
        send_load(declared);
    }
}

void Strongswan::Impl::poll_attempts() {
    for (auto& [key, declared] : declared_) {
        if (!declared.attempt || !declared.attempt->accepted || declared.attempt->polling) continue;
        declared.attempt->polling = true;
        request(vici::make_list_sas({.ike = declared.names.front(), .noblock = false}),
                [this, name = key](const vici::Result<vici::Reply>& reply) {
                    Declared* tried = find(name);
                    if (!tried || !tried->attempt) return;
                    tried->attempt->polling = false;
                    if (!reply) return;
                    if (!reply->streamed.empty()) {
                        tried->attempt->absences = 0;
                        return;
                    }
                    if (++tried->attempt->absences < kAbsences) return;
                    fail_attempt(name, tried->attempt->reason.value_or(Error{ErrorCode::unavailable,
                                                                             "charon gave up on " + name,
                                                                             "look at charon's log"}));
                });
    }
}

void Strongswan::Impl::poll_drain() {
    if (!drain_ || stopped_) return;
    const auto finish = [this] {
        if (auto drain = std::exchange(drain_, std::nullopt)) drain->done();
    };
    if (!can_send() || std::chrono::steady_clock::now() >= drain_->deadline) return finish();
    auto timer = std::make_shared<asio::steady_timer>(io_, milliseconds(100));
    auto left = std::make_shared<bool>(true);
    request(vici::make_list_sas({.noblock = false}), [left](const vici::Result<vici::Reply>& reply) {
        if (!reply) return;
        *left = std::ranges::any_of(reply->streamed, [](const vici::Message& message) {
            return std::ranges::any_of(message.entries(),
                                       [](const auto& e) { return our_name(e.name).has_value(); });
        });
    });
    timer->async_wait([self = shared_from_this(), timer, left, finish](const std::error_code&) {
        if (*left) {
            self->poll_drain();
        } else {
            finish();
        }
    });
}

}  // namespace keel
