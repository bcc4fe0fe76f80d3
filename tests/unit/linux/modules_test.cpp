#include "linux/modules.hpp"

#include <doctest/doctest.h>

using namespace keel;

TEST_CASE("which modprobe.d lines keep a module out") {
    CHECK(line_blocks_module("blacklist l2tp_ppp", "l2tp_ppp") == LineBlocks::by_alias);
    CHECK(line_blocks_module("  blacklist\tl2tp-ppp  # why", "l2tp_ppp") == LineBlocks::by_alias);
    CHECK(line_blocks_module("install l2tp_ppp /bin/false", "l2tp_ppp") == LineBlocks::always);
    CHECK(line_blocks_module("install l2tp_ppp /usr/bin/true", "l2tp_ppp") == LineBlocks::always);
    CHECK(line_blocks_module("install l2tp_ppp /sbin/modprobe --ignore-install l2tp_ppp", "l2tp_ppp") ==
          LineBlocks::no);
    CHECK(line_blocks_module("# blacklist l2tp_ppp", "l2tp_ppp") == LineBlocks::no);
    CHECK(line_blocks_module("blacklist l2tp_pppx", "l2tp_ppp") == LineBlocks::no);
    CHECK(line_blocks_module("options l2tp_ppp x=1", "l2tp_ppp") == LineBlocks::no);
    CHECK(line_blocks_module("", "l2tp_ppp") == LineBlocks::no);
}

TEST_CASE("a module that no kernel has names the package to install") {
    const std::string remedy = missing_module_remedy("keel2tp_no_such_module");
    CHECK(remedy.find("keel2tp_no_such_module") != std::string::npos);
    CHECK(remedy.find("linux-image-amd64") != std::string::npos);
}
