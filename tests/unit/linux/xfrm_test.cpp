#include "linux/xfrm.hpp"

#include <doctest/doctest.h>

using namespace keel;

namespace {

KernelSa sa(const char* from, const char* to, std::uint32_t spi, std::uint32_t reqid) {
    KernelSa out;
    out.source = IpAddress::parse(from).value();
    out.destination = IpAddress::parse(to).value();
    out.spi = spi;
    out.reqid = reqid;
    out.esp = out.transport = true;
    return out;
}

KernelSa marked(KernelSa out, std::uint32_t mark, std::uint32_t mask) {
    out.set_mark = mark;
    out.set_mark_mask = mask;
    return out;
}

std::vector<std::uint32_t> spis(const std::vector<KernelSa>& sas) {
    std::vector<std::uint32_t> out;
    for (const KernelSa& each : sas) out.push_back(each.spi);
    return out;
}

}  // namespace

TEST_CASE("ours: inbound by the mark that it sets, outbound by its reqid and addresses") {
    const std::vector all{marked(sa("192.0.2.1", "192.0.2.2", 1, 7), 5, 0x00ffffff),
                          sa("192.0.2.2", "192.0.2.1", 2, 7)};
    CHECK(spis(select_ours(all)) == std::vector<std::uint32_t>{1, 2});
}

TEST_CASE("other people's SAs are left alone") {
    KernelSa tunnel_mode = marked(sa("192.0.2.1", "192.0.2.2", 10, 7), 5, 0x00ffffff);
    tunnel_mode.transport = false;
    KernelSa authentication_header = marked(sa("192.0.2.1", "192.0.2.2", 11, 7), 5, 0x00ffffff);
    authentication_header.esp = false;
    const std::vector all{marked(sa("192.0.2.1", "192.0.2.2", 1, 7), 5, 0x00ffffff),
                          tunnel_mode,
                          authentication_header,
                          marked(sa("192.0.2.1", "192.0.2.2", 12, 7), 5, 0xffffffff),
                          marked(sa("192.0.2.1", "192.0.2.2", 13, 7), 0, 0x00ffffff),
                          sa("192.0.2.2", "192.0.2.1", 14, 8),
                          sa("192.0.2.2", "192.0.2.9", 15, 7),
                          sa("192.0.2.1", "192.0.2.2", 16, 7)};
    CHECK(spis(select_ours(all)) == std::vector<std::uint32_t>{1});
}
