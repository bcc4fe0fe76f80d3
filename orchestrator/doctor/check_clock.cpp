// Time and randomness: what keys and certificates rest on.
#include "doctor/examine.hpp"

namespace keel::doctor {

void check_clock(const Facts& facts, Report& report) {
    const ClockFacts& clock = facts.clock;
    const std::string remedy =
        "let systemd-timesyncd, chrony or ntpd set the clock, before strongSwan starts";
    if (clock.now < clock.not_before) {
        report.error("clock-past",
                     "the clock shows a time before keel2tp was installed: certificates are not valid yet",
                     "", remedy);
    } else if (!clock.synchronised && needs(facts.config).certificates) {
        report.warning("clock-unsynchronised", "nothing keeps the clock right; certificates are judged by it",
                       "", remedy);
    } else if (!clock.synchronised) {
        report.note("clock-unsynchronised", "nothing keeps the clock right; logs are hard to compare", "",
                    remedy);
    } else {
        report.ok("clock", "the clock is synchronised");
    }
    if (!clock.entropy_ready) {
        report.error("entropy", "the kernel has no randomness yet: keys have to wait for it", "",
                     "wait; give a virtual machine virtio-rng, a router a hardware source or haveged");
    } else {
        report.ok("entropy", "the kernel's random numbers are ready");
    }
}

}  // namespace keel::doctor
