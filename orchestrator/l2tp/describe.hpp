// Control messages for an operator's eye: their AVPs by name and in words, without what is secret. Pure; the
// names are those of the AVP table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "l2tp/header.hpp"

namespace keel::l2tp {

struct AvpText {
    std::string name;   // "Host Name"; "AVP 99", "AVP 9 of vendor 9"
    std::string value;  // printable; empty where there is none, or where it is not shown
    bool mandatory = false;
    bool hidden = false;  // on the wire (RFC 2661 4.3)
    bool shown = true;    // false: a secret, hidden, or not known here; its octets are blanked
};

struct MessageText {
    std::string name;  // "SCCRQ"; "ZLB" for an acknowledgement
    ControlHeader header;
    std::vector<AvpText> avps;
    std::string fault;  // where the framing is lost; empty: nowhere
};

// The datagram up to the end that its header tells, with the values zeroed of all AVPs that are secret,
// hidden or not in the table, and all that comes after a fault of framing. Nothing: no control message.
[[nodiscard]] std::optional<Bytes> blanked(ByteView datagram);

// Of a blanked datagram, or of any other: what is to be blanked is not shown either. Nothing: no control
// message.
[[nodiscard]] std::optional<MessageText> describe(ByteView datagram);

}  // namespace keel::l2tp
