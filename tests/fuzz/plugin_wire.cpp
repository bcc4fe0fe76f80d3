// A frame between the pppd plugin and the daemon: the C codec both ways, and the daemon's reading of it.
#include <algorithm>
#include <array>

#include "input.hpp"
#include "linux/pppd_wire.hpp"
#include "pppd-plugin/wire.h"

using keel::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    keel_frame frame;
    const bool decoded = keel_wire_decode(data, size, &frame) == 1;
    if (!decoded) {
        const keel_frame zeroed{};
        require(frame.type == zeroed.type && frame.request == zeroed.request,
                "a refused frame fills in nothing");
    }
    const bool accepted = keel::pppd_wire::decode({data, size}).has_value();
    require(decoded || !accepted, "the daemon accepts no frame that the codec refuses");
    if (!decoded) return 0;

    std::array<std::uint8_t, KEEL_WIRE_MAX_FRAME> once{}, twice{};
    const std::size_t used = keel_wire_encode(&frame, once.data(), once.size());
    require(used >= KEEL_WIRE_HEADER && used <= size, "what was decoded can be encoded, in no more octets");
    require(keel_wire_encode(&frame, twice.data(), used - 1) == 0, "but not in fewer");
    keel_frame again;
    require(keel_wire_decode(once.data(), used, &again) == 1, "and decoded again");
    require(again.type == frame.type && again.request == frame.request, "to the same frame");
    require(keel_wire_encode(&again, twice.data(), twice.size()) == used, "of the same size");
    require(std::equal(once.begin(), once.begin() + static_cast<std::ptrdiff_t>(used), twice.begin()),
            "with the same values");
    require(keel::pppd_wire::decode({once.data(), used}).has_value() == accepted,
            "of which the daemon thinks alike");
    return 0;
}
