#include "vici/events.hpp"

#include <string_view>
#include <utility>

#include "vici/fields.hpp"

namespace vici {

using fields::number;

LogLine parse_log(const Message& message) {
    return {.group = std::string(message.value("group")),
            .level = number<int>(message.value("level")),
            .thread = number<std::uint32_t>(message.value("thread")),
            .ike_name = std::string(message.value("ikesa-name")),
            .ike_id = number<std::uint32_t>(message.value("ikesa-uniqueid")),
            .text = std::string(message.value("msg"))};
}

Event parse_event(const std::string& name, const Message& message) {
    if (name == event::log || name == event::control_log)
        return LogEvent{.of_command = name == event::control_log, .line = parse_log(message)};
    if (name == event::ike_updown) return IkeUpdown{message.flag("up"), parse_ike_sas(message)};
    if (name == event::child_updown) return ChildUpdown{message.flag("up"), parse_ike_sas(message)};
    if (name == event::ike_rekey) return IkeRekeyEvent{parse_ike_rekey(message)};
    if (name == event::child_rekey) return ChildRekeyEvent{parse_child_rekey(message)};
    if (name == event::ike_update) {
        return IkeUpdate{.sas = parse_ike_sas(message),
                         .local_host = std::string(message.value("local-host")),
                         .remote_host = std::string(message.value("remote-host")),
                         .local_port = number<std::uint16_t>(message.value("local-port")),
                         .remote_port = number<std::uint16_t>(message.value("remote-port"))};
    }
    if (name == event::alert)
        return Alert{std::string(message.value("type")), parse_ike_sas(message), message};
    return UnknownEvent{name, message};
}

}  // namespace vici
