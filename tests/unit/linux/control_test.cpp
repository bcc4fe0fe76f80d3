// The control socket as callers see it: a real one, with the daemon's side in a thread of its own.
#include "linux/control.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/post.hpp>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/unique_fd.hpp"
#include "linux/system.hpp"

using namespace keel;
using nlohmann::json;

namespace {

constexpr gid_t kReaders = 61001, kAdmins = 61002;
constexpr uid_t kSomebody = 61003;
const std::string kShow = R"({"method":"org.keel2tp.Show"})";

class LoudHouse final : public api::House {
public:
    std::string words = "hello";
    api::Answer pending{};

    api::Outcome show() override { return json{{"overview", words}}; }
    void ipsec(api::Answer answer) override { pending = std::move(answer); }
    api::Outcome users(const std::optional<std::string>&) override { return json{{"users", {1}}}; }
    api::Outcome plan(const api::Caller&, const std::string& config) override {
        return json{{"plan", config}};
    }
    api::Outcome save(const api::Caller&) override { return json::object(); }
};

// The daemon's side.
struct Served {
    std::string folder = std::filesystem::temp_directory_path() / ("control-" + std::to_string(::getpid()));
    std::string path = folder + "/sock";
    asio::io_context loop{1};
    asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
    LogHub log;
    api::Monitor monitor{wall_now};
    LoudHouse house;
    api::Service service{"1", house, monitor, log};
    std::optional<ControlSocket> control;
    std::thread thread;

    explicit Served(ControlGroups groups = {}, ControlLimits limits = {}) {
        std::filesystem::create_directories(folder);
        std::filesystem::permissions(folder, std::filesystem::perms(0755));
        log.attach(monitor);
        control.emplace(loop, service, limits);
        REQUIRE(control->open(path, groups));
        thread = std::thread([this] { loop.run(); });
    }
    ~Served() {
        work.reset();
        loop.stop();
        thread.join();
        control.reset();
        std::filesystem::remove_all(folder);
    }

    // Runs `what` in the daemon's thread, and waits for it.
    void within(const std::function<void()>& what) {
        std::promise<void> done;
        asio::post(loop, [&] {
            what();
            done.set_value();
        });
        done.get_future().wait();
    }
};

// A caller. Nothing here asserts, so that a forked child may use it.
class Client {
public:
    explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        connected_ = ::connect(fd_.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }

    [[nodiscard]] bool connected() const { return connected_; }
    void send(std::string_view octets) const {
        while (!octets.empty()) {
            const auto sent = ::send(fd_.value(), octets.data(), octets.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            octets.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void call(std::string_view text) const { send(std::string(text) + '\0'); }
    void end_of_calls() const { ::shutdown(fd_.value(), SHUT_WR); }

    // The next message; none: the other side has hung up.
    std::optional<json> next() {
        for (;;) {
            const auto end = input_.find('\0');
            if (end != std::string::npos) {
                json message = json::parse(input_.substr(0, end), nullptr, false);
                input_.erase(0, end + 1);
                return message;
            }
            char room[65536];
            const auto got = ::recv(fd_.value(), room, sizeof room, 0);
            if (got <= 0) return std::nullopt;
            input_.append(room, static_cast<std::size_t>(got));
        }
    }
    json ask(std::string_view text) {
        call(text);
        return next().value_or(json("hung up"));
    }

private:
    UniqueFd fd_;
    bool connected_ = false;
    std::string input_;
};

// Runs `what` in a process of that user and these groups; what it returns, or "" where it could not be.
std::string as_user(uid_t uid, const std::vector<gid_t>& groups, const std::function<std::string()>& what) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::string said;
        if (::setgroups(groups.size(), groups.data()) == 0 && ::setresgid(uid, uid, uid) == 0 &&
            ::setresuid(uid, uid, uid) == 0) {
            said = what();
        }
        [[maybe_unused]] const auto written = ::write(ends[1], said.data(), said.size());
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string said;
    char room[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], room, sizeof room)) > 0;)
        said.append(room, static_cast<std::size_t>(got));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return said;
}

std::string what_may(const std::string& path) {
    Client client(path);
    if (!client.connected()) return "nothing";
    const bool reads = client.ask(kShow).contains("parameters") && !client.ask(kShow).contains("error");
    const bool saves = !client.ask(R"({"method":"org.keel2tp.Save"})").contains("error");
    return saves ? "all" : reads ? "read" : "connect";
}

bool is_root() {
    return ::geteuid() == 0;
}

}  // namespace

TEST_CASE(
    "calls may come in one piece, octet by octet, or one behind the other: answers come in their order") {
    Served served;
    Client client(served.path);
    const std::string info = R"({"method":"org.varlink.service.GetInfo"})";
    CHECK(client.ask(kShow) == json{{"parameters", {{"overview", "hello"}}}});
    for (const char octet : kShow) client.send({&octet, 1});
    client.send(std::string(1, '\0') + info + '\0' + R"({"method":"org.keel2tp.Save","oneway":true})" + '\0' +
                kShow + '\0');
    CHECK((*client.next())["parameters"].contains("overview"));
    CHECK((*client.next())["parameters"].contains("version"));
    CHECK((*client.next())["parameters"].contains("overview"));
}

TEST_CASE("a call that is answered later holds back those behind it") {
    Served served;
    Client client(served.path);
    client.call(R"({"method":"org.keel2tp.Ipsec"})");
    client.call(kShow);
    Client other(served.path);  // whoever else is there does not wait
    CHECK(other.ask(kShow)["parameters"].contains("overview"));
    api::Answer answer;
    while (!answer) served.within([&] { answer = served.house.pending; });
    served.within([&] { answer(json{{"ipsec", 1}}); });
    CHECK(client.next()->at("parameters") == json{{"ipsec", 1}});
    CHECK(client.next()->at("parameters").contains("overview"));
}

TEST_CASE("who has said all may still listen; what is no call is answered, then hung up on") {
    Served served;
    Client shell(served.path);
    shell.call(kShow);
    shell.end_of_calls();
    CHECK(shell.next()->at("parameters").contains("overview"));
    CHECK_FALSE(shell.next());
    for (const std::string& bad : {std::string("hello\0", 6), std::string("{}\0", 3)}) {
        Client client(served.path);
        client.send(bad);
        CHECK(client.next().value_or(json())["error"] == "org.keel2tp.Refused");
        CHECK_FALSE(client.next());
    }
    Client forgot_the_nul(served.path);
    forgot_the_nul.send(kShow + "\n");
    forgot_the_nul.end_of_calls();
    CHECK(forgot_the_nul.next().value_or(json())["parameters"]["remedy"] == "end it with a NUL byte");
}

TEST_CASE("an admin may send a configuration of megabytes, and nobody more than that") {
    Served served({}, {.request = std::size_t{2} << 20});
    Client client(served.path);
    const json large = {{"method", "org.keel2tp.Plan"},
                        {"parameters", {{"config", std::string(2'000'000, ' ')}}}};
    CHECK(client.ask(large.dump())["parameters"]["plan"].get<std::string>().size() == 2'000'000);
    CHECK(client.ask(std::string(std::size_t{3} << 20, ' '))["error"] == "org.keel2tp.Refused");
    CHECK_FALSE(client.next());
}

TEST_CASE("the socket is root's alone without groups; with them, its mode and the caller's groups decide") {
    if (!is_root()) return;
    struct stat is {};
    {
        Served served;
        REQUIRE(::stat(served.path.c_str(), &is) == 0);
        CHECK((is.st_mode & 07777) == 0600);
        CHECK(as_user(kSomebody, {kReaders}, [&] { return what_may(served.path); }) == "nothing");
        CHECK(what_may(served.path) == "all");
    }
    {
        Served served({.read = kReaders, .admin = kAdmins});
        REQUIRE(::stat(served.path.c_str(), &is) == 0);
        CHECK((is.st_mode & 07777) == 0660);
        CHECK(is.st_gid == kReaders);
        const auto may = [&](const std::vector<gid_t>& groups) {
            return as_user(kSomebody, groups, [&] { return what_may(served.path); });
        };
        CHECK(may({kReaders}) == "read");
        CHECK(may({kReaders, kAdmins}) == "all");
        CHECK(may({}) == "nothing");
        CHECK(may({kAdmins}) == "nothing");  // the file is the readers'
    }
    {
        Served served({.read = {}, .admin = kAdmins});
        const auto may = [&](const std::vector<gid_t>& groups) {
            return as_user(kSomebody, groups, [&] { return what_may(served.path); });
        };
        CHECK(may({kAdmins}) == "all");
        CHECK(may({kReaders}) == "nothing");
    }
}

TEST_CASE("a member of more groups than usual is still known") {
    if (!is_root()) return;
    Served served({.read = kReaders, .admin = {}});
    std::vector<gid_t> many;
    for (gid_t group = 62000; group < 62300; ++group) many.push_back(group);
    many.push_back(kReaders);
    CHECK(as_user(kSomebody, many, [&] { return what_may(served.path); }) == "read");
}

TEST_CASE("readers have 64 KiB for a call, and cannot take the places of root") {
    if (!is_root()) return;
    Served served({.read = kReaders, .admin = {}}, {.connections = 8, .readers = 6, .per_reader = 4});
    const std::string said = as_user(kSomebody, {kReaders}, [&] {
        Client wordy(served.path);
        std::string out = wordy.ask(std::string(70'000, ' ')).value("error", "?") + "|";
        std::vector<Client> clients;
        int places = 0;
        for (int i = 0; i < 6; ++i) {
            const json reply = clients.emplace_back(served.path).ask(kShow);
            places += reply.is_object() && !reply.contains("error") ? 1 : 0;
        }
        return out + std::to_string(places);
    });
    // The wordy one may still be waited for: three or four.
    CHECK((said == "org.keel2tp.Refused|4" || said == "org.keel2tp.Refused|3"));
    Client root(served.path);
    CHECK(root.ask(kShow)["parameters"].contains("overview"));
}

TEST_CASE("readers that ask for much and read nothing hold back each other, not root, nor memory") {
    if (!is_root()) return;
    Served served({.read = kReaders, .admin = {}}, {.reader_replies = std::size_t{4} << 20});
    served.within([&] { served.house.words = std::string(std::size_t{3} << 20, 'x'); });
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const gid_t group = kReaders;
        if (::setgroups(1, &group) != 0 || ::setresgid(kSomebody, kSomebody, kSomebody) != 0 ||
            ::setresuid(kSomebody, kSomebody, kSomebody) != 0) {
            ::_exit(1);
        }
        std::vector<Client> clients;
        for (int i = 0; i < 20; ++i) clients.emplace_back(served.path).call(kShow);
        [[maybe_unused]] const auto written = ::write(ends[1], "x", 1);
        ::pause();
    }
    char go = 0;
    REQUIRE(::read(ends[0], &go, 1) == 1);
    Client root(served.path);
    CHECK(root.ask(kShow)["parameters"]["overview"].get<std::string>().size() == std::size_t{3} << 20);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("Monitor goes on until the caller hangs up, and frees its place then") {
    Served served({}, {.connections = 1, .readers = 1, .per_reader = 1});
    const std::string monitor =
        R"({"method":"org.keel2tp.Monitor","more":true,"parameters":{"ids":["session"]}})";
    for (int round = 0; round < 3; ++round) {
        std::optional<Client> client;
        // The one before may not have been missed yet.
        for (;;) {
            client.emplace(served.path);
            const json first = client->ask(monitor);
            if (first.is_object() && first.contains("continues")) break;
        }
        client->end_of_calls();  // as a shell's pipe does
        served.within([&] { served.log.notice("session.up", {{"session", 7u}}); });
        served.within([&] { served.log.notice("ppp.up", {}); });
        served.within([&] { served.log.notice("session.down", {}); });
        const json up = *client->next();
        CHECK(up["continues"] == true);
        CHECK(up["parameters"]["event"]["session"] == 7);
        CHECK((*client->next())["parameters"]["event"]["id"] == "session.down");
    }
}

TEST_CASE("many readers that do not read: the daemon goes on, its memory does not grow, and each is told") {
    Served served;
    const std::string monitor = R"({"method":"org.keel2tp.Monitor","more":true})";
    std::vector<Client> slow;
    for (int i = 0; i < 100; ++i) {
        slow.emplace_back(served.path).call(monitor);
        REQUIRE(slow.back().next());
    }
    Client quick(served.path);
    REQUIRE(quick.ask(monitor).contains("continues"));
    constexpr unsigned kEvents = 100'000;
    const std::string why(200, 'w');  // 30 MB of events for each
    unsigned read = 0, last = 0;
    for (unsigned i = 0; i < kEvents; i += 100) {
        served.within([&] {
            for (unsigned n = i; n < i + 100; ++n)
                served.log.notice("session.down", {{"n", n}, {"why", why}});
        });
        do {
            last = (*quick.next())["parameters"]["event"]["n"];
            ++read;
        } while (last != i + 99);
    }
    CHECK(read == kEvents);  // who reads loses nothing
    Client another(served.path);
    CHECK(another.ask(kShow)["parameters"].contains("overview"));
    for (Client& client : slow) {
        std::uint64_t told = 0, missed = 0;
        for (unsigned n = 0; n != kEvents - 1;) {
            const json event = (*client.next())["parameters"]["event"];
            if (event["id"] == "monitor.missed") {
                missed += event["count"].get<std::uint64_t>();
                continue;
            }
            n = event["n"];
            ++told;
        }
        CHECK(missed > kEvents / 2);
        CHECK(told + missed == kEvents);
    }
}

TEST_CASE("the lines of schemas/README.md do what they say") {
    for (const char* tool : {"socat", "jq", "stdbuf"}) {
        if (std::system(("command -v " + std::string(tool) + " > /dev/null").c_str()) != 0) {
            MESSAGE(tool, " is not here: not tried");
            return;
        }
    }
    Served served;
    std::atomic<bool> over = false;
    std::thread events([&] {  // a pipe that nobody reads any more ends at the next event
        while (!over) {
            served.within([&] { served.log.notice("session.up", {{"session", 7u}}); });
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    });
    std::ofstream(served.folder + "/config.json") << "{}";
    std::ifstream page(KEEL_SOURCE_DIR "/schemas/README.md");
    bool inside = false;
    int tried = 0;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("```")) inside = line == "```sh";
        if (!inside || line.starts_with("```") || line.starts_with("#")) continue;
        const auto put = [&line](std::string_view what, const std::string& with) {
            if (const auto at = line.find(what); at != std::string::npos) line.replace(at, what.size(), with);
        };
        put("/run/keel2tp/control.sock", served.path);
        put("/etc/keel2tp/keel2tp.json", served.folder + "/config.json");
        const std::string out = served.folder + "/out";
        CAPTURE(line);
        CHECK(std::system(("{ " + line + " ; } | head -n 2 > " + out + " && test -s " + out).c_str()) == 0);
        std::ifstream said(out);
        std::stringstream text;
        text << said.rdbuf();
        CHECK(text.str().find("null") == std::string::npos);
        ++tried;
    }
    over = true;
    events.join();
    CHECK(tried == 5);
}

TEST_CASE("a path that is something else's is left alone") {
    Served served;
    asio::io_context loop;
    ControlSocket second(loop, served.service);
    CHECK(second.open(served.path).error().code == ErrorCode::exists);
    const std::string file = served.folder + "/precious";
    ::close(::open(file.c_str(), O_CREAT | O_WRONLY, 0600));
    CHECK(second.open(file).error().code == ErrorCode::exists);
    CHECK(std::filesystem::exists(file));
}

TEST_CASE("a group that does not exist is said to be missing") {
    CHECK(group_named("root").value_or(1) == 0);
    const auto none = group_named("no-such-group");
    REQUIRE_FALSE(none);
    CHECK(none.error().code == ErrorCode::not_found);
    CHECK(none.error().remedy.find("groupadd") != std::string::npos);
}
