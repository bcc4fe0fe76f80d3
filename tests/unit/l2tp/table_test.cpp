#include "l2tp/table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "base/id.hpp"

using namespace keel;
using namespace keel::l2tp;

TEST_CASE("a table finds what is in it and nothing else, and moves no value") {
    struct Value {
        std::uint32_t number = 0;
    };
    std::mt19937 engine(7);
    Table<LocalTunnelId, Value> table;
    std::map<std::uint32_t, Value*> model;
    for (std::uint32_t round = 1; round < 60'000; ++round) {
        // Few ids, so that they meet; at times many are taken, at times few.
        const LocalTunnelId id(1 + engine() % 512);
        const bool full = (round / 5000) % 2 == 0;
        if (model.contains(id.value) && engine() % (full ? 8 : 2) == 0) {
            table.erase(id);
            model.erase(id.value);
        } else if (!model.contains(id.value) && engine() % (full ? 2 : 8) == 0) {
            Value& value = table.insert(id);
            REQUIRE(value.number == 0);
            value.number = id.value;
            model[id.value] = &value;
        }
        REQUIRE(table.size() == model.size());
        const auto known = model.find(id.value);
        REQUIRE(table.find(id) == (known == model.end() ? nullptr : known->second));
    }
    for (const auto& [id, value] : model) {
        CHECK(table.find(LocalTunnelId(id)) == value);
        CHECK(value->number == id);
    }
}

TEST_CASE("an index keeps several numbers under one hash apart, and those that were displaced") {
    FlatIndex index;
    const auto is = [](std::uint32_t wanted) {
        return [=](std::uint32_t number) { return number == wanted; };
    };
    for (std::uint32_t number = 0; number < 100; ++number) index.insert(number % 3 + 14, number);
    CHECK(index.size() == 100);
    for (std::uint32_t number = 0; number < 100; number += 2) index.erase(number % 3 + 14, number);
    index.erase(14, 1000);
    CHECK(index.size() == 50);
    for (std::uint32_t number = 0; number < 100; ++number) {
        const bool there = number % 2 == 1;
        CHECK(index.find(number % 3 + 14, is(number)) == (there ? number : FlatIndex::kNone));
        CHECK(index.find(number % 3 + 17, is(number)) == FlatIndex::kNone);
    }
}
