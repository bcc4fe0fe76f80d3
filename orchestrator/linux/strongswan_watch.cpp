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
            self->watch_files();
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
    auto present = std::make_shared<Present>();
    const auto into = [](std::set<std::string>& names, vici::List (*parse)(const vici::Message&)) {
        return [&names, parse](const vici::Result<vici::Reply>& reply) {
            if (!reply) return;
            for (std::string& name : parse(reply->message)) names.insert(std::move(name));
        };
    };
    const bool keys = std::ranges::any_of(declared_, [](const auto& d) { return !d.second.keys.empty(); });
    request(vici::make_get_conns(), into(present->conns, vici::parse_get_conns));
    if (keys) {
        request(vici::make_get_keys(), into(present->keys, vici::parse_get_keys));
        request(vici::make_get_authorities(), into(present->authorities, vici::parse_get_authorities));
    }
    request(vici::make_get_shared(), [this, present, fill = into(present->secrets, vici::parse_get_shared)](
                                         const vici::Result<vici::Reply>& reply) {
        reconciling_ = false;
        fill(reply);
        if (reply) reload_missing(*present);
    });
}

void Strongswan::Impl::reload_missing(const Present& present) {
    const auto all_in = [](const std::vector<std::string>& names, const std::set<std::string>& there) {
        return std::ranges::all_of(names, [&](const std::string& name) { return there.contains(name); });
    };
    for (auto& [name, declared] : declared_) {
        if (!declared.loaded) continue;
        const bool complete = all_in(declared.names, present.conns) &&
                              all_in(declared.secrets, present.secrets) &&
                              all_in(declared.authorities, present.authorities) &&
                              (declared.keys.empty() || present.keys.contains(declared.keys.back()));
        if (complete) continue;
        log_.notice("ipsec.unloaded",
                    {{"connection", name}, {"why", "somebody else unloaded it"}, {"action", "load"}});
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
