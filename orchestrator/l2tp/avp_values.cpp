#include "l2tp/avp_values.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string_view>

#include "base/printable.hpp"

namespace keel::l2tp {

namespace {

constexpr std::array<std::string_view, 21> kDisconnects{
    "no information",
    "administrative disconnect",
    "the LNS expects proxy LCP information, and the LAC sent none",
    "normal disconnection by LCP Terminate-Request",
    "encryption that one end requires was refused by the other",
    "LCP timed out",
    "no LCP packets were recognised",
    "LCP magic number error: the link may be looped back",
    "no answer to LCP Echo-Requests",
    "unexpected endpoint discriminator for the multilink bundle",
    "unexpected MRRU for the multilink bundle",
    "unexpected short sequence number option for the multilink bundle",
    "call-back that one end requires was refused by the other",
    "authentication timed out",
    "unexpected authenticated name for the multilink bundle",
    "no authentication protocol was acceptable to both ends",
    "authentication failed (bad name, password or secret)",
    "a network control protocol timed out",
    "no network control protocol is available",
    "no acceptable addresses were agreed on",
    "no permission to use any address",
};

// RFC 3145 3: what direction 1 and 2 say of a code; empty where the code gives them no meaning.
std::string_view direction_words(std::uint16_t code, std::uint8_t direction) {
    struct Row {
        std::uint16_t code;
        std::string_view one, two;
    };
    static constexpr std::array<Row, 7> rows{{
        {3, "sent by its peer", "sent by the reporter"},
        {4, "required by the reporter, refused by its peer", "required by the peer, refused by the reporter"},
        {12, "required by the reporter, refused by its peer",
         "required by the peer, refused by the reporter"},
        {15, "its peer rejected all of the reporter's", "none of the peer's is known to the reporter"},
        {16, "the reporter did not accept its peer", "the peer did not accept the reporter"},
        {19, "too many Configure-Naks from its peer", "too many Configure-Naks to its peer"},
        {20, "the reporter's address is not acceptable to its peer",
         "the peer's address is not acceptable to the reporter"},
    }};
    for (const Row& row : rows) {
        if (row.code == code) return direction == 1 ? row.one : direction == 2 ? row.two : std::string_view();
    }
    return {};
}

// Q.931 4.5.12 (ITU-T Q.850): the causes that a telephone network tells most.
std::string_view q931_words(std::uint16_t code) {
    switch (code) {
        case 1: return "unallocated number";
        case 3: return "no route to destination";
        case 16: return "normal call clearing";
        case 17: return "user busy";
        case 18: return "no user responding";
        case 19: return "no answer from user";
        case 21: return "call rejected";
        case 22: return "number changed";
        case 27: return "destination out of order";
        case 28: return "invalid number format";
        case 31: return "normal, unspecified";
        case 34: return "no circuit or channel available";
        case 38: return "network out of order";
        case 41: return "temporary failure";
        case 42: return "switching equipment congestion";
        case 44: return "requested circuit or channel not available";
        case 47: return "resource unavailable";
        case 57: return "bearer capability not authorized";
        case 58: return "bearer capability not presently available";
        case 65: return "bearer capability not implemented";
        case 88: return "incompatible destination";
        case 102: return "recovery on timer expiry";
        case 111: return "protocol error";
        case 127: return "interworking, unspecified";
        default: return {};
    }
}

std::string_view word(std::span<const std::string_view> words, std::size_t number) {
    return number < words.size() ? words[number] : "unknown";
}

}  // namespace

std::string Q931Cause::text() const {
    std::string out = fmt::format("Q.931 cause {}", code);
    if (const auto words = q931_words(code); !words.empty()) out += fmt::format(" ({})", words);
    if (!advisory.empty()) out += " " + printable(advisory);
    return out;
}

std::string CallErrors::text() const {
    return fmt::format(
        "crc {}, framing {}, hardware overruns {}, buffer overruns {}, timeouts {}, alignment {}", crc,
        framing, hardware_overruns, buffer_overruns, timeouts, alignment);
}

std::string PppDisconnect::text() const {
    std::string out = fmt::format("PPP: {} (code {}", word(kDisconnects, code), code);
    if (protocol != 0) out += fmt::format(", protocol {:#06x}", protocol);
    if (const auto words = direction_words(code, direction); !words.empty()) {
        out += fmt::format(", {}", words);
    } else if (direction != 0) {
        out += fmt::format(", direction {}", direction);
    }
    out += ")";
    if (!message.empty()) out += ": " + printable(message);
    return out;
}

std::string FailoverCapability::text() const {
    const bool control = (flags & 1) != 0;
    const bool data = (flags & 2) != 0;
    if (!control) return data ? "data channels" : "none";
    return fmt::format("{}, recovery time {} ms", data ? "control and data channels" : "control channel",
                       recovery_time);
}

std::string LoopEncapsulation::text() const {
    static constexpr std::array<std::string_view, 2> links{"ATM AAL5", "Ethernet"};
    static constexpr std::array<std::string_view, 3> first{"", "untagged Ethernet", "single-tagged Ethernet"};
    static constexpr std::array<std::string_view, 9> second{"",
                                                            "PPPoA LLC",
                                                            "PPPoA null",
                                                            "IPoA LLC",
                                                            "IPoA null",
                                                            "Ethernet over AAL5 LLC with FCS",
                                                            "Ethernet over AAL5 LLC without FCS",
                                                            "Ethernet over AAL5 null with FCS",
                                                            "Ethernet over AAL5 null without FCS"};
    std::string out(word(links, data_link));
    for (const auto part : {word(first, encapsulation_1), word(second, encapsulation_2)}) {
        if (!part.empty()) out += fmt::format(", {}", part);
    }
    return out;
}

std::string modem_on_hold_text(std::uint16_t status) {
    static constexpr std::array<std::string_view, 14> times{
        "",          "10 seconds", "20 seconds", "30 seconds", "40 seconds", "1 minute",   "2 minutes",
        "3 minutes", "4 minutes",  "6 minutes",  "8 minutes",  "12 minutes", "16 minutes", "any time"};
    if ((status & 0x8000) == 0) return "online";
    const auto time = static_cast<std::size_t>(status & 0xf);
    if (time == 0 || time >= times.size()) return "on hold";
    return time == times.size() - 1 ? "on hold without limit"
                                    : fmt::format("on hold for at most {}", times[time]);
}

std::string access_line_type_text(std::uint32_t type) {
    static constexpr std::array<std::string_view, 8> types{"unknown", "ADSL1", "ADSL2", "ADSL2+",
                                                           "VDSL1",   "VDSL2", "SDSL",  "unknown"};
    return std::string(word(types, type >> 24));
}

std::string service_category_text(std::uint16_t category) {
    return (category & 1) != 0 ? "real time" : "non-real time";
}

std::uint16_t phb_of_dscp(std::uint8_t dscp) {
    return static_cast<std::uint16_t>((dscp & 0x3f) << 10);
}

std::optional<std::uint8_t> dscp_of_phb(std::uint16_t phb) {
    if ((phb & 0x03ff) != 0) return std::nullopt;
    return static_cast<std::uint8_t>(phb >> 10);
}

}  // namespace keel::l2tp
