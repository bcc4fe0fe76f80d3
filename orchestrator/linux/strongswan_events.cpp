#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include "linux/strongswan_impl.hpp"

namespace keel {
namespace {

constexpr std::size_t kMaxEnds = 1024;

}  // namespace

void Strongswan::Impl::on_event(const std::string& name, const vici::Message& message) {
    if (name == "log") return on_log(vici::parse_log(message));
    if (!snapshot_done_ || !can_send()) return;  // the snapshot will tell
    if (name == "child-updown") {
        const bool up = message.flag("up");
        for (const vici::IkeSa& ike : vici::parse_ike_sas(message)) {
            const auto ours = our_name(ike.name);
            if (!ours || (up && !find(*ours))) continue;
            if (up) {
                if (Declared* declared = find(*ours)) declared->attempt.reset();
                tell(sas_.on_up(ike));
            } else {
                const auto end = ends_.find(ike.uniqueid);
                auto events = sas_.on_down(ike, end == ends_.end() ? std::string() : end->second);
                for (const Event& event : events) {
                    if (const auto* changed = std::get_if<IpsecChanged>(&event)) verify(changed->sa);
                }
                tell(std::move(events));
            }
        }
    } else if (name == "child-rekey") {
        for (const vici::Rekeyed& rekeyed : vici::parse_child_rekey(message)) tell(sas_.on_rekey(rekeyed));
    } else if (name == "ike-update") {
        on_ike_update(message);
    } else if (name == "ike-rekey") {
        on_ike_rekey(message);
    } else if (name == "ike-updown") {
        on_ike_updown(message.flag("up"), vici::parse_ike_sas(message));
    }
}

// The end of a renewed CHILD_SA comes without an event: does the one that is left still live?
void Strongswan::Impl::verify(const ChildSa& sa) {
    request(vici::make_list_sas({.child_id = sa.child_id, .noblock = false}),
            [this, sa](const vici::Result<vici::Reply>& reply) {
                if (reply && reply->streamed.empty()) tell(sas_.on_gone(sa));
            });
}

void Strongswan::Impl::on_ike_updown(bool up, const std::vector<vici::IkeSa>& sas) {
    for (const vici::IkeSa& ike : sas) {
        if (!up) ends_.erase(ike.uniqueid);
        const auto ours = our_name(ike.name);
        Declared* declared = up && ours ? find(*ours) : nullptr;
        if (!declared || !declared->attempt) continue;
        declared->attempt->established = true;
        tell(IpsecIkeUp{*ours});
    }
}

// The addresses beside the section are the new ones, those in it the old.
void Strongswan::Impl::on_ike_update(const vici::Message& message) {
    const auto remote = IpAddress::parse(message.value("remote-host"));
    if (!remote) return;
    const int port = std::atoi(std::string(message.value("remote-port")).c_str());
    for (const vici::IkeSa& ike : vici::parse_ike_sas(message)) {
        tell(sas_.on_moved(ike.uniqueid, {*remote, static_cast<std::uint16_t>(port)}));
    }
}

void Strongswan::Impl::on_ike_rekey(const vici::Message& message) {
    for (const vici::Message::Entry& entry : message.entries()) {
        const auto* section = std::get_if<vici::Message>(&entry.content);
        if (!section) continue;
        const vici::Message* before = section->find_section("old");
        const vici::Message* now = section->find_section("new");
        if (!before || !now) continue;
        const auto id = [](const vici::Message& ike) {
            return static_cast<std::uint32_t>(
                std::strtoul(std::string(ike.value("uniqueid")).c_str(), nullptr, 10));
        };
        tell(sas_.on_ike_replaced(id(*before), id(*now)));
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
