#include "linux/resolver.hpp"

#include <doctest/doctest.h>

using namespace keel;

TEST_CASE("a literal address is answered from the loop, not from inside the call") {
    asio::io_context loop;
    std::vector<Resolved> answers;
    AsioResolver resolver(loop, [&answers](Event event) { answers.push_back(std::get<Resolved>(event)); });
    resolver.resolve(5, "192.0.2.7");
    resolver.resolve(6, "2001:db8::7");
    CHECK(answers.empty());
    loop.run();
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].tag == 5);
    CHECK(answers[0].addresses.value() == std::vector{IpAddress::parse("192.0.2.7").value()});
    CHECK(answers[1].addresses.value() == std::vector{IpAddress::parse("2001:db8::7").value()});
}

TEST_CASE("a name that cannot exist ends in an error with a remedy") {
    asio::io_context loop;
    std::vector<Resolved> answers;
    AsioResolver resolver(loop, [&answers](Event event) { answers.push_back(std::get<Resolved>(event)); });
    resolver.resolve(1, "..");
    loop.run();
    REQUIRE(answers.size() == 1);
    REQUIRE_FALSE(answers[0].addresses);
    CHECK(answers[0].addresses.error().message.starts_with(".. cannot be resolved"));
    CHECK_FALSE(answers[0].addresses.error().remedy.empty());
}

TEST_CASE("an answer after the resolver's end reaches nobody") {
    asio::io_context loop;
    int answers = 0;
    {
        AsioResolver resolver(loop, [&answers](const Event&) { ++answers; });
        resolver.resolve(1, "192.0.2.7");
    }
    loop.run();
    CHECK(answers == 0);
}
