// The stages ike and esp of a Lac.
#include "lifecycle/lac.hpp"
#include "lifecycle/tunnel_options.hpp"

namespace keel::lifecycle {
namespace {

constexpr Duration kIpsecPatience = seconds(30);

}  // namespace

void Lac::begin_ipsec(Time now) {
    enter(now, Stage::ike, kIpsecPatience);
    if (context_.charon.ready) initiate();  // otherwise when it is, or when the patience ends
}

void Lac::initiate() {
    const config::Ipsec& ipsec = *config_.ipsec;
    context_.ports.ipsec.load({.name = config_.name,
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
                               .any_port = source_port_of(config_.tunnel) == SourcePort::own});
    context_.ports.ipsec.initiate(config_.name);
}

void Lac::on_ike_up(Time now) {
    if (state_ == State::connecting && stage_ == Stage::ike) enter(now, Stage::esp, kIpsecPatience);
}

void Lac::on_sa_up(Time now, const ChildSa& sa) {
    if (state_ == State::connecting && stage_ == Stage::ike) enter(now, Stage::esp, kIpsecPatience);
    if (state_ == State::connecting && stage_ == Stage::esp) {
        sa_ = sa;
        begin_tunnel(now);
    } else if (!sa_ || sa_->mark != sa.mark) {
        context_.ports.ipsec.terminate(sa);  // too late, or one too many
    }
}

void Lac::on_sa_changed(const ChildSa& sa) {
    if (sa_ && sa_->mark == sa.mark) sa_ = sa;
}

void Lac::on_sa_down(Time now, const ChildSa& sa, const std::string& reason) {
    if (!sa_ || sa_->mark != sa.mark) return;
    sa_.reset();
    if (active()) {
        fail(now, Stage::esp,
             {ErrorCode::unavailable,
              reason.empty() ? "the IPsec SA was deleted" : "the IPsec SA went: " + reason,
              "the server's log may tell why"});
    } else if (tunnel_) {
        context_.closer.abandon(now, *tunnel_, "its IPsec SA is gone");
    }
}

void Lac::on_ipsec_failed(Time now, const Error& why) {
    if (state_ != State::connecting || (stage_ != Stage::ike && stage_ != Stage::esp)) return;
    fail(now, stage_, why);
}

void Lac::on_ipsec_lost(Time now, const Error& why) {
    sa_.reset();
    if (config_.ipsec && active() && stage_ != Stage::resolve) fail(now, Stage::ike, why);
}

void Lac::on_ipsec_ready(Time now) {
    if (config_.ipsec && state_ == State::connecting && stage_ == Stage::ike) initiate();
    if (config_.ipsec && state_ == State::waiting && why_ && why_->stage == Stage::ike) deadline_ = now;
}

}  // namespace keel::lifecycle
