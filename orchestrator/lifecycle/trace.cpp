#include "lifecycle/trace.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "l2tp/describe.hpp"
#include "l2tp/header.hpp"
#include "l2tp/message.hpp"

namespace keel::lifecycle {
namespace {

// The header, and the Message Type AVP after it.
constexpr std::size_t kHelloSize = l2tp::kControlHeaderSize + 8;
constexpr std::size_t kNrAt = 10, kBodyAt = l2tp::kControlHeaderSize;

bool is_idle(ByteView octets) {
    if (octets.size() == l2tp::kControlHeaderSize) return true;
    return octets.size() == kHelloSize &&
           octets.back() == static_cast<std::uint8_t>(l2tp::MessageType::hello);
}

// All but Nr, which moves on between retransmissions.
bool same_message(ByteView a, ByteView b) {
    return a.size() == b.size() && std::ranges::equal(a.first(kNrAt), b.first(kNrAt)) &&
           std::ranges::equal(a.subspan(kBodyAt), b.subspan(kBodyAt));
}

}  // namespace

void Trace::record(LocalTunnelId tunnel, bool established, TracedMessage message) {
    auto kept = l2tp::blanked(message.octets);
    if (!kept || kept->size() > limits_.octets) return;
    message.octets = std::move(*kept);
    Entry entry{tunnel.value, established ? tunnel.value : 0, is_idle(message.octets), std::move(message)};
    entry.message.repeated = repeats(entry);
    octets_ += entry.message.octets.size();
    idle_ += entry.idle ? 1 : 0;
    entries_.push_back(std::move(entry));
    if (established) adopt(tunnel.value, entries_.back().message.remote);
    make_room();
}

// What led to the tunnel is its own, too; its SCCRQ came before it had an id.
void Trace::adopt(std::uint32_t tunnel, const SocketAddress& remote) {
    const auto fresh = [&](const Entry& entry) { return entry.tunnel == tunnel && entry.group == 0; };
    if (std::ranges::none_of(entries_, fresh)) return;
    for (Entry& entry : entries_) {
        const bool request = entry.tunnel == 0 && entry.message.remote == remote;
        if (entry.tunnel == tunnel || request) entry.group = tunnel;
    }
}

bool Trace::repeats(const Entry& entry) const {
    const ByteView octets = entry.message.octets;
    if (octets.size() == l2tp::kControlHeaderSize) return false;
    return std::ranges::any_of(entries_, [&](const Entry& before) {
        return before.tunnel == entry.tunnel && before.message.direction == entry.message.direction &&
               before.message.remote == entry.message.remote && same_message(before.message.octets, octets);
    });
}

void Trace::make_room() {
    while (idle_ > limits_.idle) drop_oldest(true);
    while (entries_.size() > limits_.messages || octets_ > limits_.octets) drop_oldest(false);
}

std::uint32_t Trace::largest(bool idle_only) const {
    std::map<std::uint32_t, std::size_t> sizes;
    for (const Entry& entry : entries_) {
        if (!idle_only || entry.idle) ++sizes[entry.group];
    }
    return std::ranges::max_element(sizes, {}, [](const auto& group) { return group.second; })->first;
}

void Trace::drop_oldest(bool idle_only) {
    const auto entry = std::ranges::find_if(entries_, [&, group = largest(idle_only)](const Entry& one) {
        return one.group == group && (one.idle || !idle_only);
    });
    octets_ -= entry->message.octets.size();
    idle_ -= entry->idle ? 1 : 0;
    entries_.erase(entry);
}

std::vector<TracedMessage> Trace::messages() const {
    std::vector<TracedMessage> out;
    out.reserve(entries_.size());
    for (const Entry& entry : entries_) out.push_back(entry.message);
    return out;
}

}  // namespace keel::lifecycle
