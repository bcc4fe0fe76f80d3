// The stages ike and esp of a Lac.
#include "lifecycle/lac.hpp"
#include "lifecycle/tunnel_options.hpp"

namespace keel::lifecycle {
namespace {

constexpr Duration kIpsecPatience = seconds(30);
constexpr Duration kSparePatience = seconds(10);  // for the end of the SA that it is to succeed

}  // namespace

void Lac::begin_ipsec(Time now) {
    enter(now, Stage::ike, kIpsecPatience);
    if (context_.charon.ready) initiate();  // otherwise when it is, or when the patience ends
}

void Lac::initiate() {
    load_ipsec();
    context_.ports.ipsec.initiate(config_->name);
}

void Lac::load_ipsec() {
    const config::Ipsec& ipsec = *config_->ipsec;
    context_.ports.ipsec.load({.name = config_->name,
                               .role = IpsecConnection::Role::initiator,
                               .ike = ipsec.ike,
                               .local = {},
                               .remote = peer_,
                               .local_id = ipsec.local_id,
                               .remote_id = ipsec.remote_id,
                               .auth = ipsec.auth,
                               .ike_proposals = ipsec.ike_proposals,
                               .esp_proposals = ipsec.esp_proposals,
                               .force_encap = ipsec.force_encap,
                               .any_port = source_port_of(config_->tunnel) == SourcePort::own});
}

void Lac::on_ike_up(Time now) {
    if (state_ == State::connecting && stage_ == Stage::ike) enter(now, Stage::esp, kIpsecPatience);
}

void Lac::on_sa_up(Time now, const ChildSa& sa) {
    if (state_ == State::connecting && stage_ == Stage::ike) enter(now, Stage::esp, kIpsecPatience);
    if (state_ == State::connecting && stage_ == Stage::esp) {
        sa_ = sa;
        begin_tunnel(now);
    } else if (sa_ && sa_->mark == sa.mark) {
        return;
    } else if (active() && sa_ && succeeds(sa, *sa_) && !spare_) {
        spare_ = Spare{sa, now + kSparePatience};
    } else {
        context_.ports.ipsec.terminate(sa);  // too late, or one too many
    }
}

void Lac::succeed(Time now, const ChildSa& sa) {
    if (!dying_ || !tunnel_ || !(sa.mark == dying_->sa.mark || succeeds(sa, dying_->sa))) return;
    const Dying before = *std::exchange(dying_, std::nullopt);
    if (!context_.datapath.succeed(before.sa.mark, {sa.mark, sa.reqid}))
        return fail(now, Stage::esp, before.why);
    sa_ = sa;
    context_.log.notice(
        "ipsec.succeeded",
        {{"connection", name()}, {"mark", sa.mark}, {"state", "succeeded"}, {"mark_before", before.sa.mark}});
}

void Lac::on_sa_changed(const ChildSa& sa) {
    if (sa_ && sa_->mark == sa.mark) sa_ = sa;
    if (spare_ && spare_->sa.mark == sa.mark) spare_->sa = sa;
}

void Lac::on_sa_down(Time now, const ChildSa& sa, const std::string& reason) {
    if (spare_ && spare_->sa.mark == sa.mark) spare_.reset();
    if (!sa_ || sa_->mark != sa.mark) return;
    sa_.reset();
    Error why{ErrorCode::unavailable,
              reason.empty() ? "the IPsec SA was deleted" : "the IPsec SA went: " + reason,
              "the server's log may tell why"};
    if (active() && tunnel_) {
        context_.datapath.suspend(sa.mark);
        dying_ = Dying{sa, std::move(why), now + kSaGrace};
        if (const auto next = std::exchange(spare_, std::nullopt)) succeed(now, next->sa);
    } else if (active()) {
        fail(now, Stage::esp, std::move(why));
    } else if (tunnel_) {
        context_.closer.abandon(now, *tunnel_, "its IPsec SA is gone");
    }
}

void Lac::end_dying(Time now) {
    if (spare_ && spare_->until <= now) {
        context_.ports.ipsec.terminate(std::exchange(spare_, std::nullopt)->sa);
    }
    if (dying_ && dying_->at <= now) fail(now, Stage::esp, std::exchange(dying_, std::nullopt)->why);
}

void Lac::on_ipsec_failed(Time now, const Error& why) {
    if (state_ != State::connecting || (stage_ != Stage::ike && stage_ != Stage::esp)) return;
    fail(now, stage_, why);
}

void Lac::on_ipsec_lost(Time now, const Error& why) {
    sa_.reset();
    dying_.reset();
    spare_.reset();
    if (config_->ipsec && active() && stage_ != Stage::resolve) fail(now, Stage::ike, why);
}

void Lac::on_ipsec_ready(Time now) {
    if (config_->ipsec && state_ == State::connecting && stage_ == Stage::ike) initiate();
    if (config_->ipsec && state_ == State::waiting && why_ && why_->stage == Stage::ike) deadline_ = now;
}

}  // namespace keel::lifecycle
