#include "cli/trace.hpp"

#include <fmt/format.h>

#include "cli/event_line.hpp"
#include "cli/words.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kAvpIndent = 6;

std::string marks(const json& avp) {
    std::string out;
    if (avp.value("mandatory", false)) out += "M";
    if (avp.value("hidden", false)) out += "H";
    return out.empty() ? out : " [" + out + "]";
}

std::string head_line(const json& message, const Terminal& terminal) {
    const bool sent = message.value("direction", json()) == "sent";
    std::string line =
        fmt::format("{}  {} {}  ns {} nr {}, tunnel {}, session {}",
                    clock_text(message.value("time", json())), sent ? "->" : "<-",
                    terminal.paint(Colour::strong, text_in(message, "message")), text_in(message, "ns"),
                    text_in(message, "nr"), text_in(message, "tunnel"), text_in(message, "session"));
    line += fmt::format("  {} {}", sent ? "to" : "from", text_in(message, "remote"));
    if (const auto note = text_in(message, "note"); note != "-") line += " (" + note + ")";
    return line + "\n";
}

}  // namespace

std::string trace_text(const json& messages, const Terminal& terminal) {
    if (messages.empty()) return "no control messages yet\n";
    std::string out;
    for (const json& message : messages) {
        out += head_line(message, terminal);
        for (const json& avp : message.value("avps", json::array()))
            out += terminal.paragraph(
                fmt::format("{}{}: {}", text_in(avp, "name"), marks(avp),
                            avp.value("value", json()).is_null() ? "(blanked)" : text_in(avp, "value")),
                kAvpIndent);
    }
    return out;
}

}  // namespace keel::cli
