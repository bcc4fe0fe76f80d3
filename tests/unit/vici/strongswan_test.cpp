// Strongswan against a charon of paper: a vici server on the same loop that remembers what is loaded.
#include "linux/strongswan.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "vici/message.hpp"

using namespace keel;
using namespace std::chrono_literals;

namespace {

class PaperCharon {
public:
    PaperCharon(asio::io_context& io, const std::string& path, std::string since)
        : acceptor_(io, asio::local::stream_protocol::endpoint(path)), since_(std::move(since)), path_(path) {
        accept();
    }
    ~PaperCharon() {
        std::error_code ignored;
        for (auto& client : clients_) client->socket.close(ignored);
        unlink(path_.c_str());
    }

    void send_event(const std::string& name, const vici::Message& message) {
        for (auto& client : clients_) {
            if (client->events.contains(name)) send(*client, 7, name, message);
        }
    }

    std::map<std::string, vici::Message> conns, secrets;
    std::deque<std::string> commands;  // "terminate keel2tp-...", ...
    vici::Message listed;              // one list-sa message; empty: none
    std::string refuse_conns;          // errmsg for load-conn
    std::string version = "5.9.8";

private:
    struct Client {
        explicit Client(asio::local::stream_protocol::socket s) : socket(std::move(s)) {}
        asio::local::stream_protocol::socket socket;
        std::set<std::string> events;
        vici::Bytes input = vici::Bytes(4);
    };

    void accept() {
        acceptor_.async_accept(
            [this](const std::error_code& code, asio::local::stream_protocol::socket socket) {
                if (code) return;
                clients_.push_back(std::make_shared<Client>(std::move(socket)));
                read(clients_.back());
                accept();
            });
    }

    void read(const std::shared_ptr<Client>& client) {
        client->input.resize(4);
        asio::async_read(client->socket, asio::buffer(client->input),
                         [this, client](std::error_code code, auto) {
                             if (code) return;
                             client->input.resize(std::size_t{client->input[2]} << 8 | client->input[3]);
                             asio::async_read(client->socket, asio::buffer(client->input),
                                              [this, client](std::error_code bad, auto) {
                                                  if (bad) return;
                                                  serve(*client, client->input);
                                                  read(client);
                                              });
                         });
    }

    void serve(Client& client, vici::ByteView packet) {
        const std::string name(packet.begin() + 2, packet.begin() + 2 + packet[1]);
        if (packet[0] == 3) {
            client.events.insert(name);
            return send(client, 5, {}, {});
        }
        const auto message = vici::decode(packet.subspan(2 + name.size()));
        REQUIRE(message);
        send(client, 1, {}, answer(client, name, *message));
    }

    vici::Message answer(Client& client, const std::string& name, const vici::Message& request) {
        const auto yes = vici::Message().add("success", "yes");
        commands.push_back(name + " " + std::string(request.value("ike")));
        if (name == "version") return vici::Message().add("daemon", "charon").add("version", version);
        if (name == "stats") return vici::Message().add("uptime", vici::Message().add("since", since_));
        if (name == "get-conns") return vici::Message().add("conns", keys(conns));
        if (name == "get-shared") return vici::Message().add("keys", keys(secrets));
        if (name == "unload-conn") conns.erase(std::string(request.value("name")));
        if (name == "unload-shared") secrets.erase(std::string(request.value("id")));
        if (name == "load-shared") secrets[std::string(request.value("id"))] = request;
        if (name == "load-conn" && !refuse_conns.empty()) {
            return vici::Message().add("success", "no").add("errmsg", refuse_conns);
        }
        if (name == "load-conn") conns[request.entries()[0].name] = request;
        if (name == "list-sas" && !listed.empty()) send(client, 7, "list-sa", listed);
        return yes;
    }

    static vici::List keys(const std::map<std::string, vici::Message>& map) {
        vici::List out;
        for (const auto& [key, value] : map) out.push_back(key);
        return out;
    }

    static void send(Client& client, std::uint8_t type, const std::string& name,
                     const vici::Message& message) {
        vici::Bytes body = {type};
        if (!name.empty()) {
            body.push_back(static_cast<std::uint8_t>(name.size()));
            body.insert(body.end(), name.begin(), name.end());
        }
        const vici::Bytes payload = vici::encode(message).value();
        body.insert(body.end(), payload.begin(), payload.end());
        const vici::Bytes head = {0, 0, static_cast<std::uint8_t>(body.size() >> 8),
                                  static_cast<std::uint8_t>(body.size() & 0xff)};
        std::error_code ignored;
        asio::write(client.socket, asio::buffer(head), ignored);
        asio::write(client.socket, asio::buffer(body), ignored);
    }

    asio::local::stream_protocol::acceptor acceptor_;
    std::vector<std::shared_ptr<Client>> clients_;
    std::string since_, path_;
};

struct House {
    House() {
        char name[] = "/tmp/keel2tp-vici-XXXXXX";
        REQUIRE(mkdtemp(name));
        directory = name;
        path = directory + "/vici";
    }
    ~House() {
        strongswan.reset();
        charon.reset();
        rmdir(directory.c_str());
    }

    void start_charon(const std::string& since = "Nov 20 16:14:34 2026") {
        charon = std::make_unique<PaperCharon>(io, path, since);
    }
    void start() {
        strongswan = std::make_unique<Strongswan>(
            io, path, log, [this](Event event) { events.push_back(std::move(event)); },
            [this] { ++generations; });
    }
    // Runs the loop until an event of that type comes.
    template <class T>
    T next() {
        const auto end = std::chrono::steady_clock::now() + 8s;
        while (std::chrono::steady_clock::now() < end) {
            while (!events.empty()) {
                Event event = std::move(events.front());
                events.pop_front();
                if (auto* wanted = std::get_if<T>(&event)) return std::move(*wanted);
            }
            io.run_one_for(100ms);
        }
        FAIL("the event did not come");
        return {};
    }
    template <class Condition>
    bool until(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + 8s;
        while (!condition() && std::chrono::steady_clock::now() < end) io.run_one_for(100ms);
        return condition();
    }

    asio::io_context io;
    NullLog log;
    std::string directory, path;
    std::deque<Event> events;
    int generations = 0;
    std::unique_ptr<PaperCharon> charon;
    std::unique_ptr<Strongswan> strongswan;
};

IpsecConnection lac() {
    IpsecConnection out;
    out.name = "lac/branch";
    out.role = IpsecConnection::Role::initiator;
    out.remote = IpAddress::parse("192.0.2.2");
    out.auth = PskAuth{Secret("psk")};
    out.ike_proposals = {"aes128-sha256-modp2048"};
    out.esp_proposals = {"aes128gcm16"};
    return out;
}

vici::Message sa_message(bool up) {
    vici::Message child, ike, out;
    child.add("uniqueid", "1").add("reqid", "1").add("state", "INSTALLED").add("mark-in", "00000001");
    ike.add("uniqueid", "1")
        .add("local-host", "192.0.2.1")
        .add("remote-host", "192.0.2.2")
        .add("remote-port", "500")
        .add("child-sas", vici::Message().add("keel2tp-lac.branch-1", child));
    if (up) out.add("up", "yes");
    out.add("keel2tp-lac.branch", ike);
    return out;
}
vici::Message log_message(const std::string& text) {
    return vici::Message().add("thread", "7").add("ikesa-name", "keel2tp-lac.branch").add("msg", text);
}

}  // namespace

TEST_CASE("without strongSwan: lost, with a remedy; then it comes, and all that was declared is loaded") {
    House house;
    house.start();
    house.strongswan->load(lac());
    CHECK(house.events.empty());
    const auto lost = house.next<IpsecLost>();
    CHECK(lost.why.code == ErrorCode::unavailable);
    CHECK(lost.why.remedy.find("strongswan-charon") != std::string::npos);
    house.start_charon();
    CHECK(house.next<IpsecReady>().version == "5.9.8");
    CHECK(house.generations == 1);
    CHECK(house.charon->conns.contains("keel2tp-lac.branch"));
    REQUIRE(house.charon->secrets.contains("keel2tp-lac.branch"));
    CHECK(house.charon->secrets["keel2tp-lac.branch"].value("data") == "psk");
}

TEST_CASE("what an earlier run of ours left goes, what is another's stays") {
    House house;
    house.start_charon();
    house.charon->conns = {{"keel2tp-lns.old", {}}, {"theirs", {}}, {"keel2tp-test", {}}};
    house.charon->secrets = {{"keel2tp-lns.old", {}}, {"theirs", {}}, {"keel2tp-test", {}}};
    house.charon->listed = sa_message(false);
    house.start();
    house.strongswan->load(lac());
    static_cast<void>(house.next<IpsecReady>());
    CHECK(house.until([&] { return !house.charon->conns.contains("keel2tp-lns.old"); }));
    CHECK(house.until([&] { return !house.charon->secrets.contains("keel2tp-lns.old"); }));
    CHECK(house.charon->conns.contains("theirs"));
    CHECK(house.charon->secrets.contains("theirs"));
    CHECK(house.charon->conns.contains("keel2tp-test"));
    CHECK(house.charon->secrets.contains("keel2tp-test"));
    const auto& commands = house.charon->commands;
    CHECK(house.until([&] { return std::ranges::find(commands, "terminate ") != commands.end(); }));
}

TEST_CASE("what others unload is loaded again; unload leaves nothing") {
    House house;
    house.start_charon();
    house.start();
    house.strongswan->load(lac());
    static_cast<void>(house.next<IpsecReady>());
    house.charon->conns.clear();
    CHECK(house.until([&] { return house.charon->conns.contains("keel2tp-lac.branch"); }));
    house.charon->secrets.clear();
    CHECK(house.until([&] { return house.charon->secrets.contains("keel2tp-lac.branch"); }));

    house.strongswan->unload("lac/branch");
    bool drained = false;
    house.strongswan->drain(seconds(5), [&] { drained = true; });
    CHECK_FALSE(drained);
    CHECK(house.until([&] { return drained; }));
    CHECK(house.charon->conns.empty());
    CHECK(house.charon->secrets.empty());
    CHECK(std::ranges::find(house.charon->commands, "terminate keel2tp-lac.branch") !=
          house.charon->commands.end());
}

TEST_CASE("what is unloaded is back at once when charon's log tells of it, also what goes a moment later") {
    House house;
    house.start_charon();
    house.start();
    house.strongswan->load(lac());
    static_cast<void>(house.next<IpsecReady>());
    const auto since = std::chrono::steady_clock::now();
    // As swanctl does it: secrets, then connections.
    house.charon->secrets.clear();
    house.charon->send_event(
        "log",
        vici::Message().add("group", "CFG").add("msg", "unloaded shared key with id 'keel2tp-lac.branch'"));
    CHECK(house.until([&] { return house.charon->secrets.contains("keel2tp-lac.branch"); }));
    house.charon->conns.clear();
    CHECK(house.until([&] { return house.charon->conns.contains("keel2tp-lac.branch"); }));
    CHECK(std::chrono::steady_clock::now() - since < 450ms);
}

TEST_CASE("a peer that we dial and that dials us: our server names it as soon as we dial") {
    House house;
    house.start_charon();
    house.start();
    IpsecConnection server = lac();
    server.name = "lns/office";
    server.role = IpsecConnection::Role::responder;
    server.remote.reset();
    server.local = {*IpAddress::parse("192.0.2.1")};
    house.strongswan->load(server);
    static_cast<void>(house.next<IpsecReady>());
    const auto named = [&] {
        const vici::Message& loaded = house.charon->conns["keel2tp-lns.office"];
        return *loaded.find_section("keel2tp-lns.office")->find_list("remote_addrs");
    };
    CHECK(named() == vici::List{"%any"});
    house.strongswan->load(lac());
    CHECK(house.until([&] { return named() == vici::List{"192.0.2.2", "%any"}; }));
}

TEST_CASE("an attempt ends in IpsecUp, or in IpsecFailed with charon's words as soon as they are said") {
    House house;
    house.start_charon();
    house.start();
    house.strongswan->load(lac());
    static_cast<void>(house.next<IpsecReady>());
    house.charon->listed = sa_message(false);  // the IKE_SA is there while it tries
    house.strongswan->initiate("lac/branch");
    REQUIRE(house.until([&] { return house.charon->commands.back().starts_with("initiate"); }));
    house.charon->send_event("log", log_message("received AUTHENTICATION_FAILED notify error"));
    const auto failed = house.next<IpsecFailed>();
    CHECK(failed.connection == "lac/branch");
    CHECK(failed.why.code == ErrorCode::denied);
    CHECK(failed.why.message.find("received AUTHENTICATION_FAILED notify error") != std::string::npos);

    house.strongswan->initiate("lac/branch");
    REQUIRE(house.until([&] { return house.charon->commands.back().starts_with("initiate"); }));
    house.charon->send_event("child-updown", sa_message(true));
    CHECK(house.next<IpsecUp>().sa.mark == 1);
    house.charon->send_event("child-updown", sa_message(false));
    CHECK(house.next<IpsecDown>().sa.mark == 1);

    house.charon->listed = {};
    house.strongswan->initiate("lac/branch");  // charon gives up without a word
    CHECK(house.next<IpsecFailed>().why.code == ErrorCode::unavailable);
}

TEST_CASE("a refusal by charon, and an unknown name") {
    House house;
    house.start_charon();
    house.charon->refuse_conns = "invalid value for: proposals, config discarded";
    house.start();
    house.strongswan->load(lac());
    const auto failed = house.next<IpsecFailed>();
    CHECK(failed.why.code == ErrorCode::invalid);
    CHECK(failed.why.message.find("invalid value for: proposals") != std::string::npos);
    static_cast<void>(house.next<IpsecReady>());
    house.strongswan->initiate("lac/none");
    CHECK(house.next<IpsecFailed>().why.code == ErrorCode::not_found);
}

TEST_CASE("a new run of charon is a loss first, and is loaded anew") {
    House house;
    house.start_charon();
    house.start();
    house.strongswan->load(lac());
    static_cast<void>(house.next<IpsecReady>());
    house.charon->send_event("child-updown", sa_message(true));
    static_cast<void>(house.next<IpsecUp>());
    house.charon.reset();
    house.start_charon("Nov 20 17:00:00 2026");
    house.charon->version = "6.0.4";  // it was upgraded
    static_cast<void>(house.next<IpsecLost>());
    CHECK(house.next<IpsecReady>().version == "6.0.4");
    CHECK(house.generations == 2);
    CHECK(house.charon->conns.contains("keel2tp-lac.branch"));
}
