#include "cli/terminal.hpp"

#include <doctest/doctest.h>

#include "cli/table.hpp"

using namespace keel::cli;

namespace {

constexpr Terminal kNarrow{.columns = 40, .colours = false};

Table people() {
    Table table({"NAME", {"WHERE", 1}, {"NOTE", 2}, number("COUNT", 3)});
    table.add({"alice", "a place with a long name", "something to say", "12"});
    table.add({"bob", "home", "-", "7"});
    return table;
}

}  // namespace

TEST_CASE("width is that of the terminal's columns, not of bytes or code points") {
    CHECK(width_of("office") == 6);
    CHECK(width_of("m\u00fcller") == 6);
    CHECK(width_of("mu\u0308ller") == 6);  // a combining diaeresis
    CHECK(width_of("\u6771\u4eac") == 4);  // wide
    CHECK(width_of("\u2026") == 1);
    CHECK(width_of("\xff") == 1);  // broken UTF-8 counts as the '?' that it becomes
}

TEST_CASE("text is cut at a column, never within a character") {
    CHECK(cut("office", 6) == "office");
    CHECK(cut("office", 4) == "off\u2026");
    CHECK(cut("\u6771\u4eac\u90fd", 4) == "\u6771\u2026");
    CHECK(cut("office", 0).empty());
}

TEST_CASE("lines are broken at blanks, and inside a word only where it must be") {
    CHECK(wrapped("one two three", 7) == std::vector<std::string>{"one two", "three"});
    CHECK(wrapped("one  two", 4) == std::vector<std::string>{"one", "two"});
    CHECK(wrapped("abcdefgh ij", 5) == std::vector<std::string>{"abcde", "fgh", "ij"});
    CHECK(wrapped("", 5) == std::vector<std::string>{""});
}

TEST_CASE("a table is as wide as it likes where there is no terminal") {
    CHECK(people().text() ==
          "NAME   WHERE                     NOTE              COUNT\n"
          "alice  a place with a long name  something to say     12\n"
          "bob    home                      -                     7\n");
}

TEST_CASE("a narrow terminal cuts the least important text, then the next; numbers are not cut") {
    CHECK(people().text({.columns = 50, .colours = false}) ==
          "NAME   WHERE                     NOTE        COUNT\n"
          "alice  a place with a long name  something\u2026     12\n"
          "bob    home                      -               7\n");
    CHECK(people().text(kNarrow) ==
          "NAME   WHERE             NOTE      COUNT\n"
          "alice  a place with a \u2026  somethi\u2026     12\n"
          "bob    home              -             7\n");
}

TEST_CASE("a terminal that is too narrow for all columns loses the least important ones, and says which") {
    CHECK(people().text({.columns = 24, .colours = false}) ==
          "NAME   WHERE\n"
          "alice  a place with a l\u2026\n"
          "bob    home\n"
          "(too narrow for NOTE,\nCOUNT; --wide shows all)\n");
}

TEST_CASE("a sentence is wrapped beside its row, or below it where the terminal is narrow") {
    Table table({"NAME", {"PEER", 1}, prose("WHY")});
    table.add({"lac/branch", "192.0.2.1", "ike failed: the keys differ; check both"});
    CHECK(table.text({.columns = 50, .colours = false}) ==
          "NAME        PEER       WHY\n"
          "lac/branch  192.0.2.1  ike failed: the keys\n"
          "                       differ; check both\n");
    CHECK(table.text({.columns = 30, .colours = false}) ==
          "NAME        PEER\n"
          "lac/branch  192.0.2.1\n"
          "    ike failed: the keys\n"
          "    differ; check both\n");
}

TEST_CASE("colours take no columns and are only where they are wanted") {
    Table table({"NAME", "STATE", "X"});
    table.add({"a", {"up", Colour::good}, "1"});
    CHECK(table.text() == "NAME  STATE  X\na     up     1\n");
    CHECK(table.text({.columns = 0, .colours = true}) ==
          "\033[1mNAME\033[0m  \033[1mSTATE\033[0m  \033[1mX\033[0m\na     \033[32mup\033[0m     1\n");
}
