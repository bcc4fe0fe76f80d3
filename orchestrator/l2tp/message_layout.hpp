// Which AVPs each control message carries, in the order in which they are written: the one table behind
// decoding and encoding (message.cpp). A field is required unless its type is std::optional, bool (absent:
// false) or a list.
#pragma once

#include <tuple>
#include <type_traits>

#include "l2tp/message.hpp"

namespace keel::l2tp {

template <class M, class T>
struct Field {
    AvpType type;
    T M::*member;
    using Value = T;
    template <class Object>
    [[nodiscard]] constexpr auto& of(Object& message) const {
        return message.*member;
    }
};
// A field of a struct within the message.
template <class M, class Part, class T>
struct PartField {
    AvpType type;
    Part M::*part;
    T Part::*member;
    using Value = T;
    template <class Object>
    [[nodiscard]] constexpr auto& of(Object& message) const {
        return message.*part.*member;
    }
};

template <class M>
struct Layout;  // `type` and `fields`

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
// A list of values, each in an AVP of its own.
template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::bool_constant<!std::is_same_v<T, std::uint8_t>> {};
template <class T>
constexpr bool kRequired = !IsOptional<T>::value && !IsList<T>::value && !std::is_same_v<T, bool>;

template <>
struct Layout<Sccrq> {
    static constexpr auto type = MessageType::sccrq;
    static constexpr auto fields = std::tuple{
        Field{AvpType::protocol_version, &Sccrq::protocol_version},
        Field{AvpType::host_name, &Sccrq::host_name},
        Field{AvpType::framing_capabilities, &Sccrq::framing_capabilities},
        Field{AvpType::assigned_tunnel_id, &Sccrq::assigned_tunnel_id},
        Field{AvpType::bearer_capabilities, &Sccrq::bearer_capabilities},
        Field{AvpType::receive_window_size, &Sccrq::receive_window_size},
        Field{AvpType::challenge, &Sccrq::challenge},
        Field{AvpType::tie_breaker, &Sccrq::tie_breaker},
        Field{AvpType::firmware_revision, &Sccrq::firmware_revision},
        Field{AvpType::vendor_name, &Sccrq::vendor_name},
        Field{AvpType::control_connection_ds, &Sccrq::control_connection_ds},
        Field{AvpType::modem_on_hold_capable, &Sccrq::modem_on_hold_capable},
        Field{AvpType::failover_capability, &Sccrq::failover_capability},
        Field{AvpType::tunnel_recovery, &Sccrq::tunnel_recovery},
    };
};
template <>
struct Layout<Sccrp> {
    static constexpr auto type = MessageType::sccrp;
    static constexpr auto fields = std::tuple{
        Field{AvpType::protocol_version, &Sccrp::protocol_version},
        Field{AvpType::host_name, &Sccrp::host_name},
        Field{AvpType::framing_capabilities, &Sccrp::framing_capabilities},
        Field{AvpType::assigned_tunnel_id, &Sccrp::assigned_tunnel_id},
        Field{AvpType::bearer_capabilities, &Sccrp::bearer_capabilities},
        Field{AvpType::firmware_revision, &Sccrp::firmware_revision},
        Field{AvpType::vendor_name, &Sccrp::vendor_name},
        Field{AvpType::receive_window_size, &Sccrp::receive_window_size},
        Field{AvpType::challenge, &Sccrp::challenge},
        Field{AvpType::challenge_response, &Sccrp::challenge_response},
        Field{AvpType::control_connection_ds, &Sccrp::control_connection_ds},
        Field{AvpType::modem_on_hold_capable, &Sccrp::modem_on_hold_capable},
        Field{AvpType::failover_capability, &Sccrp::failover_capability},
        Field{AvpType::suggested_control_sequence, &Sccrp::suggested_control_sequence},
    };
};
template <>
struct Layout<Scccn> {
    static constexpr auto type = MessageType::scccn;
    static constexpr auto fields = std::tuple{
        Field{AvpType::challenge_response, &Scccn::challenge_response},
    };
};
template <>
struct Layout<Stopccn> {
    static constexpr auto type = MessageType::stopccn;
    static constexpr auto fields = std::tuple{
        Field{AvpType::assigned_tunnel_id, &Stopccn::assigned_tunnel_id},
        Field{AvpType::result_code, &Stopccn::result},
    };
};
template <>
struct Layout<Hello> {
    static constexpr auto type = MessageType::hello;
    static constexpr auto fields = std::tuple{};
};
template <>
struct Layout<Icrq> {
    static constexpr auto type = MessageType::icrq;
    static constexpr auto fields = std::tuple{
        Field{AvpType::assigned_session_id, &Icrq::assigned_session_id},
        Field{AvpType::call_serial_number, &Icrq::call_serial_number},
        Field{AvpType::bearer_type, &Icrq::bearer_type},
        Field{AvpType::physical_channel_id, &Icrq::physical_channel_id},
        Field{AvpType::calling_number, &Icrq::calling_number},
        Field{AvpType::called_number, &Icrq::called_number},
        Field{AvpType::sub_address, &Icrq::sub_address},
        Field{AvpType::service_category, &Icrq::service_category},
        Field{AvpType::service_name, &Icrq::service_name},
        Field{AvpType::calling_sub_address, &Icrq::calling_sub_address},
        Field{AvpType::vpi_vci, &Icrq::vpi_vci},
        Field{AvpType::session_ds, &Icrq::session_ds},
        Field{AvpType::connect_speed_update_enable, &Icrq::connect_speed_update_enable},
        PartField{AvpType::agent_circuit_id, &Icrq::line, &AccessLine::agent_circuit_id},
        PartField{AvpType::agent_remote_id, &Icrq::line, &AccessLine::agent_remote_id},
        PartField{AvpType::actual_rate_up, &Icrq::line, &AccessLine::actual_rate_up},
        PartField{AvpType::actual_rate_down, &Icrq::line, &AccessLine::actual_rate_down},
        PartField{AvpType::minimum_rate_up, &Icrq::line, &AccessLine::minimum_rate_up},
        PartField{AvpType::minimum_rate_down, &Icrq::line, &AccessLine::minimum_rate_down},
        PartField{AvpType::attainable_rate_up, &Icrq::line, &AccessLine::attainable_rate_up},
        PartField{AvpType::attainable_rate_down, &Icrq::line, &AccessLine::attainable_rate_down},
        PartField{AvpType::maximum_rate_up, &Icrq::line, &AccessLine::maximum_rate_up},
        PartField{AvpType::maximum_rate_down, &Icrq::line, &AccessLine::maximum_rate_down},
        PartField{AvpType::low_power_rate_up, &Icrq::line, &AccessLine::low_power_rate_up},
        PartField{AvpType::low_power_rate_down, &Icrq::line, &AccessLine::low_power_rate_down},
        PartField{AvpType::maximum_delay_up, &Icrq::line, &AccessLine::maximum_delay_up},
        PartField{AvpType::actual_delay_up, &Icrq::line, &AccessLine::actual_delay_up},
        PartField{AvpType::maximum_delay_down, &Icrq::line, &AccessLine::maximum_delay_down},
        PartField{AvpType::actual_delay_down, &Icrq::line, &AccessLine::actual_delay_down},
        PartField{AvpType::loop_encapsulation, &Icrq::line, &AccessLine::loop_encapsulation},
        PartField{AvpType::access_line_type, &Icrq::line, &AccessLine::access_line_type},
        PartField{AvpType::iwf_session, &Icrq::line, &AccessLine::iwf_session},
    };
};
template <>
struct Layout<Icrp> {
    static constexpr auto type = MessageType::icrp;
    static constexpr auto fields = std::tuple{
        Field{AvpType::assigned_session_id, &Icrp::assigned_session_id},
        Field{AvpType::session_ds, &Icrp::session_ds},
    };
};
template <>
struct Layout<Iccn> {
    static constexpr auto type = MessageType::iccn;
    static constexpr auto fields = std::tuple{
        Field{AvpType::tx_connect_speed, &Iccn::tx_connect_speed},
        Field{AvpType::framing_type, &Iccn::framing_type},
        Field{AvpType::rx_connect_speed, &Iccn::rx_connect_speed},
        Field{AvpType::sequencing_required, &Iccn::sequencing_required},
        Field{AvpType::initial_received_lcp_confreq, &Iccn::initial_received_lcp_confreq},
        Field{AvpType::last_sent_lcp_confreq, &Iccn::last_sent_lcp_confreq},
        Field{AvpType::last_received_lcp_confreq, &Iccn::last_received_lcp_confreq},
        Field{AvpType::proxy_authen_type, &Iccn::proxy_authen_type},
        Field{AvpType::proxy_authen_name, &Iccn::proxy_authen_name},
        Field{AvpType::proxy_authen_challenge, &Iccn::proxy_authen_challenge},
        Field{AvpType::proxy_authen_id, &Iccn::proxy_authen_id},
        Field{AvpType::proxy_authen_response, &Iccn::proxy_authen_response},
        Field{AvpType::private_group_id, &Iccn::private_group_id},
        Field{AvpType::lcp_want_options, &Iccn::lcp_want_options},
        Field{AvpType::lcp_allow_options, &Iccn::lcp_allow_options},
    };
};
template <>
struct Layout<Cdn> {
    static constexpr auto type = MessageType::cdn;
    static constexpr auto fields = std::tuple{
        Field{AvpType::result_code, &Cdn::result},
        Field{AvpType::assigned_session_id, &Cdn::assigned_session_id},
        Field{AvpType::q931_cause_code, &Cdn::q931_cause},
        Field{AvpType::ppp_disconnect_cause, &Cdn::ppp_disconnect},
    };
};
template <>
struct Layout<Ocrq> {
    static constexpr auto type = MessageType::ocrq;
    static constexpr auto fields = std::tuple{
        Field{AvpType::assigned_session_id, &Ocrq::assigned_session_id},
        Field{AvpType::call_serial_number, &Ocrq::call_serial_number},
        Field{AvpType::minimum_bps, &Ocrq::minimum_bps},
        Field{AvpType::maximum_bps, &Ocrq::maximum_bps},
        Field{AvpType::bearer_type, &Ocrq::bearer_type},
        Field{AvpType::framing_type, &Ocrq::framing_type},
        Field{AvpType::called_number, &Ocrq::called_number},
        Field{AvpType::sub_address, &Ocrq::sub_address},
        Field{AvpType::rx_minimum_bps, &Ocrq::rx_minimum_bps},
        Field{AvpType::rx_maximum_bps, &Ocrq::rx_maximum_bps},
        Field{AvpType::service_category, &Ocrq::service_category},
        Field{AvpType::service_name, &Ocrq::service_name},
        Field{AvpType::session_ds, &Ocrq::session_ds},
    };
};
template <>
struct Layout<Ocrp> {
    static constexpr auto type = MessageType::ocrp;
    static constexpr auto fields = std::tuple{
        Field{AvpType::assigned_session_id, &Ocrp::assigned_session_id},
        Field{AvpType::physical_channel_id, &Ocrp::physical_channel_id},
        Field{AvpType::vpi_vci, &Ocrp::vpi_vci},
        Field{AvpType::session_ds, &Ocrp::session_ds},
    };
};
template <>
struct Layout<Occn> {
    static constexpr auto type = MessageType::occn;
    static constexpr auto fields = std::tuple{
        Field{AvpType::tx_connect_speed, &Occn::tx_connect_speed},
        Field{AvpType::framing_type, &Occn::framing_type},
        Field{AvpType::rx_connect_speed, &Occn::rx_connect_speed},
        Field{AvpType::sequencing_required, &Occn::sequencing_required},
        Field{AvpType::lcp_want_options, &Occn::lcp_want_options},
        Field{AvpType::lcp_allow_options, &Occn::lcp_allow_options},
    };
};
template <>
struct Layout<Wen> {
    static constexpr auto type = MessageType::wen;
    static constexpr auto fields = std::tuple{
        Field{AvpType::call_errors, &Wen::call_errors},
    };
};
template <>
struct Layout<Sli> {
    static constexpr auto type = MessageType::sli;
    static constexpr auto fields = std::tuple{
        Field{AvpType::accm, &Sli::accm},
        Field{AvpType::lns_last_sent_lcp_confreq, &Sli::lns_last_sent_lcp_confreq},
        Field{AvpType::lns_last_received_lcp_confreq, &Sli::lns_last_received_lcp_confreq},
    };
};
template <>
struct Layout<Mdmst> {
    static constexpr auto type = MessageType::mdmst;
    static constexpr auto fields = std::tuple{
        Field{AvpType::modem_on_hold_status, &Mdmst::modem_on_hold_status},
    };
};
template <>
struct Layout<Fsq> {
    static constexpr auto type = MessageType::fsq;
    static constexpr auto fields = std::tuple{
        Field{AvpType::failover_session_state, &Fsq::sessions},
    };
};
template <>
struct Layout<Fsr> {
    static constexpr auto type = MessageType::fsr;
    static constexpr auto fields = std::tuple{
        Field{AvpType::failover_session_state, &Fsr::sessions},
    };
};
template <>
struct Layout<Csun> {
    static constexpr auto type = MessageType::csun;
    static constexpr auto fields = std::tuple{
        Field{AvpType::connect_speed_update, &Csun::speeds},
    };
};
template <>
struct Layout<Csurq> {
    static constexpr auto type = MessageType::csurq;
    static constexpr auto fields = std::tuple{
        Field{AvpType::connect_speed_update, &Csurq::speeds},
    };
};

// Every message that has a layout.
using Messages = std::tuple<Sccrq, Sccrp, Scccn, Stopccn, Hello, Icrq, Icrp, Iccn, Cdn, Ocrq, Ocrp, Occn, Wen,
                            Sli, Mdmst, Fsq, Fsr, Csun, Csurq>;

}  // namespace keel::l2tp
