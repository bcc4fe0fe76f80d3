#include "vici/client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "vici/commands_daemon.hpp"

namespace vici {
namespace {

using Clock = std::chrono::steady_clock;

Error system_error(const std::string& what, int number) {
    return {ErrorCode::closed, what + ": " + std::strerror(number)};
}

Result<int> open_socket(std::string_view path) {
    constexpr std::string_view kScheme = "unix://";
    if (path.starts_with(kScheme)) path.remove_prefix(kScheme.size());
    const std::string shown = "vici socket " + std::string(path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::too_long, shown + ": a path has 1 to 107 octets");
    path.copy(address.sun_path, path.size());
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return std::unexpected(system_error(shown, errno));
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int why = errno;
        close(fd);
        return std::unexpected(system_error(shown, why));
    }
    return fd;
}

}  // namespace

struct Client::State {
    explicit State(Options given)
        : options(std::move(given)), queue(options.events), reconnect(options.pace) {}
    ~State() { drop(); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Status open();
    void drop();
    Status lose(const Error& why);
    Status ensure(Time until);
    Status ensure_stream(const std::string& event);
    Status resubscribe();
    Status exchange(Time until);
    Status write_some();
    Status read_some();
    void sort_outputs();
    Result<Reply> await(Ticket ticket);

    Options options;
    int fd = -1;
    Session session;
    Bytes outgoing;
    std::size_t written = 0;
    EventQueue queue;
    Reconnect reconnect;
    std::set<std::string> streams;        // registered in this connection
    std::set<std::string> subscriptions;  // to be registered in every connection
    std::map<Ticket, Result<Reply>> answers;
    std::set<Ticket> awaited;
    const std::function<void(const Message&)>* item = nullptr;
};

Status Client::State::open() {
    const Result<int> opened = open_socket(options.path);
    if (!opened) {
        reconnect.lost(Clock::now());
        return std::unexpected(opened.error());
    }
    fd = *opened;
    session = Session();
    streams.clear();
    reconnect.connected(Clock::now());
    return {};
}

void Client::State::drop() {
    wipe(outgoing.data(), outgoing.size());
    outgoing.clear();
    written = 0;
    if (fd >= 0) close(std::exchange(fd, -1));
}

// Everything that waits is answered with `why`.
Status Client::State::lose(const Error& why) {
    session.close(why);
    sort_outputs();
    if (fd >= 0) reconnect.lost(Clock::now());
    drop();
    return std::unexpected(why);
}

// Connected, if that is possible by then: in the pace of `reconnect`.
Status Client::State::ensure(Time until) {
    while (fd < 0) {
        const Time next = std::max(reconnect.next_attempt().value_or(Clock::now()), Clock::now());
        const Time wake = std::min(next, until);
        const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(wake - Clock::now());
        if (pause.count() > 0) poll(nullptr, 0, static_cast<int>(pause.count()) + 1);
        if (!reconnect.due(Clock::now()) && Clock::now() >= until)
            return fail(ErrorCode::closed, "vici socket " + options.path + ": the connection is lost");
        if (!reconnect.due(Clock::now())) continue;
        Status done = open();
        if (done) done = resubscribe();
        if (!done && Clock::now() >= until) return done;
    }
    return {};
}

Status Client::State::resubscribe() {
    queue.reconnected();  // before: the first new events may come with the confirmations
    for (const std::string& event : subscriptions) {
        const Ticket ticket = session.register_event(Clock::now(), event, options.deadline);
        awaited.insert(ticket);
        // An event that this run of the daemon does not have comes no more; the connection is good all the
        // same.
        if (auto done = await(ticket); !done && session.closed()) return std::unexpected(done.error());
    }
    return {};
}

Status Client::State::ensure_stream(const std::string& event) {
    if (event.empty() || subscriptions.contains(event) || streams.contains(event)) return {};
    const Ticket ticket = session.register_event(Clock::now(), event, options.deadline);
    awaited.insert(ticket);
    if (auto done = await(ticket); !done) return std::unexpected(done.error());
    streams.insert(event);
    return {};
}

void Client::State::sort_outputs() {
    while (auto output = session.poll_output()) {
        if (auto* answered = std::get_if<Answered>(&*output)) {
            if (awaited.erase(answered->ticket) > 0)
                answers.insert_or_assign(answered->ticket, std::move(answered->reply));
        } else if (auto* streamed = std::get_if<Streamed>(&*output)) {
            if (item) (*item)(streamed->message);
        } else if (auto& event = std::get<EventReceived>(*output); subscriptions.contains(event.name)) {
            queue.push(std::move(event));
        }
    }
}

Status Client::State::write_some() {
    if (outgoing.empty()) outgoing = session.take_outgoing();
    while (written < outgoing.size()) {
        const ssize_t count = send(fd, outgoing.data() + written, outgoing.size() - written, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
        if (count < 0) return lose(system_error("vici socket " + options.path, errno));
        written += static_cast<std::size_t>(count);
    }
    wipe(outgoing.data(), outgoing.size());
    outgoing.clear();
    written = 0;
    return {};
}

Status Client::State::read_some() {
    std::array<std::uint8_t, 16384> buffer;
    const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {};
    if (count < 0) return lose(system_error("vici socket " + options.path, errno));
    if (count == 0) return lose({ErrorCode::closed, "the daemon closed its vici socket " + options.path});
    const Status done = session.receive(ByteView(buffer).first(static_cast<std::size_t>(count)));
    sort_outputs();
    return done ? done : lose(done.error());
}

// One turn: writes what can be written, waits until `until` at most, reads what is there.
Status Client::State::exchange(Time until) {
    if (Status done = write_some(); !done) return done;
    if (const auto deadline = session.next_timeout()) until = std::min(until, *deadline);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    const bool more = !outgoing.empty();
    pollfd watched{.fd = fd, .events = static_cast<short>(POLLIN | (more ? POLLOUT : 0)), .revents = 0};
    const int ready = poll(&watched, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30)));
    if (ready < 0 && errno != EINTR) return lose(system_error("vici socket " + options.path, errno));
    if (ready > 0 && (watched.revents & ~POLLOUT) != 0) {
        if (Status done = read_some(); !done) return done;
    }
    if (Status done = session.on_timeout(Clock::now()); !done) return lose(done.error());
    return {};
}

Result<Reply> Client::State::await(Ticket ticket) {
    sort_outputs();
    while (!answers.contains(ticket)) {
        // The session's deadlines end this, at the latest.
        if (Status done = exchange(Time::max()); !done && !answers.contains(ticket))
            return std::unexpected(done.error());
    }
    return std::move(answers.extract(ticket).mapped());
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Client> Client::connect(Options options) {
    auto state = std::make_unique<State>(std::move(options));
    if (Status done = state->open(); !done) return std::unexpected(done.error());
    return Client(std::move(state));
}

Result<Client> Client::connect() {
    return connect(Options{});
}

Result<Reply> Client::call(Request request) {
    return call(std::move(request), state_->options.deadline);
}

Result<Reply> Client::call(Request request, Duration deadline) {
    if (Status done = state_->ensure(Clock::now() + deadline); !done) return std::unexpected(done.error());
    if (Status done = state_->ensure_stream(request.stream); !done) return std::unexpected(done.error());
    const Ticket ticket = state_->session.request(Clock::now(), std::move(request), deadline);
    state_->awaited.insert(ticket);
    return state_->await(ticket);
}

Status Client::run(Request request) {
    const Result<Reply> reply = call(std::move(request));
    if (!reply) return std::unexpected(reply.error());
    return outcome(reply->message);
}

Status Client::each(Request request, const std::function<void(const Message&)>& item) {
    request.incremental = true;
    struct Lent {
        State& state;
        ~Lent() { state.item = nullptr; }
    } lent{*state_};
    state_->item = &item;
    const Result<Reply> reply = call(std::move(request));
    if (!reply) return std::unexpected(reply.error());
    return {};
}

std::vector<Result<Reply>> Client::pipeline(std::vector<Request> requests) {
    const Duration deadline = state_->options.deadline;
    Status ready = state_->ensure(Clock::now() + deadline);
    for (const Request& request : requests) {
        if (ready) ready = state_->ensure_stream(request.stream);
    }
    std::vector<Result<Reply>> out;
    if (!ready) {
        out.assign(requests.size(), Result<Reply>(std::unexpected(ready.error())));
        return out;
    }
    std::vector<Ticket> tickets;
    for (Request& request : requests) {
        tickets.push_back(state_->session.request(Clock::now(), std::move(request), deadline));
        state_->awaited.insert(tickets.back());
    }
    for (const Ticket ticket : tickets) out.push_back(state_->await(ticket));
    return out;
}

Status Client::subscribe(const std::string& event) {
    if (Status done = state_->ensure(Clock::now() + state_->options.deadline); !done) return done;
    if (state_->subscriptions.contains(event)) return {};
    // The stream's registration serves both; the name goes in first: its first event may come with the
    // confirmation.
    const bool registered = state_->streams.contains(event);
    state_->subscriptions.insert(event);
    if (registered) return {};
    const Ticket ticket = state_->session.register_event(Clock::now(), event, state_->options.deadline);
    state_->awaited.insert(ticket);
    if (auto done = state_->await(ticket); !done) {
        state_->subscriptions.erase(event);
        return std::unexpected(done.error());
    }
    return {};
}

Status Client::unsubscribe(const std::string& event) {
    if (state_->subscriptions.erase(event) == 0 || state_->fd < 0) return {};
    const Ticket ticket = state_->session.unregister_event(Clock::now(), event, state_->options.deadline);
    state_->awaited.insert(ticket);
    state_->streams.erase(event);
    if (auto done = state_->await(ticket); !done) return std::unexpected(done.error());
    return {};
}

Result<std::optional<Notice>> Client::next_event(Duration patience) {
    const Time until = Clock::now() + patience;
    state_->sort_outputs();
    while (true) {
        if (auto notice = state_->queue.pop()) return std::optional<Notice>(std::move(*notice));
        // A lost connection is made again; what was missed meanwhile is the next notice.
        if (Status done = state_->ensure(until); !done) return std::unexpected(done.error());
        if (!state_->queue.empty()) continue;
        const bool last = Clock::now() >= until;
        (void)state_->exchange(until);
        if (last && state_->queue.empty()) return std::optional<Notice>();
    }
}

int Client::fd() const {
    return state_->fd;
}

}  // namespace vici
