#include "linux/metrics_http.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <asio/connect.hpp>
#include <asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "linux/metrics_textfile.hpp"

namespace {

using namespace keel;
using asio::ip::tcp;

const std::function<std::string()> kText = [] { return std::string("a_total 1\n"); };

// Sends, and reads until the server hangs up; "reset" when it does so rudely.
std::string ask(asio::io_context& io, std::uint16_t port, std::string_view request) {
    tcp::socket client(io);
    client.connect({asio::ip::make_address("127.0.0.1"), port});
    asio::error_code error;
    asio::write(client, asio::buffer(request), error);
    std::string said;
    std::array<char, 1024> part{};
    bool over = false;
    std::function<void()> read = [&] {
        client.async_read_some(asio::buffer(part), [&](asio::error_code failed, std::size_t count) {
            said.append(part.data(), count);
            if (!failed) return read();
            if (failed != asio::error::eof) said += "reset";
            over = true;
            client.close();
        });
    };
    read();
    while (!over) io.run_one();
    return said;
}

struct Served {
    asio::io_context io;
    MetricsHttp http{io, kText};
    Served() { REQUIRE(http.open({*IpAddress::parse("127.0.0.1"), 0})); }
    std::string ask(std::string_view request) { return ::ask(io, *http.port(), request); }
};

std::string content(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

}  // namespace

TEST_CASE("metrics over HTTP: one path, one method") {
    Served served;
    const std::string good = served.ask("GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
    CHECK(good.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(good.find("Content-Type: text/plain; version=0.0.4") != std::string::npos);
    CHECK(good.find("Content-Length: 10\r\n") != std::string::npos);
    CHECK(good.ends_with("\r\n\r\na_total 1\n"));
    CHECK(served.ask("GET /metrics?x=1 HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200"));
    CHECK(served.ask("POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
    CHECK(served.ask("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    CHECK(served.ask("GET /metrics/../x HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    CHECK(served.ask("rubbish\r\n\r\n").starts_with("HTTP/1.1 400"));
    CHECK(served.ask("GET /metrics SPDY/3\r\n\r\n").starts_with("HTTP/1.1 400"));
}

TEST_CASE("a request without an end is hung up on") {
    Served served;
    const std::string endless =
        "GET /metrics HTTP/1.1\r\nX: " + std::string(3 * MetricsHttp::kMaxRequest, 'x');
    CHECK(served.ask(endless).find("200") == std::string::npos);
    CHECK(served.ask("GET /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_CASE("idle clients cannot take all of it: those beyond the limit are hung up on, and it goes on") {
    Served served;
    const tcp::endpoint where(asio::ip::make_address("127.0.0.1"), *served.http.port());
    std::vector<std::unique_ptr<tcp::socket>> idle;
    for (int i = 0; i < MetricsHttp::kMaxConnections; ++i) {
        idle.push_back(std::make_unique<tcp::socket>(served.io));
        idle.back()->connect(where);
    }
    served.io.poll();
    CHECK(served.ask("GET /metrics HTTP/1.1\r\n\r\n").find("200") == std::string::npos);
    idle.clear();
    served.io.poll();
    CHECK(served.ask("GET /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_CASE("an address that cannot be had is an error, and the one before stays") {
    Served served;
    const auto opened = served.http.open({*IpAddress::parse("192.0.2.77"), 1});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().message.find("192.0.2.77:1") != std::string::npos);
    CHECK_FALSE(opened.error().remedy.empty());
    CHECK(served.ask("GET /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_CASE("the textfile appears whole, for everybody to read, and goes with the daemon") {
    char directory[] = "/tmp/keel2tp-textfile-XXXXXX";
    REQUIRE(::mkdtemp(directory));
    const std::string path = std::string(directory) + "/keel2tp.prom";
    NullLog log;
    asio::io_context io;
    {
        MetricsTextfile file(io, log, kText);
        file.start(path);
        CHECK(content(path) == "a_total 1\n");
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0644);
        file.stop();
        CHECK_FALSE(std::filesystem::exists(path));
    }
    REQUIRE(replace_file(path, "old\n"));
    // Somebody's link in our name's place is not followed.
    std::filesystem::create_symlink("/nonexistent/victim", path + ".new");
    REQUIRE(replace_file(path, "new\n"));
    CHECK(content(path) == "new\n");
    const auto failed = replace_file(std::string(directory) + "/none/keel2tp.prom", "x");
    REQUIRE_FALSE(failed);
    CHECK_FALSE(failed.error().remedy.empty());
    std::filesystem::remove_all(directory);
}
