// pppd, our plugin in it, and /dev/ppp.
#include <fmt/format.h>

#include "doctor/examine.hpp"

namespace keel::doctor {
namespace {

void check_device(const PppdFacts& pppd, Report& report) {
    switch (pppd.device) {
        case Device::there: return report.ok("dev-ppp", "the device is there", "/dev/ppp");
        case Device::missing:
            return report.error("dev-ppp-missing", "there is no device /dev/ppp", "/dev/ppp",
                                "`modprobe ppp_generic` makes it; a container must be given it (108:0)");
        case Device::something_else:
            return report.error("dev-ppp-wrong", "/dev/ppp is not the kernel's PPP device (character, 108:0)",
                                "/dev/ppp", "`rm /dev/ppp; mknod -m 600 /dev/ppp c 108 0`");
    }
}

void check_match(const PppdFacts& pppd, Report& report) {
    if (!pppd.version) {
        if (pppd.version.error().code == ErrorCode::denied) {
            return note_unchecked(report, "pppd-version", pppd.version.error());
        }
        return report.error("pppd-broken", pppd.version.error().message, pppd.path,
                            pppd.version.error().remedy);
    }
    if (!pppd.plugin_there) return;
    if (!pppd.plugin_for) {
        return report.error(
            "pppd-plugin-foreign", "this is not keel2tp's plugin for pppd", pppd.plugin,
            fmt::format("install keel2tp's plugin for pppd {}, or correct pppd.plugin", *pppd.version));
    }
    if (*pppd.plugin_for != *pppd.version) {
        return report.error("pppd-plugin-version",
                            fmt::format("the plugin is for pppd {}, but {} is version {}", *pppd.plugin_for,
                                        pppd.path, *pppd.version),
                            pppd.plugin, fmt::format("install keel2tp's plugin for pppd {}", *pppd.version));
    }
    report.ok("pppd", fmt::format("pppd {} and the plugin fit together", *pppd.version), pppd.plugin);
}

}  // namespace

void check_pppd(const Facts& facts, Report& report) {
    const PppdFacts& pppd = facts.pppd;
    check_device(pppd, report);
    if (!pppd.has_etc_ppp) {
        report.error("etc-ppp-missing", "there is no directory /etc/ppp", "/etc/ppp",
                     "make it; it may be empty");
    }
    if (config_is_hidden(facts)) {
        return note_unchecked(report, "pppd",
                              {ErrorCode::denied, "pppd and its plugin, which the configuration names", {}});
    }
    if (!pppd.plugin_there) {
        report.error("pppd-plugin-missing", "pppd's plugin is not there", pppd.plugin,
                     "install keel2tp's plugin for this version of pppd, or correct pppd.plugin");
    }
    if (!pppd.there) {
        return report.error("pppd-missing", "pppd is not there", pppd.path,
                            "install the package ppp, or correct pppd.path");
    }
    check_match(pppd, report);
}

}  // namespace keel::doctor
