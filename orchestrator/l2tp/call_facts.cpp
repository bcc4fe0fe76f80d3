#include "l2tp/call_facts.hpp"

#include <fmt/format.h>

#include "base/printable.hpp"
#include "l2tp/endpoint.hpp"

namespace keel::l2tp {
namespace {

class Facts {
public:
    void add(std::string_view name, std::string text) {
        if (!text.empty()) list_.push_back({name, std::move(text)});
    }
    void add(std::string_view name, const std::optional<Bytes>& text) {
        if (text) add(name, printable(as_text(*text)));
    }
    void add(std::string_view name, const std::optional<std::string>& text) {
        if (text) add(name, printable(*text));
    }
    void add(std::string_view name, const std::optional<std::uint32_t>& number) {
        if (number) add(name, fmt::format("{}", *number));
    }
    void add_options(std::string_view name, const std::optional<Bytes>& options) {
        if (options) add(name, options->empty() ? std::string("no option") : lcp_options_text(*options));
    }
    [[nodiscard]] std::vector<CallFact> take() { return std::move(list_); }

private:
    std::vector<CallFact> list_;
};

std::string bearer_text(std::uint32_t bearer) {
    switch (bearer & (kDigitalBearer | kAnalogBearer)) {
        case kDigitalBearer: return "digital";
        case kAnalogBearer: return "analog";
        case kDigitalBearer | kAnalogBearer: return "digital or analog";
        default: return {};  // 4.4.4: not over a physical link
    }
}

std::optional<std::string> category_text(const std::optional<std::uint16_t>& category) {
    return category ? std::optional(service_category_text(*category)) : std::nullopt;
}

// 4.4.5. A PAP response is the caller's password: that it came is all that may be said.
std::string proxy_authentication_text(const Iccn& iccn) {
    static constexpr std::string_view types[] = {"",     "textual exchange", "CHAP", "PAP",
                                                 "none", "MS-CHAP version 1"};
    std::string out;
    const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
    if (iccn.proxy_authen_type) {
        const std::size_t type = *iccn.proxy_authen_type;
        add(type > 0 && type < std::size(types) ? std::string(types[type]) : fmt::format("type {}", type));
    }
    if (iccn.proxy_authen_name) {
        add(fmt::format("name \"{}\"", printable(as_text(*iccn.proxy_authen_name))));
    }
    if (iccn.proxy_authen_id) add(fmt::format("id {}", *iccn.proxy_authen_id & 0xff));
    if (iccn.proxy_authen_challenge) add("challenge");
    if (iccn.proxy_authen_response) add("response");
    return out;
}

void add_facts(Facts& facts, const Icrq& icrq) {
    facts.add("calling_number", icrq.calling_number);
    facts.add("calling_sub_address", icrq.calling_sub_address);
    facts.add("called_number", icrq.called_number);
    facts.add("sub_address", icrq.sub_address);
    facts.add("bearer", bearer_text(icrq.bearer_type.value_or(0)));
    facts.add("physical_channel", icrq.physical_channel_id);
    facts.add("vpi_vci", icrq.vpi_vci);
    facts.add("service_name", icrq.service_name);
    facts.add("service_category", category_text(icrq.service_category));
    facts.add("access_line", icrq.line.text());
}

void add_facts(Facts& facts, const Ocrq& ocrq) {
    facts.add("called_number", printable(as_text(ocrq.called_number)));
    facts.add("sub_address", ocrq.sub_address);
    facts.add("bearer", bearer_text(ocrq.bearer_type));
    facts.add("minimum_bps", std::optional(ocrq.minimum_bps));
    facts.add("maximum_bps", std::optional(ocrq.maximum_bps));
    facts.add("rx_minimum_bps", ocrq.rx_minimum_bps);
    facts.add("rx_maximum_bps", ocrq.rx_maximum_bps);
    facts.add("service_name", ocrq.service_name);
    facts.add("service_category", category_text(ocrq.service_category));
}

void add_facts(Facts& facts, const Ocrp& ocrp) {
    facts.add("physical_channel", ocrp.physical_channel_id);
    facts.add("vpi_vci", ocrp.vpi_vci);
}

void add_facts(Facts& facts, const Iccn& iccn) {
    facts.add_options("proxy_lcp_first_received", iccn.initial_received_lcp_confreq);
    facts.add_options("proxy_lcp_last_sent", iccn.last_sent_lcp_confreq);
    facts.add_options("proxy_lcp_last_received", iccn.last_received_lcp_confreq);
    facts.add("proxy_authentication", proxy_authentication_text(iccn));
    facts.add("private_group", iccn.private_group_id);
    facts.add_options("lcp_wanted", iccn.lcp_want_options);
    facts.add_options("lcp_allowed", iccn.lcp_allow_options);
}

void add_facts(Facts& facts, const Occn& occn) {
    facts.add_options("lcp_wanted", occn.lcp_want_options);
    facts.add_options("lcp_allowed", occn.lcp_allow_options);
}

void add_facts(Facts& facts, const Wen& wen) {
    facts.add("call_errors", wen.call_errors.text());
}

void add_facts(Facts& facts, const Sli& sli) {
    if (sli.accm) {
        facts.add("accm", fmt::format("send {:#010x}, receive {:#010x}", sli.accm->send, sli.accm->receive));
    }
    facts.add_options("lns_lcp_last_sent", sli.lns_last_sent_lcp_confreq);
    facts.add_options("lns_lcp_last_received", sli.lns_last_received_lcp_confreq);
}

void add_facts(Facts& facts, const Mdmst& mdmst) {
    facts.add("modem", modem_on_hold_text(mdmst.modem_on_hold_status));
}

template <class M>
void add_facts(Facts&, const M&) {}

std::uint32_t number_of(ByteView octets) {
    std::uint32_t value = 0;
    for (const std::uint8_t octet : octets) value = value << 8 | octet;
    return value;
}

std::string authentication_text(ByteView value) {
    const std::uint32_t protocol = number_of(value.first(2));
    if (protocol == 0xc023) return "authentication PAP";
    if (protocol == 0xc227) return "authentication EAP";
    if (protocol != 0xc223) return fmt::format("authentication {:#06x}", protocol);
    switch (value.size() > 2 ? value[2] : 0) {
        case 5: return "authentication CHAP (MD5)";
        case 0x80: return "authentication MS-CHAP";
        case 0x81: return "authentication MS-CHAPv2";
        default: return "authentication CHAP";
    }
}

// RFC 1661 6, RFC 1662 7.1, RFC 1570 2, RFC 1990 5.1.
std::string lcp_option_text(std::uint8_t type, ByteView value) {
    const std::size_t size = value.size();
    if (type == 1 && size == 2) return fmt::format("MRU {}", number_of(value));
    if (type == 2 && size == 4) return fmt::format("ACCM {:#010x}", number_of(value));
    if (type == 3 && size >= 2) return authentication_text(value);
    if (type == 17 && size == 2) return fmt::format("MRRU {}", number_of(value));
    switch (type) {
        case 4: return "quality protocol";
        case 5: return "magic number";
        case 7: return "protocol field compression";
        case 8: return "address and control field compression";
        case 9: return "FCS alternatives";
        case 13: return "call-back";
        case 18: return "short sequence numbers";
        case 19: return "endpoint discriminator";
        default: return fmt::format("option {}", type);
    }
}

}  // namespace

std::string lcp_options_text(ByteView options) {
    std::string out;
    Reader reader(options);
    while (!reader.empty()) {
        const auto type = reader.u8(), length = reader.u8();
        const auto value = type && length && *length >= 2 ? reader.take(*length - 2u) : std::nullopt;
        out += out.empty() ? "" : ", ";
        if (!value) return out + "not readable";
        out += lcp_option_text(*type, *value);
    }
    return out;
}

std::vector<CallFact> facts_of(const Message& message) {
    Facts facts;
    std::visit([&](const auto& held) { add_facts(facts, held); }, message);
    return facts.take();
}

}  // namespace keel::l2tp
