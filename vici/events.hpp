// Events: what the daemon tells on its own, as one typed value. Register each by its name once per session
// (Session::register_event); every EventReceived of the session then goes through parse_event().
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "vici/commands_sas.hpp"
#include "vici/message.hpp"

namespace vici {

namespace event {
inline constexpr const char* log = "log";
inline constexpr const char* control_log = "control-log";
inline constexpr const char* ike_updown = "ike-updown";
inline constexpr const char* ike_rekey = "ike-rekey";
inline constexpr const char* ike_update = "ike-update";
inline constexpr const char* child_updown = "child-updown";
inline constexpr const char* child_rekey = "child-rekey";
inline constexpr const char* alert = "alert";  // 6.0.3 and later; before: unknown_event
}  // namespace event

struct LogLine {
    std::string group;  // "IKE", "CFG", "NET", ...
    int level = 0;
    std::uint32_t thread = 0;
    std::string ike_name;  // empty outside an IKE_SA
    std::uint32_t ike_id = 0;
    std::string text;
};
// Of log and control-log.
[[nodiscard]] LogLine parse_log(const Message& message);

struct IkeUpdown {
    bool up = false;
    std::vector<IkeSa> sas;  // without children
};
struct ChildUpdown {
    bool up = false;
    std::vector<IkeSa> sas;  // each with the child that changed
};
struct IkeRekeyEvent {
    std::vector<IkeRekeyed> rekeyed;
};
struct ChildRekeyEvent {
    std::vector<Rekeyed> rekeyed;
};
struct IkeUpdate {           // the address or port of an end changes
    std::vector<IkeSa> sas;  // still with what they were
    std::string local_host, remote_host;
    std::uint16_t local_port = 0, remote_port = 0;
};
struct LogEvent {
    bool of_command = false;  // control-log: of the initiate or terminate under way
    LogLine line;
};
struct Alert {
    std::string type;
    std::vector<IkeSa> sas;  // the IKE_SA that it is about, where there is one
    Message message;         // what else it says differs by type
};
struct UnknownEvent {
    std::string name;
    Message message;
};
using Event = std::variant<IkeUpdown, ChildUpdown, IkeRekeyEvent, ChildRekeyEvent, IkeUpdate, LogEvent, Alert,
                           UnknownEvent>;

// Every name gives an event; one that this library does not know gives UnknownEvent with all it held.
[[nodiscard]] Event parse_event(const std::string& name, const Message& message);

}  // namespace vici
