#include "api/trace_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "l2tp/describe.hpp"

namespace keel::api {
namespace {

using lifecycle::TracedMessage;
using nlohmann::json;

json avps_json(const std::vector<l2tp::AvpText>& avps) {
    json out = json::array();
    for (const l2tp::AvpText& avp : avps) {
        out.push_back({{"name", avp.name},
                       {"value", avp.shown ? json(avp.value) : json(nullptr)},
                       {"mandatory", avp.mandatory},
                       {"hidden", avp.hidden}});
    }
    return out;
}

std::string note_on(const TracedMessage& message, const l2tp::MessageText& text) {
    if (!text.fault.empty()) return "broken: " + text.fault;
    if (!message.repeated) return {};
    return message.direction == TracedMessage::Direction::sent ? "retransmission" : "sent again by the peer";
}

}  // namespace

json to_json(std::span<const TracedMessage> messages, Time now, WallTime clock) {
    json out = json::array();
    for (const TracedMessage& message : messages) {
        const auto text = l2tp::describe(message.octets);
        if (!text) continue;
        const auto at = clock - std::chrono::duration_cast<milliseconds>(now - message.at);
        const bool sent = message.direction == TracedMessage::Direction::sent;
        out.push_back({{"time", text_of(at)},
                       {"ago_ms", std::chrono::duration_cast<milliseconds>(now - message.at).count()},
                       {"direction", sent ? "sent" : "received"},
                       {"local", message.local.text()},
                       {"remote", message.remote.text()},
                       {"message", text->name},
                       {"tunnel", text->header.tunnel},
                       {"session", text->header.session},
                       {"ns", text->header.ns},
                       {"nr", text->header.nr},
                       {"avps", avps_json(text->avps)},
                       {"octets", fmt::format("{:02x}", fmt::join(message.octets, ""))},
                       {"note", note_on(message, *text)}});
    }
    return {{"messages", std::move(out)}};
}

}  // namespace keel::api
