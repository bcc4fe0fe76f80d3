// Class Pppd against a program that plays pppd. Needs the right to make a mount namespace; without it the
// cases say so and pass.
#include "linux/pppd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <asio/steady_timer.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace keel;

namespace {

bool may_make_namespaces() {
    const pid_t pid = ::fork();
    if (pid == 0) {
        // In a chroot whose root is no mount point, as package builders use, it cannot be made private
        // either.
        ::_exit(::unshare(CLONE_NEWNS) == 0 &&
                        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0
                    ? 0
                    : 1);
    }
    int status = 1;
    ::waitpid(pid, &status, 0);
    return status == 0 && std::filesystem::is_directory("/etc/ppp");
}

struct Bench {
    std::filesystem::path folder;
    asio::io_context io;
    NullLog log;
    std::vector<Event> events;
    std::function<void(const Event&)> react = [](const Event&) {};
    std::optional<Pppd> pppd;
    bool inside_call = false, emitted_inside = false;
    UniqueFd kept;  // the other end of the pipe that stands for a PPPoX socket

    explicit Bench(const std::string& mode) {
        char name[] = "/tmp/keel2tp-test-XXXXXX";
        folder = ::mkdtemp(name);
        std::ofstream(folder / mode) << "plugin";
        PppdPaths paths{FAKE_PPPD, (folder / mode).string(), "/dev/null"};
        // A loaded machine takes its time to start a program; only the silent one is not waited for.
        pppd.emplace(
            io, log, paths,
            [this](Event event) {
                emitted_inside = emitted_inside || inside_call;
                events.push_back(std::move(event));
                react(events.back());
            },
            true,
            PppdTimes{mode == "silent" ? Duration(milliseconds(300)) : Duration(seconds(20)),
                      milliseconds(300)});
    }
    ~Bench() { std::filesystem::remove_all(folder); }

    UniqueFd descriptor() {
        int pipe[2];
        REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
        kept.reset(pipe[1]);
        return UniqueFd(pipe[0]);
    }
    Result<PppId> start(const PppSpec& spec) {
        inside_call = true;
        auto id = pppd->start(spec, descriptor());
        inside_call = false;
        return id;
    }
    // Runs until nothing is left, and gives the one PppExited.
    PppExited finish() {
        asio::steady_timer guard(io, std::chrono::seconds(25));
        guard.async_wait([this](const asio::error_code& error) {
            if (!error) io.stop();
        });
        while (pppd->running() > 0 && !io.stopped()) io.run_one();
        int count = 0;
        PppExited exited;
        for (const auto& event : events)
            if (const auto* const found = std::get_if<PppExited>(&event)) exited = *found, ++count;
        CHECK(count == 1);
        CHECK_FALSE(emitted_inside);
        return exited;
    }
};

PppSpec client() {
    PppSpec spec;
    spec.name = "lac/branch";
    spec.user = "alice";
    spec.password = Secret("secret");
    return spec;
}

PppSpec server() {
    PppSpec spec;
    spec.name = "lns/office";
    spec.server = true;
    spec.auth = {AuthMethod::pap};
    spec.local_address = IpAddress::parse("10.9.0.1");
    return spec;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

#define NEEDS_NAMESPACES                                                        \
    if (!may_make_namespaces()) {                                               \
        MESSAGE("skipped: no right to make a mount namespace, or no /etc/ppp"); \
        return;                                                                 \
    }

TEST_CASE("what is missing is an error with a remedy, before anything is started") {
    asio::io_context io;
    NullLog log;
    const auto start = [&](PppdPaths paths) {
        Pppd pppd(io, log, std::move(paths), [](const Event&) {});
        const auto id = pppd.start(client(), UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
        REQUIRE_FALSE(id);
        CHECK_FALSE(id.error().remedy.empty());
        CHECK(pppd.running() == 0);
        return id.error().code;
    };
    CHECK(start({"/nonexistent/pppd", FAKE_PPPD, "/dev/null"}) == ErrorCode::not_found);
    CHECK(start({FAKE_PPPD, "/nonexistent/keel2tp.so", "/dev/null"}) == ErrorCode::not_found);
    CHECK(start({FAKE_PPPD, "relative.so", "/dev/null"}) == ErrorCode::not_found);
    if (std::filesystem::is_directory("/etc/ppp"))
        CHECK(start({FAKE_PPPD, FAKE_PPPD, "/nonexistent/ppp"}) == ErrorCode::unavailable);
}

TEST_CASE("the probe compares versions") {
    NEEDS_NAMESPACES
    Bench bench("keel2tp.so");
    CHECK(bench.pppd->probe().error().code == ErrorCode::unsupported);
    std::ofstream(bench.folder / "keel2tp.so") << "keel2tp-plugin pppd=2.4.9 wire=1.";
    CHECK(contains(bench.pppd->probe().error().message, "is for pppd 2.4.9"));
    CHECK(contains(bench.pppd->probe().error().message, "is version 9.9.9"));
    std::ofstream(bench.folder / "keel2tp.so") << "keel2tp-plugin pppd=9.9.9 wire=1.";
    CHECK(bench.pppd->probe().has_value());
}

TEST_CASE(
    "pppd -> hello, controller -> work with the descriptor; pppd sees no options and no other descriptor") {
    NEEDS_NAMESPACES
    Bench bench("work");
    REQUIRE(bench.start(client()));
    const PppExited exited = bench.finish();
    CHECK(exited.cause == PppExited::Cause::peer_terminated);
    CHECK(exited.message == "user=alice secret=secret pipe=1 options=0 fd4=0");
    // Our copy of the descriptor is closed: nobody reads the pipe any more.
    (void)::signal(SIGPIPE, SIG_IGN);
    CHECK(::write(bench.kept.value(), "x", 1) < 0);
}

TEST_CASE("a login is put before the lifecycle, and its verdict goes back once") {
    NEEDS_NAMESPACES
    Bench bench("login");
    bench.react = [&](const Event& event) {
        const auto* const asked = std::get_if<PppLoginRequested>(&event);
        if (!asked) return;
        CHECK(asked->request.user == "alice");
        CHECK(as_text(asked->request.password.reveal()) == "secret");
        const PppId id = asked->ppp;  // the event may move when more are kept
        bench.pppd->answer_login(id, {false, "not you", {}});
        bench.pppd->answer_login(id, {true, "twice", {}});
    };
    REQUIRE(bench.start(server()));
    const PppExited exited = bench.finish();
    CHECK(exited.cause == PppExited::Cause::auth_refused_peer);
    CHECK(exited.message == "request=2 accepted=0 not you");
}

TEST_CASE("a login that no server asked for ends the session") {
    NEEDS_NAMESPACES
    Bench bench("login");
    REQUIRE(bench.start(client()));
    CHECK(bench.finish().cause == PppExited::Cause::error);
    CHECK(std::ranges::none_of(
        bench.events, [](const Event& event) { return std::holds_alternative<PppLoginRequested>(event); }));
}

TEST_CASE("a pppd that dies before its hello leaves its last words") {
    NEEDS_NAMESPACES
    Bench bench("early");
    REQUIRE(bench.start(client()));
    const PppExited exited = bench.finish();
    CHECK(exited.cause == PppExited::Cause::error);
    CHECK(exited.message ==
          "pppd ended with status 2 before it asked for its work: first line; Plugin X is for pppd version "
          "1, this is 2");
}

TEST_CASE("a pppd that says no hello is killed") {
    NEEDS_NAMESPACES
    Bench bench("silent");
    REQUIRE(bench.start(client()));
    const PppExited exited = bench.finish();
    CHECK(exited.cause == PppExited::Cause::error);
    CHECK(contains(exited.message, "did not ask for its work in time"));
}

TEST_CASE("frames that are none, or out of turn, end the session") {
    NEEDS_NAMESPACES
    for (const char* const mode : {"garbage", "hasty"}) {
        Bench bench(mode);
        REQUIRE(bench.start(client()));
        const PppExited exited = bench.finish();
        CHECK(exited.cause == PppExited::Cause::error);
        CHECK(contains(exited.message, "pppd sent a frame"));
    }
}

TEST_CASE("a pppd that closes the wire and lives on is killed") {
    NEEDS_NAMESPACES
    Bench bench("stubborn");
    REQUIRE(bench.start(client()));
    CHECK(contains(bench.finish().message, "closed its connection"));
}

TEST_CASE("stop ends a session, however early and often it is asked for") {
    NEEDS_NAMESPACES
    Bench bench("silent");
    const auto id = bench.start(client());
    REQUIRE(id);
    bench.inside_call = true;
    bench.pppd->stop(*id);
    bench.pppd->stop(*id);
    bench.pppd->stop(PppId(99));
    bench.inside_call = false;
    CHECK(bench.finish().cause == PppExited::Cause::stopped);
    bench.pppd->stop(*id);
}

TEST_CASE("the port may go while pppds run") {
    NEEDS_NAMESPACES
    Bench bench("silent");
    REQUIRE(bench.start(client()));
    bench.pppd.reset();
    bench.io.run();
    CHECK(bench.events.empty());
}
