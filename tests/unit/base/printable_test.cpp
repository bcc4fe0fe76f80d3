#include "base/printable.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace keel;

TEST_CASE("what steers a line, or is no UTF-8, becomes '?'") {
    CHECK(printable("Müller \u65e5\u672c \U0001f511") == "Müller \u65e5\u672c \U0001f511");
    CHECK(printable("a\nb\x1b[2Jc\x7f") == "a?b?[2Jc?");
    CHECK(printable("\xc2\x9b"
                    "31m") == "?31m");                // C1: CSI
    CHECK(printable("\u202e\u2028\u2066") == "???");  // turns the writing, ends the line
    CHECK(printable("\xff \xc0\x80 \xed\xa0\x80 \xe2\x82") == "? ?? ??? ??");  // none of it UTF-8
    CHECK(printable("\xf4\x90\x80\x80") == "????");                            // beyond U+10FFFF
}

TEST_CASE("what could steer, turn or hide a terminal's text becomes '?'") {
    CHECK(printable("a\x1b[2Jb\x7f\n") == "a?[2Jb??");
    CHECK(printable("a\u009b2Jb") == "a?2Jb");  // C1 CSI, as UTF-8
    CHECK(printable("a\x9b"
                    "2Jb") == "a?2Jb");                     // and bare: broken UTF-8
    CHECK(printable("x\u202egnp.exe") == "x?gnp.exe");      // right-to-left override
    CHECK(printable("x\u2066y\u200bz") == "x?y?z");         // isolate, zero width space
    CHECK(printable("\xc0\xaf|\xed\xa0\x80") == "??|???");  // overlong, a surrogate
    CHECK(printable("m\u00fcller \u6771\u4eac mu\u0308") == "m\u00fcller \u6771\u4eac mu\u0308");
}

TEST_CASE("a peer's text is made printable") {
    CHECK(printable("plain \xc3\xa4 \xe2\x82\xac") == "plain \xc3\xa4 \xe2\x82\xac");
    CHECK(printable("a\nb\x1b[0m") == "a?b?[0m");
    // Not UTF-8, overlong, a surrogate, a C1 control, a sequence cut short: nine of them.
    CHECK(printable("\xff\xc0\xaf\xed\xa0\x80\xc2\x85\xe2\x82") == std::string(9, '?'));
}
