// Lns: an L2TP network server: admits peers that came under an SA of its own connection, one tunnel to an SA,
// gives each session a pppd, judges logins and lends addresses.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "lifecycle/address_pool.hpp"
#include "lifecycle/context.hpp"
#include "lifecycle/outgoing_calls.hpp"
#include "lifecycle/role.hpp"

namespace keel::lifecycle {

class Lns final : public Role {
public:
    Lns(std::shared_ptr<const config::Lns> config, Context& context);

    void start(Time now);
    // Goes on with another configuration, of the same name and protection. `watched` becomes true where
    // standing() has to be asked how it came out.
    [[nodiscard]] Status apply(Time now, std::shared_ptr<const config::Lns> next, bool& watched);
    // The same configuration, in another place.
    void keep(std::shared_ptr<const config::Lns> same) { config_ = std::move(same); }
    // Whether it listens everywhere and charon has taken its connection: nothing while that is not known.
    [[nodiscard]] std::optional<Status> standing() const;
    [[nodiscard]] const config::Lns& config() const { return *config_; }
    // Nothing that could be hurried.
    void hurry(Time) {}
    // Tells every peer, then closes the listeners and unloads the connection; stopped() when that is done.
    void stop(Time now);
    // What was there before under this name.
    void inherit(const History& history) { history_ = history; }
    [[nodiscard]] const History& history() const { return history_; }
    [[nodiscard]] bool ending() const { return stopping_; }
    [[nodiscard]] bool stopped() const { return stopped_; }

    void on_timeout(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const;
    [[nodiscard]] LnsStatus status(Time now) const;
    [[nodiscard]] std::vector<UserStatus> users() const;

    [[nodiscard]] std::optional<SocketId> listener_on(const IpAddress& local) const;
    // What the SCCRQs that come to our addresses are read with.
    [[nodiscard]] l2tp::Incoming incoming() const;

    void on_tunnel_offered(Time now, const l2tp::TunnelOffered& offer);
    void on_tunnel_refused(Time now, const l2tp::TunnelRefused& event);
    // Before anything else learns of the SA: a tunnel whose SA died goes on under its successor.
    void succeed(Time now, const ChildSa& sa);
    void on_sa_up(Time now, const ChildSa& sa);
    void on_ipsec_lost(Time now);
    void on_ipsec_ready(Time now) { note(now); }
    void on_sa_down(Time now, const ChildSa& sa);
    void on_ipsec_failed(Time now, const Error& why);
    // A peer's IKE failed at `event.local`.
    void on_ipsec_refused(Time now, const IpsecRefused& event);
    void on_ipsec_loaded(Time now, const std::optional<Error>& warning) {
        loading_ = false;
        ipsec_why_.reset();
        ipsec_warning_ = warning ? std::optional(Why{Stage::ike, *warning, now}) : std::nullopt;
        note(now);
    }

    // Role
    [[nodiscard]] const std::string& name() const override { return config_->name; }
    void drop(Time now, LocalSessionId session, const std::string& why) override;
    void on_tunnel_peer_known(Time, const l2tp::TunnelPeerKnown&) override {}
    void on_tunnel_up(Time now, const l2tp::TunnelUp& event) override;
    void on_tunnel_down(Time now, const l2tp::TunnelDown& event) override;
    void on_tunnel_released(Time now, LocalTunnelId tunnel) override;
    void on_session_offered(Time now, const l2tp::SessionOffered& event) override;
    void on_session_peer_known(Time now, const l2tp::SessionPeerKnown& event) override;
    void on_session_up(Time now, const l2tp::SessionUp& event) override;
    void on_session_down(Time now, const l2tp::SessionDown& event) override;
    void on_login(Time now, LocalSessionId session, const LoginRequest& request) override;
    void on_address_wanted(Time now, LocalSessionId session) override;
    void on_ppp_phase(Time, LocalSessionId, PppPhase) override {}
    void on_ppp_up(Time now, LocalSessionId session, const PppUp& link) override;
    void on_ppp_exited(Time now, LocalSessionId session, const PppExited& event) override;

private:
    struct Listener {
        IpAddress local;
        SocketId socket;
    };
    // A peer's SCCRQ that must wait: its SA is not known here yet, or its old tunnel is still going.
    struct Waiting {
        l2tp::TunnelOffered offer;
        Time until;
    };
    // Where listeners are not told the marks: the listener for one SA's SCCRQs.
    struct UnderSa {
        SaBinding sa;
        SocketId socket;
    };
    // An SA that died: its tunnels go when the time comes, unless it has a successor.
    struct Dying {
        ChildSa sa;
        Time at;
    };
    // An SA that has no tunnel any more: it goes itself.
    struct Ending {
        std::uint32_t mark;
        Time at;
    };

    [[nodiscard]] std::set<IpAddress> reserved_addresses() const;
    void load_ipsec();
    void open_listeners(Time now);
    // lns_change.cpp
    void leave_addresses(Time now);
    void end_objectionable(Time now, const config::Lns& before);
    void listen_under(Time now, const ChildSa& sa);
    void stop_listening_under(const std::function<bool(const SaBinding&)>& which);
    void establish(Time now, const l2tp::TunnelOffered& offer, const ChildSa* sa);
    void retry_waiting(Time now);
    [[nodiscard]] bool is_free(const ChildSa& sa) const;
    void end_dying(Time now);
    void finish_stop(Time now);
    // Of tunnels that are refused so many are told and no more, for a while.
    [[nodiscard]] bool may_tell(Time now);
    void refuse(Time now, Stage stage, std::string peer, std::string user, std::string message,
                ErrorCode cause = ErrorCode::denied);
    // Why nobody is served; nothing: all is well.
    [[nodiscard]] std::optional<Why> obstacle(Time now) const;
    void note(Time now);  // in the history, if it is news
    [[nodiscard]] std::string peer_of(LocalSessionId session) const;
    [[nodiscard]] Status open_session(Time now, const l2tp::TunnelStatus& tunnel, LocalSessionId session,
                                      PeerSessionId peer);
    [[nodiscard]] PppSpec ppp_spec() const;
    [[nodiscard]] std::optional<IpAddress> lend(Session& session, const config::User* user);

    std::shared_ptr<const config::Lns> config_;
    Context& context_;
    AddressPool pool_;
    OutgoingCalls calls_;
    std::vector<Listener> listeners_;
    std::optional<Time> listen_again_;
    std::optional<Why> listen_why_, ipsec_why_, ipsec_warning_;
    std::vector<UnderSa> under_sas_;
    std::vector<Waiting> waiting_;
    std::vector<Dying> dying_;
    std::vector<Ending> idle_;
    std::deque<Refusal> refusals_;
    History history_;
    Time told_since_;       // of the refused SCCRQs that are told: since when,
    unsigned told_ = 0;     // and how many
    bool loading_ = false;  // charon has not answered yet
    bool stopping_ = false;
    bool stopped_ = false;
};

}  // namespace keel::lifecycle
