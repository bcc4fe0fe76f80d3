// Roster: which servers and clients there are. Brings them to what a configuration says, one by one and live
// where that can be; what cannot be changed live, or goes, is ended in good order, and what takes its place
// (its name, its addresses) begins when it has ended. Owner: Orchestrator.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "lifecycle/lac.hpp"
#include "lifecycle/lns.hpp"

namespace keel::lifecycle {

class Roster {
public:
    explicit Roster(Context& context) : context_(context) {}

    // An Error: a step was refused, and some may be done: apply the old configuration again.
    [[nodiscard]] Status apply(Time now, const std::shared_ptr<const config::Config>& config);
    // How what the last apply() began came out: nothing while it is under way.
    [[nodiscard]] std::optional<Status> outcome() const;

    // By hand. not_found: there is no such connection.
    [[nodiscard]] Status down(Time now, const std::string& name);  // and stays down
    [[nodiscard]] Status up(Time now, const std::string& name);    // a client that waits dials at once
    [[nodiscard]] Status restart(Time now, const std::string& name);
    void stop(Time now);  // all
    [[nodiscard]] bool stopped() const;

    // To be called after every event: what has ended makes room for what is to come.
    void settle(Time now);
    void on_timeout(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const;

    [[nodiscard]] std::vector<Lns*> lnss() const;
    [[nodiscard]] std::vector<Lac*> lacs() const;
    // Of all that the configuration has.
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] Lns* lns_on(const IpAddress& local) const;
    [[nodiscard]] std::vector<LnsStatus> lns_status(Time now) const;
    [[nodiscard]] std::vector<LacStatus> lac_status(Time now) const;
    [[nodiscard]] bool guarded() const { return guarded_.has_value(); }

private:
    template <class R, class C>
    struct Place {
        std::string name;
        std::shared_ptr<const C> config;  // what is to be here; none: nothing
        std::unique_ptr<R> role;          // what is here; it may be ending
        History history{};                // of what was here
        bool held = false;                // by hand: nothing is to be here for now
        bool watched = false;             // the last apply() is done when this one stands
    };
    using LnsPlace = Place<Lns, config::Lns>;
    using LacPlace = Place<Lac, config::Lac>;

    template <class R, class C>
    [[nodiscard]] Status bring(Time now, std::vector<Place<R, C>>& places,
                               const std::shared_ptr<const config::Config>& config,
                               const std::vector<C>& wanted);
    template <class R, class C>
    void renew(Time now, std::vector<Place<R, C>>& places);
    template <class F>
    [[nodiscard]] Status with(const std::string& name, F action);
    [[nodiscard]] bool may_begin(const LnsPlace& place) const;
    [[nodiscard]] bool may_begin(const LacPlace&) const { return true; }
    [[nodiscard]] Status guard();

    Context& context_;
    std::shared_ptr<const config::Config> config_;
    std::vector<LnsPlace> lnss_;
    std::vector<LacPlace> lacs_;
    std::optional<std::vector<IpAddress>> guarded_;  // the addresses that the guard protects; none: no guard
    bool stopping_ = false;
};

}  // namespace keel::lifecycle
