#include "vici/commands_sas.hpp"

#include <string_view>
#include <utility>

#include "vici/commands_daemon.hpp"
#include "vici/fields.hpp"

namespace vici {
namespace {

using fields::each_section;
using fields::hex;
using fields::list_or_empty;
using fields::number;
using fields::seconds;

Traffic parse_traffic(const Message& section, std::string_view bytes, std::string_view packets,
                      std::string_view use) {
    return {.bytes = number<std::uint64_t>(section.value(bytes)),
            .packets = number<std::uint64_t>(section.value(packets)),
            .idle = seconds(section, use)};
}

// charon leaves a mask of all ones out.
std::uint32_t mask(const Message& section, std::string_view mark, std::string_view name) {
    if (const std::string* text = section.find(name)) return hex(*text);
    return section.find(mark) ? ~std::uint32_t{0} : 0;
}

ChildSa parse_child(const std::string& key, const Message& section) {
    ChildSa child;
    child.key = key;
    child.name = section.value("name");
    child.uniqueid = number<std::uint32_t>(section.value("uniqueid"));
    child.reqid = number<std::uint32_t>(section.value("reqid"));
    child.state = section.value("state");
    child.encap = section.flag("encap");
    child.spi_in = hex(section.value("spi-in"));
    child.spi_out = hex(section.value("spi-out"));
    child.mark_in = hex(section.value("mark-in"));
    child.mark_out = hex(section.value("mark-out"));
    child.encr_alg = section.value("encr-alg");
    child.encr_keysize = section.value("encr-keysize");
    child.integ_alg = section.value("integ-alg");
    child.mode = section.value("mode");
    child.protocol = section.value("protocol");
    child.dh_group = section.value("dh-group");
    child.esn = section.value("esn") == "1";
    child.cpi_in = hex(section.value("cpi-in"));
    child.cpi_out = hex(section.value("cpi-out"));
    child.mark_mask_in = mask(section, "mark-in", "mark-mask-in");
    child.mark_mask_out = mask(section, "mark-out", "mark-mask-out");
    child.if_id_in = hex(section.value("if-id-in"));
    child.if_id_out = hex(section.value("if-id-out"));
    child.integ_keysize = section.value("integ-keysize");
    child.in = parse_traffic(section, "bytes-in", "packets-in", "use-in");
    child.out = parse_traffic(section, "bytes-out", "packets-out", "use-out");
    child.rekey_in = seconds(section, "rekey-time");
    child.dies_in = seconds(section, "life-time");
    child.installed = seconds(section, "install-time");
    child.local_ts = list_or_empty(section, "local-ts");
    child.remote_ts = list_or_empty(section, "remote-ts");
    return child;
}

void parse_ends(const Message& section, IkeSa& ike) {
    ike.local_host = section.value("local-host");
    ike.remote_host = section.value("remote-host");
    ike.local_id = section.value("local-id");
    ike.remote_id = section.value("remote-id");
    ike.local_port = number<std::uint16_t>(section.value("local-port"));
    ike.remote_port = number<std::uint16_t>(section.value("remote-port"));
    ike.remote_xauth_id = section.value("remote-xauth-id");
    ike.remote_eap_id = section.value("remote-eap-id");
    ike.nat_local = section.flag("nat-local");
    ike.nat_remote = section.flag("nat-remote");
    ike.nat_fake = section.flag("nat-fake");
    ike.nat_any = section.flag("nat-any");
    ike.local_vips = list_or_empty(section, "local-vips");
    ike.remote_vips = list_or_empty(section, "remote-vips");
}

void parse_suite(const Message& section, IkeSa& ike) {
    ike.encr_alg = section.value("encr-alg");
    ike.encr_keysize = section.value("encr-keysize");
    ike.integ_alg = section.value("integ-alg");
    ike.integ_keysize = section.value("integ-keysize");
    ike.prf_alg = section.value("prf-alg");
    ike.dh_group = section.value("dh-group");
    ike.ppk = section.flag("ppk");
}

IkeSa parse_ike(const std::string& name, const Message& section) {
    IkeSa ike;
    ike.name = name;
    ike.uniqueid = number<std::uint32_t>(section.value("uniqueid"));
    ike.version = number<int>(section.value("version"));
    ike.state = section.value("state");
    ike.initiator = section.flag("initiator");
    ike.initiator_spi = hex<std::uint64_t>(section.value("initiator-spi"));
    ike.responder_spi = hex<std::uint64_t>(section.value("responder-spi"));
    ike.if_id_in = hex(section.value("if-id-in"));
    ike.if_id_out = hex(section.value("if-id-out"));
    ike.established = seconds(section, "established");
    ike.rekey_in = seconds(section, "rekey-time");
    ike.reauth_in = seconds(section, "reauth-time");
    ike.tasks_queued = list_or_empty(section, "tasks-queued");
    ike.tasks_active = list_or_empty(section, "tasks-active");
    ike.tasks_passive = list_or_empty(section, "tasks-passive");
    parse_ends(section, ike);
    parse_suite(section, ike);
    return ike;
}

template <class Visit>
void each_child_section(const Message& ike_section, Visit visit) {
    if (const Message* children = ike_section.find_section("child-sas")) each_section(*children, visit);
}

template <class Target>
void add_selector(Message& arguments, const Target& target) {
    if (target.ike) arguments.add("ike", *target.ike);
    if (target.child) arguments.add("child", *target.child);
    if (target.ike_id) arguments.add("ike-id", std::to_string(*target.ike_id));
    if (target.child_id) arguments.add("child-id", std::to_string(*target.child_id));
}

void add_wait(Message& arguments, Wait wait, std::optional<int> log_level) {
    arguments.add("timeout", std::to_string(wait.milliseconds));
    if (log_level) arguments.add("loglevel", std::to_string(*log_level));
}

}  // namespace

Request make_initiate(const InitiateTarget& target) {
    Request request{.command = "initiate"};
    if (target.log_level) request.stream = "control-log";
    if (!target.ike.empty()) request.arguments.add("ike", target.ike);
    if (!target.child.empty()) request.arguments.add("child", target.child);
    if (target.limits) request.arguments.add("init-limits", "yes");
    add_wait(request.arguments, target.wait, target.log_level);
    return request;
}

Request make_initiate(const std::string& ike, const std::string& child) {
    return make_initiate(InitiateTarget{.ike = ike, .child = child});
}

Request make_terminate(const TerminateTarget& target) {
    Request request{.command = "terminate"};
    if (target.log_level) request.stream = "control-log";
    add_selector(request.arguments, target);
    if (target.force) request.arguments.add("force", "yes");
    add_wait(request.arguments, target.wait, target.log_level);
    return request;
}

Request make_rekey(const RekeyTarget& target) {
    Request request{.command = "rekey"};
    add_selector(request.arguments, target);
    if (target.reauth) request.arguments.add("reauth", "yes");
    return request;
}

Request make_redirect(const RedirectTarget& target) {
    Request request{.command = "redirect"};
    if (target.ike) request.arguments.add("ike", *target.ike);
    if (target.ike_id) request.arguments.add("ike-id", std::to_string(*target.ike_id));
    if (target.peer_ip) request.arguments.add("peer-ip", *target.peer_ip);
    if (target.peer_id) request.arguments.add("peer-id", *target.peer_id);
    request.arguments.add("gateway", target.gateway);
    return request;
}

Result<Matched> parse_matched(const Message& reply) {
    if (Status done = outcome(reply); !done) return std::unexpected(done.error());
    return Matched{.matches = number<std::uint32_t>(reply.value("matches")),
                   .terminated = number<std::uint32_t>(reply.value("terminated"))};
}

Request make_list_sas(const ListSas& filter) {
    Request request{.command = "list-sas", .stream = "list-sa"};
    if (filter.noblock) request.arguments.add("noblock", "yes");
    add_selector(request.arguments, filter);
    return request;
}

std::vector<IkeSa> parse_ike_sas(const Message& message) {
    std::vector<IkeSa> out;
    each_section(message, [&out](const std::string& name, const Message& section) {
        IkeSa ike = parse_ike(name, section);
        each_child_section(section, [&ike](const std::string& key, const Message& child) {
            ike.children.push_back(parse_child(key, child));
        });
        out.push_back(std::move(ike));
    });
    return out;
}

std::vector<Rekeyed> parse_child_rekey(const Message& message) {
    std::vector<Rekeyed> out;
    each_section(message, [&out](const std::string& name, const Message& section) {
        each_child_section(section, [&](const std::string& key, const Message& child) {
            const Message* before = child.find_section("old");
            const Message* after = child.find_section("new");
            if (!before || !after) return;
            out.push_back({parse_ike(name, section), parse_child(key, *before), parse_child(key, *after)});
        });
    });
    return out;
}

std::vector<IkeRekeyed> parse_ike_rekey(const Message& message) {
    std::vector<IkeRekeyed> out;
    each_section(message, [&out](const std::string& name, const Message& section) {
        const Message* before = section.find_section("old");
        const Message* after = section.find_section("new");
        if (before && after) out.push_back({parse_ike(name, *before), parse_ike(name, *after)});
    });
    return out;
}

}  // namespace vici
