#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "linux/strongswan_impl.hpp"

namespace keel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kGreetingDeadline{5};
constexpr Duration kFirstBackOff = milliseconds(200);
constexpr Duration kLastBackOff = seconds(5);

// The events we follow; IKEv1 adopts children at reauthentication, so ike-updown says nothing of a death.
constexpr std::array kEvents{"child-updown", "child-rekey", "ike-updown", "ike-rekey", "ike-update", "log"};

// Calls `done` when it has been called `count` times.
std::function<void()> after(int count, std::function<void()> done) {
    return [left = std::make_shared<int>(count), done = std::move(done)] {
        if (--*left == 0) done();
    };
}

// "Nov 20 16:14:34 2026"; 0 where it does not parse.
std::int64_t seconds_of(const std::string& since) {
    std::tm parts{};
    return strptime(since.c_str(), "%b %d %H:%M:%S %Y", &parts) ? timegm(&parts) : 0;
}

}  // namespace

bool Strongswan::Impl::Generation::same_run(const Generation& other) const {
    return process == other.process && std::abs(since - other.since) <= 2;
}

Strongswan::Impl::Impl(asio::io_context& io, std::string path, Log& log, std::function<void(Event)> emit,
                       std::function<void()> on_new_generation)
    : io_(io),
      path_(std::move(path)),
      log_(log),
      emit_(std::move(emit)),
      on_new_generation_(std::move(on_new_generation)),
      retry_timer_(io),
      tick_timer_(io),
      look_timer_(io),
      back_off_(kFirstBackOff) {}

void Strongswan::Impl::start() {
    asio::post(io_, [self = shared_from_this()] {
        if (self->stopped_) return;
        self->connect();
        self->tick();
    });
}

void Strongswan::Impl::stop() {
    stopped_ = true;
    drop_links();
    retry_timer_.cancel();
    tick_timer_.cancel();
    look_timer_.cancel();
}

// ---- the connection

void Strongswan::Impl::connect() {
    state_ = State::connecting;
    links_up_ = 0;
    const auto connected = [this] { on_connected(); };
    const auto lost = [this](const Error& why) { on_link_lost(why); };
    events_ = std::make_shared<ViciLink>(
        io_,
        ViciLink::Handlers{connected, lost, [this](const std::string& name, const vici::Message& message) {
                               on_event(name, message);
                           }});
    commands_ = std::make_shared<ViciLink>(io_, ViciLink::Handlers{connected, lost, {}});
    events_->connect(path_);
    commands_->connect(path_);
}

void Strongswan::Impl::on_connected() {
    if (++links_up_ == 2) greet();
}

void Strongswan::Impl::greet() {
    struct Greeting {
        vici::Version version;
        vici::Stats stats;
        vici::Algorithms algorithms;
    };
    auto greeting = std::make_shared<Greeting>();
    const auto next = after(static_cast<int>(kEvents.size()) + 4, [this, greeting] {
        if (greeting->version.version.empty() || greeting->stats.since.empty()) {
            return on_link_lost({ErrorCode::unavailable,
                                 "what answers at " + path_ + " is not strongSwan's charon",
                                 "set charon.vici to the vici socket of strongSwan's charon"});
        }
        features_ = {greeting->version.version, greeting->stats.plugins, greeting->algorithms};
        on_greeted(greeting->version, greeting->stats);
    });
    const auto registered = [next](const vici::Result<vici::Reply>&) { next(); };
    for (const char* event : kEvents) events_->register_event(event, kGreetingDeadline, registered);
    commands_->register_event("list-sa", kGreetingDeadline, registered);
    commands_->request(vici::make_version(), kGreetingDeadline,
                       [greeting, next](const vici::Result<vici::Reply>& reply) {
                           if (!reply) return;
                           if (auto version = vici::parse_version(reply->message))
                               greeting->version = *version;
                           next();
                       });
    commands_->request(vici::make_get_algorithms(), kGreetingDeadline,
                       [greeting, next](const vici::Result<vici::Reply>& reply) {
                           if (!reply) return;
                           if (auto algorithms = vici::parse_get_algorithms(reply->message))
                               greeting->algorithms = std::move(*algorithms);
                           next();
                       });
    commands_->request(vici::make_stats(), kGreetingDeadline,
                       [greeting, next](const vici::Result<vici::Reply>& reply) {
                           if (!reply) return;
                           if (auto stats = vici::parse_stats(reply->message)) greeting->stats = *stats;
                           next();
                       });
}

void Strongswan::Impl::on_greeted(const vici::Version& version, const vici::Stats& stats) {
    version_ = version.version;
    const Generation generation{commands_->peer_pid(), seconds_of(stats.since)};
    if (!generation_ || !generation.same_run(*generation_)) {
        if (!lost_told_) {
            lose({ErrorCode::unavailable, "strongSwan was restarted", "its tunnels are made anew"});
        }
        log_.info("ipsec.charon-greeted",
                  {{"version", version.version}, {"daemon", version.daemon}, {"since", stats.since}});
        generation_ = generation;
        forget_generation();
        if (on_new_generation_) on_new_generation_();
    }
    state_ = State::loading;
    snapshot_done_ = false;
    clean_up_credentials();
    clean_up();
    for (auto& [name, declared] : declared_) send_load(declared);
    // Requests are answered in order: with this answer all of the above is done.
    request(vici::make_version(), [this](const vici::Result<vici::Reply>& reply) {
        if (reply) on_loaded();
    });
}

// What an earlier run of ours left, or what could not be unloaded while charon was away.
void Strongswan::Impl::clean_up() {
    request(vici::make_get_conns(), [this](const vici::Result<vici::Reply>& reply) {
        if (!reply) return;
        for (const std::string& conn : vici::parse_get_conns(reply->message)) {
            if (our_name(conn) && !is_declared(conn)) request(vici::make_unload_conn(conn));
        }
    });
    request(vici::make_get_shared(), [this](const vici::Result<vici::Reply>& reply) {
        if (!reply) return;
        for (const std::string& secret : vici::parse_get_shared(reply->message)) {
            const auto ours = our_name(secret);
            const Declared* declared = ours ? find(*ours) : nullptr;
            const bool kept = declared && std::ranges::count(declared->secrets, secret) > 0;
            if (ours && !kept) request(vici::make_unload_shared(secret));
        }
    });
    request(vici::make_list_sas({.noblock = false}), [this](const vici::Result<vici::Reply>& reply) {
        if (reply) on_snapshot(reply->streamed);
    });
}

void Strongswan::Impl::on_snapshot(const std::vector<vici::Message>& streamed) {
    snapshot_done_ = true;
    std::vector<vici::IkeSa> kept;
    for (const vici::Message& message : streamed) {
        for (vici::IkeSa& ike : vici::parse_ike_sas(message)) {
            const auto ours = our_name(ike.name);
            if (!ours) continue;
            // After a loss nobody knows what this SA was for; its peer will come again.
            if (lost_told_ || !find(*ours)) {
                log_.notice("ipsec.leftover",
                            {{"connection", *ours}, {"ike", ike.uniqueid}, {"action", "ended"}});
                end_ike(ike.uniqueid);
            } else {
                kept.push_back(std::move(ike));
            }
        }
    }
    tell(sas_.on_snapshot(kept));
}

void Strongswan::Impl::on_loaded() {
    state_ = State::ready;
    back_off_ = kFirstBackOff;
    last_loss_.clear();
    if (std::exchange(lost_told_, false)) tell(IpsecReady{version_});
}

void Strongswan::Impl::on_link_lost(const Error& why) {
    const bool was_there = can_send();
    drop_links();
    state_ = State::offline;
    // A connection that broke may be one that only needs making again: charon is lost when that fails.
    if (!was_there) lose(why);
    retry_later();
}

void Strongswan::Impl::lose(const Error& why) {
    for (auto& [name, declared] : declared_) {
        declared.loaded = false;
        if (!declared.attempt) continue;
        declared.attempt.reset();
        tell(IpsecFailed{name, why});
    }
    sas_.clear();
    ends_.clear();
    const std::string text = why.text();
    if (lost_told_ && text == last_loss_) return;
    lost_told_ = true;
    last_loss_ = text;
    log_.warning("ipsec.charon-link-lost", {{"why", text}});
    tell(IpsecLost{why});
}

void Strongswan::Impl::drop_links() {
    for (auto* link : {&events_, &commands_}) {
        if (*link) (*link)->detach();
        link->reset();
    }
    // A dropped link calls nobody back.
    for (auto& [name, declared] : declared_) {
        if (declared.attempt) declared.attempt->polling = false;
    }
    reconciling_ = false;
    looking_ = false;
    look_timer_.cancel();
}

void Strongswan::Impl::retry_later() {
    retry_timer_.expires_after(back_off_);
    back_off_ = std::min(back_off_ * 2, kLastBackOff);
    retry_timer_.async_wait([self = shared_from_this()](const std::error_code& code) {
        if (!code && !self->stopped_) self->connect();
    });
}

}  // namespace keel
