// The attributes that this end recognises: RFC 2661 4.4 and the RFCs that add to it, each with its M and H
// rules.
#include <array>

#include "l2tp/avp.hpp"

namespace keel::l2tp {

namespace {

using enum AvpFormat;
using enum AvpType;

constexpr std::array kAvpTable{
    //                                                            format, M, H, secret
    // RFC 2661 4.4.1 to 4.4.6
    AvpRow{message_type, "Message Type", u16, true, false},
    AvpRow{result_code, "Result Code", result, true, false},
    AvpRow{protocol_version, "Protocol Version", u16, true, false},
    AvpRow{framing_capabilities, "Framing Capabilities", u32, true, true},
    AvpRow{bearer_capabilities, "Bearer Capabilities", u32, true, true},
    AvpRow{tie_breaker, "Tie Breaker", u64, false, false},
    AvpRow{firmware_revision, "Firmware Revision", u16, false, true},
    AvpRow{host_name, "Host Name", text, true, false},
    AvpRow{vendor_name, "Vendor Name", octets, false, true},
    AvpRow{assigned_tunnel_id, "Assigned Tunnel ID", id, true, true},
    AvpRow{receive_window_size, "Receive Window Size", id, true, false},
    AvpRow{challenge, "Challenge", text, true, true, true},
    AvpRow{q931_cause_code, "Q.931 Cause Code", cause, true, false},
    AvpRow{challenge_response, "Challenge Response", md5, true, true, true},
    AvpRow{assigned_session_id, "Assigned Session ID", id, true, true},
    AvpRow{call_serial_number, "Call Serial Number", u32, true, true},
    AvpRow{minimum_bps, "Minimum BPS", u32, true, true},
    AvpRow{maximum_bps, "Maximum BPS", u32, true, true},
    AvpRow{bearer_type, "Bearer Type", u32, true, true},
    AvpRow{framing_type, "Framing Type", u32, true, true},
    AvpRow{called_number, "Called Number", octets, true, true},
    AvpRow{calling_number, "Calling Number", octets, true, true},
    AvpRow{sub_address, "Sub-Address", octets, true, true},
    AvpRow{tx_connect_speed, "(Tx) Connect Speed", u32, true, true},
    AvpRow{physical_channel_id, "Physical Channel ID", u32, false, true},
    AvpRow{initial_received_lcp_confreq, "Initial Received LCP CONFREQ", octets, false, true},
    AvpRow{last_sent_lcp_confreq, "Last Sent LCP CONFREQ", octets, false, true},
    AvpRow{last_received_lcp_confreq, "Last Received LCP CONFREQ", octets, false, true},
    AvpRow{proxy_authen_type, "Proxy Authen Type", u16, false, true},
    AvpRow{proxy_authen_name, "Proxy Authen Name", octets, false, true},
    AvpRow{proxy_authen_challenge, "Proxy Authen Challenge", octets, false, true, true},
    AvpRow{proxy_authen_id, "Proxy Authen ID", u16, false, true},
    AvpRow{proxy_authen_response, "Proxy Authen Response", octets, false, true, true},
    AvpRow{call_errors, "Call Errors", errors, true, true},
    AvpRow{accm, "ACCM", character_maps, true, true},
    AvpRow{random_vector, "Random Vector", octets, true, false},
    AvpRow{private_group_id, "Private Group ID", octets, false, true},
    AvpRow{rx_connect_speed, "Rx Connect Speed", u32, false, true},
    AvpRow{sequencing_required, "Sequencing Required", flag, true, false},
    // RFC 3301: L2TP over ATM access networks
    AvpRow{rx_minimum_bps, "Rx Minimum BPS", u32, false, true},
    AvpRow{rx_maximum_bps, "Rx Maximum BPS", u32, false, true},
    AvpRow{service_category, "Service Category", u16, false, true},
    AvpRow{service_name, "Service Name", text, false, true},
    AvpRow{calling_sub_address, "Calling Sub-Address", nsap, false, true},
    AvpRow{vpi_vci, "VPI/VCI Identifier", u32, false, true},
    // RFC 3145
    AvpRow{ppp_disconnect_cause, "PPP Disconnect Cause Code", disconnect, false, true},
    // RFC 3308
    AvpRow{control_connection_ds, "Control Connection DS", u16, false, true},
    AvpRow{session_ds, "Session DS", u16, false, true},
    // RFC 3437
    AvpRow{lcp_want_options, "LCP Want Options", octets, false, true},
    AvpRow{lcp_allow_options, "LCP Allow Options", octets, false, true},
    AvpRow{lns_last_sent_lcp_confreq, "LNS Last Sent LCP Confreq", octets, false, true},
    AvpRow{lns_last_received_lcp_confreq, "LNS Last Received LCP Confreq", octets, false, true},
    // RFC 3573
    AvpRow{modem_on_hold_capable, "Modem On-Hold Capable", flag, false, true},
    AvpRow{modem_on_hold_status, "Modem On-Hold Status", u16, false, true},
    // RFC 4951
    AvpRow{failover_capability, "Failover Capability", failover, false, true},
    AvpRow{tunnel_recovery, "Tunnel Recovery", recovery, true, false},
    AvpRow{suggested_control_sequence, "Suggested Control Sequence", sequence, false, true},
    AvpRow{failover_session_state, "Failover Session State", session_state, true, true},
    // RFC 5515 6
    AvpRow{connect_speed_update, "Connect Speed Update", speed_update, false, true},
    AvpRow{connect_speed_update_enable, "Connect Speed Update Enable", flag, false, true},
    // RFC 5515 5, of the vendor ADSL Forum
    AvpRow{agent_circuit_id, "Access Line Agent-Circuit-Id", line_id, false, true},
    AvpRow{agent_remote_id, "Access Line Agent-Remote-Id", line_id, false, true},
    AvpRow{actual_rate_up, "Access Line Actual-Data-Rate-Upstream", u64, false, true},
    AvpRow{actual_rate_down, "Access Line Actual-Data-Rate-Downstream", u64, false, true},
    AvpRow{minimum_rate_up, "Access Line Minimum-Data-Rate-Upstream", u64, false, true},
    AvpRow{minimum_rate_down, "Access Line Minimum-Data-Rate-Downstream", u64, false, true},
    AvpRow{attainable_rate_up, "Access Line Attainable-Data-Rate-Upstream", u64, false, true},
    AvpRow{attainable_rate_down, "Access Line Attainable-Data-Rate-Downstream", u64, false, true},
    AvpRow{maximum_rate_up, "Access Line Maximum-Data-Rate-Upstream", u64, false, true},
    AvpRow{maximum_rate_down, "Access Line Maximum-Data-Rate-Downstream", u64, false, true},
    AvpRow{low_power_rate_up, "Access Line Minimum-Data-Rate-Upstream-Low-Power", u64, false, true},
    AvpRow{low_power_rate_down, "Access Line Minimum-Data-Rate-Downstream-Low-Power", u64, false, true},
    AvpRow{maximum_delay_up, "Access Line Maximum-Interleaving-Delay-Upstream", u32, false, true},
    AvpRow{actual_delay_up, "Access Line Actual-Interleaving-Delay-Upstream", u32, false, true},
    AvpRow{maximum_delay_down, "Access Line Maximum-Interleaving-Delay-Downstream", u32, false, true},
    AvpRow{actual_delay_down, "Access Line Actual-Interleaving-Delay-Downstream", u32, false, true},
    AvpRow{loop_encapsulation, "Access Line Access-Loop-Encapsulation", encapsulation, false, true},
    AvpRow{access_line_type, "ANCP Access Line Type", u32, false, true},
    AvpRow{iwf_session, "Access Line IWF-Session", u32, false, true},
};

// Attribute -> index into kAvpTable, by vendor; found without a search.
constexpr std::uint8_t kNoRow = 0xff;
template <std::uint16_t Vendor, std::size_t Size>
constexpr auto index_of_vendor() {
    std::array<std::uint8_t, Size> index{};
    index.fill(kNoRow);
    for (std::size_t i = 0; i < kAvpTable.size(); ++i) {
        if (vendor_of(kAvpTable[i].type) != Vendor) continue;
        index[attribute_of(kAvpTable[i].type)] = static_cast<std::uint8_t>(i);
    }
    return index;
}
constexpr auto kIetfIndex = index_of_vendor<0, 128>();
constexpr auto kAdslForumIndex = index_of_vendor<kAdslForum, 256>();

static_assert(kAvpTable.size() <= kMaxAvpRows);

template <class Index>
const AvpRow* lookup(const Index& index, std::uint16_t attribute) {
    if (attribute >= index.size() || index[attribute] == kNoRow) return nullptr;
    return &kAvpTable[index[attribute]];
}

}  // namespace

const AvpRow* find_avp(std::uint16_t attribute, std::uint16_t vendor) {
    if (vendor == 0) return lookup(kIetfIndex, attribute);
    if (vendor == kAdslForum) return lookup(kAdslForumIndex, attribute);
    return nullptr;
}

const AvpRow& row_of(AvpType type) {
    return *find_avp(attribute_of(type), vendor_of(type));
}

std::size_t row_number(const AvpRow& row) {
    return static_cast<std::size_t>(&row - kAvpTable.data());
}

}  // namespace keel::l2tp
