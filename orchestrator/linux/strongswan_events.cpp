#include <chrono>
#include <string>
#include <utility>

#include "linux/strongswan_impl.hpp"

namespace keel {
namespace {

constexpr std::size_t kMaxEnds = 1024;

}  // namespace

void Strongswan::Impl::on_event(const std::string& name, const vici::Message& message) {
    const vici::Event event = vici::parse_event(name, message);
    if (const auto* log = std::get_if<vici::LogEvent>(&event)) return on_log(log->line);
    if (!snapshot_done_ || !can_send()) return;  // the snapshot will tell
    if (const auto* child = std::get_if<vici::ChildUpdown>(&event)) {
        on_child_updown(*child);
    } else if (const auto* ike = std::get_if<vici::IkeUpdown>(&event)) {
        on_ike_updown(*ike);
    } else if (const auto* update = std::get_if<vici::IkeUpdate>(&event)) {
        on_ike_update(*update);
    } else if (const auto* children = std::get_if<vici::ChildRekeyEvent>(&event)) {
        for (const vici::Rekeyed& rekeyed : children->rekeyed) tell(sas_.on_rekey(rekeyed));
    } else if (const auto* ikes = std::get_if<vici::IkeRekeyEvent>(&event)) {
        for (const vici::IkeRekeyed& rekeyed : ikes->rekeyed)
            tell(sas_.on_ike_replaced(rekeyed.old_ike.uniqueid, rekeyed.new_ike.uniqueid));
    }
}

void Strongswan::Impl::on_child_updown(const vici::ChildUpdown& event) {
    for (const vici::IkeSa& ike : event.sas) {
        const auto ours = our_name(ike.name);
        if (!ours || (event.up && !find(*ours))) continue;
        if (event.up) {
            if (Declared* declared = find(*ours)) declared->attempt.reset();
            tell(sas_.on_up(ike));
        } else {
            const auto end = ends_.find(ike.uniqueid);
            auto events = sas_.on_down(ike, end == ends_.end() ? std::string() : end->second);
            for (const Event& told : events) {
                if (const auto* changed = std::get_if<IpsecChanged>(&told)) verify(changed->sa);
            }
            tell(std::move(events));
        }
    }
}

// The end of a renewed CHILD_SA comes without an event: does the one that is left still live?
void Strongswan::Impl::verify(const ChildSa& sa) {
    request(vici::make_list_sas({.child_id = sa.child_id, .noblock = false}),
            [this, sa](const vici::Result<vici::Reply>& reply) {
                if (reply && reply->streamed.empty()) tell(sas_.on_gone(sa));
            });
}

void Strongswan::Impl::on_ike_updown(const vici::IkeUpdown& event) {
    for (const vici::IkeSa& ike : event.sas) {
        if (!event.up) ends_.erase(ike.uniqueid);
        const auto ours = our_name(ike.name);
        Declared* declared = event.up && ours ? find(*ours) : nullptr;
        if (!declared || !declared->attempt) continue;
        declared->attempt->established = true;
        tell(IpsecIkeUp{*ours});
    }
}

void Strongswan::Impl::on_ike_update(const vici::IkeUpdate& event) {
    const auto remote = IpAddress::parse(event.remote_host);
    if (!remote) return;
    for (const vici::IkeSa& ike : event.sas) {
        tell(sas_.on_moved(ike.uniqueid, {*remote, event.remote_port}));
    }
}

void Strongswan::Impl::on_log(const vici::LogLine& line) {
    if (auto refused = peer_failures_.on_line(std::chrono::steady_clock::now(), line, listening_)) {
        tell(std::move(*refused));
    }
    if (tells_reconfiguration(line)) look_closely();
    const auto ours = our_name(line.ike_name);
    if (!ours) return;
    if (auto end = judge_end(line.text); end && ends_.size() < kMaxEnds) ends_[line.ike_id] = std::move(*end);
    Declared* declared = find(*ours);
    if (!declared || !declared->attempt) return;
    Attempt& attempt = *declared->attempt;
    if (tells_established(line.text)) attempt.established = true;
    const auto verdict = judge_attempt(line.text, attempt.established);
    if (!verdict) return;
    attempt.reason = verdict->why;
    if (verdict->fatal) fail_attempt(*ours, verdict->why);
}

}  // namespace keel
