// Lac: a voluntary L2TP access concentrator: dials one server and keeps dialling. It walks the stages
// resolve, ike, esp, tunnel, session, ppp, routes; whatever ends one takes everything down in order and tries
// again later. One that the server calls stays at the stage call, between tunnel and session, for as long as
// there is no call (State::ready), and returns to it when a call has ended.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "lifecycle/backoff.hpp"
#include "lifecycle/context.hpp"
#include "lifecycle/role.hpp"

namespace keel::lifecycle {

class Lac final : public Role {
public:
    Lac(std::shared_ptr<const config::Lac> config, Context& context)
        : config_(std::move(config)), context_(context) {}

    void start(Time now) { attempt(now); }
    // Goes on with another configuration, of the same server and user.
    [[nodiscard]] Status apply(Time now, std::shared_ptr<const config::Lac> next, bool& watched);
    // The same configuration, in another place.
    void keep(std::shared_ptr<const config::Lac> same) { config_ = std::move(same); }
    [[nodiscard]] const config::Lac& config() const { return *config_; }
    // Dials at once if it waits for its next try.
    void hurry(Time now);
    // Takes everything down, the connection in charon too; stopped() when that is done.
    void stop(Time now);
    // What was there before under this name.
    void inherit(const History& history) { history_ = history; }
    [[nodiscard]] const History& history() const { return history_; }
    [[nodiscard]] bool ending() const { return stopping_; }
    [[nodiscard]] bool stopped() const { return state_ == State::stopped; }

    void on_timeout(Time now);
    [[nodiscard]] std::optional<Time> next_timeout() const;
    [[nodiscard]] LacStatus status(Time now) const;

    void on_resolved(Time now, const Resolved& event);
    void on_ike_up(Time now);
    // Before anything else learns of the SA: a tunnel whose SA died goes on under its successor.
    void succeed(Time now, const ChildSa& sa);
    void on_sa_up(Time now, const ChildSa& sa);
    void on_sa_changed(const ChildSa& sa);
    void on_sa_down(Time now, const ChildSa& sa, const std::string& reason);
    void on_ipsec_failed(Time now, const Error& why);
    void on_ipsec_lost(Time now, const Error& why);
    void on_ipsec_ready(Time now);

    // Role
    [[nodiscard]] const std::string& name() const override { return config_->name; }
    void drop(Time now, LocalSessionId session, const std::string& why) override;
    void on_tunnel_peer_known(Time now, const l2tp::TunnelPeerKnown& event) override;
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
    enum class State { connecting, ready, up, closing, waiting, stopped };

    // LCP, authentication and IPCP, each with its retransmissions; so long, too, for a call to be answered.
    static constexpr Duration kPppPatience = seconds(60);

    void attempt(Time now);
    void enter(Time now, Stage stage, Duration patience);
    void begin_ipsec(Time now);
    void load_ipsec();
    void initiate();
    void end_dying(Time now);
    void begin_tunnel(Time now);
    // False: it failed, and with it the attempt.
    [[nodiscard]] bool mark(Time now, std::optional<std::uint8_t> dscp);
    [[nodiscard]] Status open_session(Time now, LocalTunnelId tunnel, LocalSessionId session,
                                      PeerSessionId peer);
    // lac_call.cpp: what only a Lac that the server calls does.
    void wait_for_call(Time now);
    [[nodiscard]] bool takes_call(Time now, const l2tp::SessionOffered& offer);
    void end_call(Time now, Stage stage, Error error);
    void begin_routes(Time now, const PppUp& link);
    [[nodiscard]] Status add_routes(const std::string& interface);
    [[nodiscard]] Status change_routes();
    [[nodiscard]] PppSpec ppp_spec() const;
    [[nodiscard]] Duration took(Stage stage) const;
    void fail(Time now, Stage stage, Error error);
    void hang_up(Time now, const std::string& message);  // by CDN, with `causes_`
    void take_down(Time now, std::uint16_t result, const std::string& message);
    void taken_down(Time now);
    void remove_routes();
    [[nodiscard]] bool active() const {
        return state_ == State::connecting || state_ == State::ready || state_ == State::up;
    }

    std::shared_ptr<const config::Lac> config_;
    Context& context_;
    State state_ = State::waiting;
    Stage stage_ = Stage::resolve;
    bool stopping_ = false;
    Time state_since_, stage_since_, attempt_since_;
    std::optional<Time> deadline_;  // connecting: of the stage; waiting: of the next try
    Time retry_at_;
    Backoff backoff_;
    unsigned attempts_ = 0;
    std::optional<Why> why_;
    History history_;
    std::optional<l2tp::DownReason> hung_up_;  // the peer's CDN, while pppd may still tell a better reason
    std::optional<Error>
        farewell_;  // PPP's end by the peer, while CDN or StopCCN may still tell a better one
    std::vector<StageDuration> timeline_;

    std::uint64_t resolve_tag_ = 0;
    std::optional<IpAddress> peer_;
    std::optional<ChildSa> sa_;
    // The SA that died under the tunnel, while its successor may come, and what to say if none does.
    struct Dying {
        ChildSa sa;
        Error why;
        Time at;
    };
    std::optional<Dying> dying_;
    // A second SA to the same server: the successor of one that is about to end, or one too many.
    struct Spare {
        ChildSa sa;
        Time until;
    };
    std::optional<Spare> spare_;
    std::optional<LocalTunnelId> tunnel_;
    std::optional<LocalSessionId> session_;
    std::vector<l2tp::PppDisconnect> causes_;  // of PPP's end, for our CDN
    std::vector<Route> routes_;                // those that we added
    bool pinned_ = false;
};

}  // namespace keel::lifecycle
