#include "linux/doctor_gather.hpp"

#include "doctor/examine.hpp"

namespace keel::doctor {
namespace {

// Where things are when no configuration says otherwise; the schema has the same.
constexpr const char* kPppd = "/usr/sbin/pppd";
constexpr const char* kVici = "/run/charon.vici";

}  // namespace

Facts gather(const std::string& config_path) {
    Facts facts;
    facts.config = gather_config(config_path);
    const auto& config = facts.config.config;
    const Needs need = needs(facts.config);
    facts.kernel = gather_kernel(need.ipv6);
    facts.pppd = gather_pppd(config ? config->pppd : kPppd, config ? config->plugin : std::string());
    facts.services = gather_services();
    if (need.ipsec)
        facts.charon = gather_charon(config ? config->vici_socket : kVici, facts.config, facts.services);
    facts.network = gather_network(facts.config);
    facts.clock = gather_clock();
    return facts;
}

}  // namespace keel::doctor
